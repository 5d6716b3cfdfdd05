// The gateway as its users run it: the real process, from the sources or (PLUMBLINE_TEST_BUNDLE=1) from the built bundle.
// Invariant: it inherits nothing of this environment but PATH, and its data directory is its own and goes with it.
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from './child.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const masterKey = 'sk-test-master-0123456789abcdef0123456789abcdef';
const saltKey = 'sk-test-salt-0123456789abcdef0123456789abcdef';

export type GatewayOptions = {
  /** The text of a config.yaml. */
  readonly config?: string;
  readonly env?: Record<string, string>;
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** A data directory to use and leave; without it a fresh one is made and removed by stop(). */
  readonly dataDirectory?: string;
};

export type RunningGateway = {
  /** Without a trailing slash and without /v1. */
  readonly baseUrl: string;
  readonly masterKey: string;
  readonly dataDirectory: string;
  readonly child: ChildProcess;
  /** Everything it has written so far, both streams. */
  readonly output: () => string;
  readonly stop: (signal?: NodeJS.Signals) => Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/** Starts the gateway on a free port and returns once it says that it listens. Throws with its output when it does not. */
export async function startGateway(options: GatewayOptions = {}): Promise<RunningGateway> {
  const home = mkdtempSync(join(tmpdir(), 'plumbline-gateway-'));
  chmodSync(home, 0o755); // run by root, the gateway's PostgreSQL is another user who must get through
  const dataDirectory = options.dataDirectory ?? join(home, 'data');
  const args = [entry(), 'serve', '--port', '0', '--data-dir', dataDirectory, ...(options.args ?? [])];
  if (options.config !== undefined) {
    const file = join(home, 'config.yaml');
    writeFileSync(file, options.config);
    args.push('--config', file);
  }
  const started = await startChild({
    name: 'the gateway',
    command: process.execPath,
    args,
    announces: /listening on (https?:\/\/\S+?:\d+)\s/,
    cwd: home,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      PLUMBLINE_DATA_DIR: dataDirectory,
      PLUMBLINE_MASTER_KEY: masterKey,
      PLUMBLINE_SALT_KEY: saltKey,
      ...options.env,
    },
  }).catch((error) => {
    rmSync(home, { recursive: true, force: true });
    throw error;
  });
  return {
    baseUrl: started.announced[1] ?? '',
    masterKey: options.env?.['PLUMBLINE_MASTER_KEY'] ?? masterKey,
    dataDirectory,
    child: started.child,
    output: started.output,
    async stop(signal) {
      const ended = await started.stop(signal);
      rmSync(home, { recursive: true, force: true });
      return ended;
    },
  };
}

function entry(): string {
  return join(repository, process.env['PLUMBLINE_TEST_BUNDLE'] === '1' ? 'dist/plumbline.js' : 'src/main.ts');
}
