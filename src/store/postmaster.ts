// The postmaster of a cluster: found by its postmaster.pid, which outlives it. Invariant: a number in that file counts only
// while a living process with that number works in that cluster; numbers are reused and zombies linger.
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Connection } from './connection.ts';
import { processDirectory, processIdentity } from './process-identity.ts';
import { StartRefused } from './start-refused.ts';

export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly socketDirectory: string;
  /** `starting`, `ready`, `stopping`; empty while the file is being written. */
  readonly status: string;
}

/** How PostgreSQL names its socket for a port; we use the usual one. */
export const socketName = '.s.PGSQL.5432';

const answerPatienceMs = 2_000;
const wrongPassword = '28P01';

/** Takes a cluster's folder; returns its living postmaster, or undefined when there is none. */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const written = readPidFile(cluster);
  return written !== undefined && isPostmasterOf(cluster, written.pid) ? written : undefined;
}

/** postmaster.pid: pid, data folder, start time, port, socket folder, address, shared memory key, status; a line each. */
function readPidFile(cluster: string): Postmaster | undefined {
  const lines = textOf(join(cluster, 'postmaster.pid'))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, port: Number(lines[3]), socketDirectory: lines[4] ?? '', status: lines[7]?.trim() ?? '' };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** A postmaster works in its cluster's folder; where folders of processes cannot be seen, being alive has to do. */
function isPostmasterOf(cluster: string, pid: number): boolean {
  if (processIdentity(pid) === undefined) return false;
  return platform() !== 'linux' || processDirectory(pid) === realpathSync(cluster);
}

/**
 * Takes a cluster's folder without a living postmaster, and the folder of its socket; removes the lock files that name a
 * zombie or a process that has the number now, which PostgreSQL would take for a living server. Those of a plainly dead one
 * stay: PostgreSQL sees by them whether something of that server still writes.
 */
export function clearLeftovers(cluster: string, socketDirectory: string): void {
  if (findPostmaster(cluster) !== undefined) return;
  for (const path of [join(cluster, 'postmaster.pid'), join(socketDirectory, `${socketName}.lock`)]) {
    if (isNumberTaken(Number(textOf(path)?.split('\n')[0]))) rmSync(path, { force: true });
  }
}

/** Signal 0 asks whether there is such a process, a zombie included; EPERM says that there is, and that it is not ours. */
function isNumberTaken(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Takes a connection; true when a server answers there. Throws StartRefused when it answers that the password is wrong:
 * waiting does not mend that.
 */
export async function answers(connection: Connection): Promise<boolean> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: answerPatienceMs });
  client.on('error', () => {
    // The same failure rejects connect() below.
  });
  try {
    await client.connect();
    return true;
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== wrongPassword) return false;
    throw new StartRefused(
      `the database in ${connection.host} does not take the password kept beside it`,
      'bring the file named password back as it was when the database was made',
      { cause: thrown },
    );
  } finally {
    await client.end();
  }
}
