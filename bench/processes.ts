// Processes on chosen cores: started, watched through /proc, stopped. Linux only, as the whole bench.
// Invariant: only processes started here are ever signalled, by their id.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export interface Program {
  readonly command: string;
  readonly words: readonly string[];
  /** The whole environment but PATH. */
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** File for what it says on both outputs. */
  readonly log: string;
}

/** Takes a program and a core; starts it there. Its threads and children stay on that core. */
export function start(program: Program, core: number): ChildProcess {
  const log = openSync(program.log, 'a');
  const child = spawn('taskset', ['-c', String(core), program.command, ...program.words], {
    cwd: program.folder,
    env: { PATH: process.env['PATH'] ?? '', ...program.environment },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
}

/** Asks a process to end, and ends it after 30 s. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = new AbortController();
  const killed = pause(30_000, undefined, { signal: patience.signal }).then(
    () => child.kill('SIGKILL'),
    () => false, // it ended by itself, so the wait was called off
  );
  await gone;
  patience.abort();
  await killed;
}

export interface Running {
  readonly pid: number;
  /** The name of its program, as the kernel has it. */
  readonly name: string;
}

/** Takes a process id; returns that process and all that descend from it. */
export function family(pid: number): readonly Running[] {
  const everyone = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(parentage);
  const grow = (members: readonly Running[]): readonly Running[] => {
    const known = new Set(members.map((member) => member.pid));
    const more = everyone.filter((one) => known.has(one.parent) && !known.has(one.pid));
    return more.length === 0 ? members : grow([...members, ...more]);
  };
  return grow(everyone.filter((one) => one.pid === pid));
}

function parentage(pid: string): readonly (Running & { readonly parent: number })[] {
  const text = readOrNothing(`/proc/${pid}/stat`);
  const found = /^\d+ \((.*)\) \S (\d+) /s.exec(text);
  return found === null ? [] : [{ pid: Number(pid), name: found[1] ?? '', parent: Number(found[2]) }];
}

/** A process may end between two looks at it; what is gone reads as nothing. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Takes process ids; moves them with all their threads to a core. Children made later follow. Throws when one does not go. */
export function pin(pids: readonly number[], core: number): void {
  for (const pid of pids) tell('taskset', ['-a', '-c', '-p', String(core), String(pid)], pid);
}

/**
 * Takes process ids; moves them to a core as pin() does, where they run only while nobody else wants to (SCHED_IDLE, sched(7)):
 * what is measured there does not wait for them.
 */
export function pinLast(pids: readonly number[], core: number): void {
  pin(pids, core);
  for (const pid of pids) tell('chrt', ['-a', '-i', '-p', '0', String(pid)], pid);
}

const mostTries = 3;

/** A thread may end while it is told, and then the rest are told again; so may the process, and then there is nobody to tell. */
function tell(command: string, words: readonly string[], pid: number): void {
  for (let tries = 1; ; tries++) {
    const { status, error, stderr } = spawnSync(command, words, { encoding: 'utf8' });
    if (status === 0 || readOrNothing(`/proc/${pid}/stat`) === '') return;
    if (tries === mostTries) throw new Error(`${command} ${words.join(' ')}: ${error?.message ?? stderr.trim()}`);
  }
}

/** Takes process ids; returns their resident memory in MB (10^6 bytes), shared pages counted in each. */
export function residentMb(pids: readonly number[]): number {
  return kilobytes(pids, 'status', /^VmRSS:\s+(\d+) kB/m) / 976.5625;
}

/** Takes process ids; returns their memory in MB, each shared page split among those who share it. */
export function proportionalMb(pids: readonly number[]): number {
  return kilobytes(pids, 'smaps_rollup', /^Pss:\s+(\d+) kB/m) / 976.5625;
}

function kilobytes(pids: readonly number[], file: string, pattern: RegExp): number {
  const each = pids.map((pid) => Number(pattern.exec(readOrNothing(`/proc/${pid}/${file}`))?.[1] ?? 0));
  return each.reduce((sum, one) => sum + one, 0);
}

/** Returns a port of this machine that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port to be had');
  return address.port;
}

export interface Conditions {
  readonly folder: string;
  readonly patienceMs: number;
  /** Laid over our own environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a command to its end and returns what it said. Throws with its last words when it fails. */
export function runToEnd(command: string, words: readonly string[], conditions: Conditions): string {
  const { folder, patienceMs, environment } = conditions;
  const env = { ...process.env, ...environment };
  const ended = spawnSync(command, words, { cwd: folder, env, encoding: 'utf8', timeout: patienceMs, maxBuffer: 1e8 });
  if (ended.error !== undefined) throw new Error(`${command} cannot be run: ${ended.error.message}`);
  if (ended.status === 0) return ended.stdout;
  const said = `${ended.stderr}${ended.stdout}`.trim().split('\n').slice(-3).join(' / ');
  throw new Error(`${command} ${words[0] ?? ''} ended with ${ended.status ?? ended.signal}: ${said}`);
}
