// A process of its own that says when it is ready. Invariant: no child outlives the test process that started it.
// PLUMBLINE_TEST_SHOW=1 shows what the children write, for looking into a failure.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export type Started = {
  readonly child: ChildProcess;
  /** What the announcing line matched. */
  readonly announced: RegExpMatchArray;
  /** Everything written so far, both streams. */
  readonly output: () => string;
  /** Sends the signal and waits for the end; a child that is still there after 20 seconds is killed, and that is an error. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

export type Launch = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly announces: RegExp;
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
};

/** Starts a process and returns once its output matches `announces`. Throws with the whole output when it ends or stays silent. */
export async function startChild(launch: Launch): Promise<Started> {
  const child = spawn(launch.command, launch.args, {
    env: launch.env,
    cwd: launch.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  child.once('exit', () => process.removeListener('exit', killWithUs));
  let output = '';
  const announced = await new Promise<RegExpMatchArray>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${launch.name} ${why}; its output:\n${output}`));
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`did not say ${launch.announces} in time`);
    }, launch.timeoutMs ?? 60_000);
    const read = (chunk: Buffer) => {
      output += chunk;
      if (process.env['PLUMBLINE_TEST_SHOW'] === '1') process.stderr.write(chunk);
      const match = launch.announces.exec(output);
      if (match !== null) {
        clearTimeout(limit);
        resolve(match);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      fail(`ended early (${signal ?? code})`);
    });
  });
  return {
    child,
    announced,
    output: () => output,
    stop: (signal = 'SIGTERM') => stopChild(child, launch.name, signal),
  };
}

async function stopChild(child: ChildProcess, name: string, signal: NodeJS.Signals) {
  if (child.exitCode !== null || child.signalCode !== null) return { code: child.exitCode, signal: child.signalCode };
  const ended = once(child, 'exit');
  child.kill(signal);
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code, by] = (await ended) as [number | null, NodeJS.Signals | null];
  clearTimeout(limit);
  if (by === 'SIGKILL' && signal !== 'SIGKILL')
    throw new Error(`${name} did not end on ${signal} and had to be killed`);
  return { code, signal: by };
}
