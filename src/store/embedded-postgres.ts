// A real PostgreSQL of our own, started and watched by us: on a socket only, under an unprivileged account, restarted when
// it dies. Invariants: one gateway a data folder; a server that outlived its gateway is adopted, never started twice;
// stop() returns when the server is gone.
import { rmSync } from 'node:fs';
import { relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../kit/log.ts';
import type { Connection } from './connection.ts';
import { lockDirectory } from './directory-lock.ts';
import { installedPackage, prepareBinaries } from './embedded-binaries.ts';
import { openCluster } from './embedded-cluster.ts';
import { type EmbeddedHome, openHome, openPassword, openSocketDirectory } from './embedded-home.ts';
import { bringUp, connectionOf, connectionTo, end, type Plan } from './embedded-server.ts';
import { answers } from './postmaster.ts';
import { StartRefused } from './start-refused.ts';

export interface EmbeddedOptions {
  /** The gateway's data folder; the database lives in its folder `postgres`. Made when it is not there. */
  readonly dataDir: string;
  readonly log: Log;
  /** Where databases go whose data folder the server's account cannot reach. */
  readonly systemDir?: string;
  /** The folder of the npm package with the binaries; found by itself. */
  readonly packageDir?: string;
}

export interface EmbeddedPostgres {
  readonly connection: Connection;
  /** True when the server was running already: it outlived a killed gateway. */
  readonly adopted: boolean;
  /** The folder that holds the cluster, its log and its password. */
  readonly directory: string;
  /** Shuts the server down and returns when it is gone. */
  stop(): Promise<void>;
}

const defaultSystemDir = '/var/lib/plumbline';
const firstWaitMs = 100;
const longestWaitMs = 5_000;

/** True when the binaries of a PostgreSQL for this platform are installed. */
export function hasEmbedded(): boolean {
  return installedPackage() !== undefined;
}

/**
 * Takes the data folder; starts its PostgreSQL (made first when it is new) or adopts the one still running.
 * Throws StartRefused: another gateway holds the folder, the cluster is of another major version, no binaries for this
 * platform, no account to run it under, a folder that cannot be used, or the server does not start (with its own last words).
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const packageDir = options.packageDir ?? installedPackage();
  if (packageDir === undefined) throw noBinaries();
  try {
    return await startIn(options, packageDir);
  } catch (thrown) {
    throw refusalOf(thrown, options.dataDir);
  }
}

/** Takes the data folder; returns where the PostgreSQL is that another process of this gateway started there and holds. */
export function heldConnection({ dataDir, systemDir, log }: EmbeddedOptions): Connection {
  const home = openHome(dataDir, systemDir ?? defaultSystemDir, log);
  return connectionTo(openSocketDirectory(home), openPassword(home));
}

async function startIn(options: EmbeddedOptions, packageDir: string): Promise<EmbeddedPostgres> {
  const home = openHome(options.dataDir, options.systemDir ?? defaultSystemDir, options.log);
  const lock = await lockDirectory(home.directory, () => hasAnsweringServer(home));
  try {
    const plan = await makePlan(home, packageDir, options.log);
    const server = await supervise(plan);
    const stop = async () => {
      await server.stop();
      lock.release();
    };
    return { connection: connectionOf(plan), adopted: server.adopted, directory: home.directory, stop };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

/** What the system says of a folder (no right, read-only, full, not a folder) is a refusal with a mend too. */
function refusalOf(thrown: unknown, dataDir: string): unknown {
  if (!(thrown instanceof Error) || !('errno' in thrown)) return thrown;
  return new StartRefused(
    `the data folder ${dataDir} cannot be used: ${thrown.message}`,
    'choose a data folder that this account can write to, or set DATABASE_URL',
    { cause: thrown },
  );
}

function noBinaries(): StartRefused {
  return new StartRefused(
    `there are no PostgreSQL binaries for ${process.platform} ${process.arch} among the installed packages`,
    'set DATABASE_URL to a PostgreSQL server, or install with optional dependencies',
  );
}

async function hasAnsweringServer(home: EmbeddedHome): Promise<boolean> {
  return answers(connectionTo(openSocketDirectory(home), openPassword(home)));
}

async function makePlan(home: EmbeddedHome, packageDir: string, log: Log): Promise<Plan> {
  const binaries = prepareBinaries(packageDir, home, log);
  const password = openPassword(home);
  await openCluster(home, binaries);
  return { home, binaries, socketDirectory: openSocketDirectory(home), password, log };
}

interface Supervised {
  readonly adopted: boolean;
  stop(): Promise<void>;
}

/** Takes a plan; brings the server up and keeps it up until stop() is called. */
async function supervise(plan: Plan): Promise<Supervised> {
  let running = await bringUp(plan);
  let restarting: Promise<void> | undefined;
  const stopping = new AbortController();
  const watch = () => {
    void running.gone.then(() => {
      if (!stopping.signal.aborted) restarting = restart();
    });
  };
  const restart = async () => {
    plan.log.error('the embedded PostgreSQL died; starting it again', { directory: plan.home.directory });
    const again = await bringUpAgain(plan, stopping.signal);
    if (again === undefined) return;
    running = again;
    watch();
  };
  watch();
  const stop = async () => {
    stopping.abort();
    await restarting;
    await end(running);
    removeOutsideSocket(plan);
    plan.log.info('the embedded PostgreSQL is stopped', { directory: plan.home.directory });
  };
  return { adopted: running.adopted, stop };
}

/** Tries until it is up, a little later each time; undefined when told to stop meanwhile. */
async function bringUpAgain(plan: Plan, signal: AbortSignal): Promise<Awaited<ReturnType<typeof bringUp>> | undefined> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    try {
      return await bringUp(plan);
    } catch (thrown) {
      plan.log.error('the embedded PostgreSQL does not start', { error: thrown, tryAgainMs: waitMs });
    }
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
  }
}

/** A socket that did not fit into the home lies in the system's folder for temporary files; nobody else removes it. */
function removeOutsideSocket(plan: Plan): void {
  if (!relative(plan.home.directory, plan.socketDirectory).startsWith('..')) return;
  rmSync(plan.socketDirectory, { recursive: true, force: true });
}
