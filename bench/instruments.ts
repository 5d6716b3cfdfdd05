// The two instruments, written in C and compiled on first use: the upstream, and the load generator.
// Invariant: what a load reports is exactly what its one window measured; failed answers are reported, never left out.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Histogram } from './histogram.ts';
import { freePort, runToEnd, start } from './processes.ts';

const sources = fileURLToPath(new URL('instruments', import.meta.url));

export interface Instruments {
  readonly load: string;
  readonly upstream: string;
}

/** Takes a folder for programs; compiles the instruments when they are older than their text. Throws without a C compiler. */
export function build(folder: string): Instruments {
  mkdirSync(folder, { recursive: true });
  return { load: compile('load', folder), upstream: compile('upstream', folder) };
}

function compile(name: string, folder: string): string {
  const source = join(sources, `${name}.c`);
  const program = join(folder, name);
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  runToEnd('cc', ['-O2', '-w', '-o', program, source], { folder, patienceMs: 60_000 });
  return program;
}

/** Starts the upstream on a free port of a core; returns its process and port once it listens. */
export async function startUpstream(
  program: string,
  core: number,
  folder: string,
): Promise<{ child: ChildProcess; port: number }> {
  const port = await freePort();
  const words = [String(port)];
  const child = start({ command: program, words, environment: {}, folder, log: join(folder, 'upstream.log') }, core);
  for (let tries = 0; !(await listens(port)); tries += 1) {
    if (tries > 200 || child.exitCode !== null) throw new Error('the upstream does not start');
    await pause(20);
  }
  return { child, port };
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => resolve(false));
  socket.on('connect', () => {
    socket.destroy();
    resolve(true);
  });
  return promise;
}

export interface LoadOptions {
  readonly port: number;
  readonly request: Buffer;
  readonly connections: number;
  readonly core: number;
  readonly folder: string;
  readonly warmSeconds?: number;
  /** Either this … */
  readonly seconds?: number;
  /** … or this many answers. */
  readonly requests?: number;
  readonly rate?: number | null;
  /** Process ids whose CPU is counted, by name. */
  readonly watch: Readonly<Record<string, readonly number[]>>;
}

/** What load.c prints. */
export interface LoadReport {
  readonly seconds: number;
  readonly answered: number;
  /** Within the measured time, refusals included. */
  readonly failures: number;
  /** Answers other than 200 from the first request on, and the head of the first. */
  readonly refusals: number;
  readonly refusal: string;
  readonly unsent: number;
  readonly unanswered: number;
  readonly events: number;
  readonly bytes: number;
  readonly busySeconds: number;
  readonly stolenSeconds: number;
  readonly ownSeconds: number;
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly latency: Histogram;
  readonly firstEvent: Histogram;
}

/** Puts load on a port and returns what came of it. Throws when the port cannot be reached. */
export async function putLoad(program: string, options: LoadOptions): Promise<LoadReport> {
  const file = join(options.folder, 'request');
  writeFileSync(file, options.request);
  const child = spawn('taskset', ['-c', String(options.core), program, ...wordsOf(options, file)]);
  const said: Buffer[] = [];
  const complained: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => said.push(piece));
  child.stderr.on('data', (piece: Buffer) => complained.push(piece));
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.on('error', reject);
  child.on('close', resolve);
  if ((await promise) !== 0) throw new Error(Buffer.concat(complained).toString().trim());
  return JSON.parse(Buffer.concat(said).toString());
}

function wordsOf(options: LoadOptions, file: string): readonly string[] {
  const given: Readonly<Record<string, string | number | undefined | null>> = {
    port: options.port,
    connections: options.connections,
    file,
    warm: options.warmSeconds,
    seconds: options.seconds,
    requests: options.requests,
    rate: options.rate,
  };
  const watched = Object.entries(options.watch).filter(([, pids]) => pids.length > 0);
  return [
    ...Object.entries(given).flatMap(([name, value]) =>
      value === undefined || value === null ? [] : [`--${name}`, String(value)],
    ),
    ...watched.flatMap(([name, pids]) => ['--watch', `${name}:${pids.join(',')}`]),
  ];
}
