// One run of the embedded server: adopted when it runs already, launched otherwise, ended by signal.
// Invariant: it is ready when its own pid file says so, and gone when its process is; nothing is guessed from time.
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../kit/log.ts';
import type { Connection } from './connection.ts';
import type { Binaries } from './embedded-binaries.ts';
import { clusterUser, serverEnvironment } from './embedded-cluster.ts';
import type { EmbeddedHome } from './embedded-home.ts';
import { answers, clearLeftovers, findPostmaster, type Postmaster } from './postmaster.ts';
import { processIdentity } from './process-identity.ts';
import { StartRefused } from './start-refused.ts';

export interface Plan {
  readonly home: EmbeddedHome;
  readonly binaries: Binaries;
  readonly socketDirectory: string;
  readonly password: string;
  readonly log: Log;
}

export interface Running {
  readonly pid: number;
  /** See process-identity.ts: what is ended is this process, never a later one with its number. */
  readonly identity: string | undefined;
  readonly adopted: boolean;
  /** Resolves when the server is gone. */
  readonly gone: Promise<void>;
}

const database = 'postgres';
const port = 5432;
const pollMs = 2;
const watchMs = 250;
const betweenTriesMs = 25;
const startPatienceMs = 60_000;
const deafPatienceMs = 5_000;
const stopPatienceMs = 15_000;
const longestLogBytes = 10_000_000;
/** What a second try a little later mends: processes of a killed server that are still on their way out. */
const passing = /pre-existing shared memory block|is another postmaster|is another postgres/;

/** Adopts the server that runs, or starts one; returns when it takes connections. Throws StartRefused with its last words. */
export async function bringUp(plan: Plan): Promise<Running> {
  const until = performance.now() + startPatienceMs;
  let refused = '';
  while (performance.now() < until) {
    const found = findPostmaster(plan.home.cluster);
    if (found === undefined) {
      const launched = await launch(plan, until);
      if (typeof launched !== 'string') return launched;
      refused = launched;
      if (!passing.test(refused)) break;
    } else {
      const adopted = await adopt(plan, found);
      if (adopted !== undefined) return adopted;
    }
    await pause(betweenTriesMs);
  }
  throw new StartRefused(
    `the embedded PostgreSQL in ${plan.home.directory} does not start: ${refused.trim() || 'it does not answer'}`,
    `see ${logFile(plan)}`,
  );
}

/**
 * Returns the server found running once it answers; undefined when it does not run any more. One that listens elsewhere
 * than planned, or stays deaf, is of no use to anybody: it is shut down.
 */
async function adopt(plan: Plan, found: Postmaster): Promise<Running | undefined> {
  const until = performance.now() + deafPatienceMs;
  const isReachable = found.socketDirectory === plan.socketDirectory && found.port === port;
  const { pid } = found;
  const identity = processIdentity(pid);
  while (found.status === 'ready' && identity !== undefined && processIdentity(pid) === identity) {
    if (isReachable && (await answers(connectionOf(plan)))) {
      plan.log.info('adopted the PostgreSQL that an earlier gateway left running', { pid });
      return { pid, identity, adopted: true, gone: goneByWatching(pid, identity) };
    }
    if (!isReachable || performance.now() > until) {
      plan.log.warn('a PostgreSQL left running cannot be reached; shutting it down', { pid });
      await end({ pid, identity });
    }
    await pause(betweenTriesMs);
  }
  return undefined;
}

async function goneByWatching(pid: number, identity: string): Promise<void> {
  while (processIdentity(pid) === identity) await pause(watchMs, undefined, { ref: false });
}

/** Starts the server; returns it when it is ready, or its last words when it ended instead. */
async function launch(plan: Plan, until: number): Promise<Running | string> {
  clearLeftovers(plan.home.cluster, plan.socketDirectory);
  const output = openLogFile(plan);
  const start = fstatSync(output).size;
  const child = spawn(plan.binaries.postgres, serverArguments(plan), {
    ...plan.home.account,
    cwd: plan.home.directory,
    env: serverEnvironment,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let failure: Error | undefined;
  let hasEnded = false;
  const gone = new Promise<void>((resolve) => {
    const ended = (thrown?: unknown) => {
      failure = thrown instanceof Error ? thrown : undefined;
      hasEnded = true;
      resolve();
    };
    child.once('error', ended).once('exit', () => ended());
  });
  child.unref();
  while (!hasEnded && performance.now() < until) {
    const postmaster = findPostmaster(plan.home.cluster);
    if (postmaster?.pid === child.pid && postmaster?.status === 'ready' && child.pid !== undefined) {
      return { pid: child.pid, identity: processIdentity(child.pid), adopted: false, gone };
    }
    await pause(pollMs);
  }
  if (!hasEnded && child.pid !== undefined) await end({ pid: child.pid, identity: processIdentity(child.pid) });
  return failure?.message ?? readFileSync(logFile(plan)).subarray(start).toString('utf8');
}

/** PostgreSQL 18's manual, chapter 19. Small, quiet, on a socket only; what makes it durable stays as it ships. */
function serverArguments(plan: Plan): readonly string[] {
  const settings = {
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: plan.socketDirectory,
    unix_socket_permissions: '0700',
    max_connections: '40',
    shared_buffers: '96MB',
    io_method: 'sync',
    jit: 'off',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    log_line_prefix: '%m [%p] ',
  };
  return ['-D', plan.home.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/**
 * Takes the process of a server; ends it and returns when it is gone. SIGINT is PostgreSQL's fast shutdown (sessions ended,
 * everything written); when that takes too long, SIGQUIT ends it at once, and the next start recovers from its log.
 */
export async function end({ pid, identity }: Pick<Running, 'pid' | 'identity'>): Promise<void> {
  const isAlive = () => identity !== undefined && processIdentity(pid) === identity;
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!isAlive()) return;
    process.kill(pid, signal);
    const until = performance.now() + stopPatienceMs;
    while (isAlive() && performance.now() < until) await pause(pollMs);
  }
  if (isAlive()) throw new Error(`the embedded PostgreSQL (process ${pid}) does not end`);
}

/** Takes a plan; returns where its server takes connections. */
export function connectionOf(plan: Plan): Connection {
  return connectionTo(plan.socketDirectory, plan.password);
}

/** Takes the folder of a socket and the password; returns the connection to the embedded server there. */
export function connectionTo(socketDirectory: string, password: string): Connection {
  return { host: socketDirectory, port, user: clusterUser, password, database };
}

function logFile(plan: Plan): string {
  return join(plan.home.directory, 'postgres.log');
}

/** Opens the server's log for appending; one that has grown long is kept as postgres.log.1. */
function openLogFile(plan: Plan): number {
  const path = logFile(plan);
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > longestLogBytes) renameSync(path, `${path}.1`);
  return openSync(path, 'a', 0o600);
}
