// Debian's own PostgreSQL in a folder for temporary files, on a free port of this machine: somebody else's server.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { accountOf } from './accounts.ts';
import { until } from './until.ts';

export interface DebianPostgres {
  readonly url: string;
  /** Ends the server at once, nothing written first (PostgreSQL's immediate shutdown). */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const binaries = process.env['PLUMBLINE_TEST_POSTGRES_BIN'] ?? '/usr/lib/postgresql/15/bin';

/** Why there is none here, or false: what node:test takes as `skip`. */
export const noDebianPostgres: string | false = existsSync(join(binaries, 'initdb'))
  ? false
  : `no PostgreSQL in ${binaries} (Debian: apt-get install postgresql-15)`;

/** Makes a cluster and starts its server; the superuser is `tester`, without a password. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'plumbline-debian-'));
  const account = process.getuid?.() === 0 ? accountOf('postgres') : undefined;
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  const options = { ...account, cwd: directory, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const cluster = join(directory, 'cluster');
  const how = ['--auth=trust', '--username=tester', '--encoding=UTF8', '--no-sync'];
  execFileSync(join(binaries, 'initdb'), [`--pgdata=${cluster}`, ...how], { ...options, stdio: 'ignore' });
  const port = await freePort();
  const url = `postgresql://tester@127.0.0.1:${port}/postgres`;
  const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: directory, fsync: 'off' };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let ended = Promise.resolve();
  let child: ChildProcess | undefined;
  const start = async () => {
    const started = spawn(join(binaries, 'postgres'), ['-D', cluster, ...flags], { ...options, stdio: 'ignore' });
    ended = new Promise((resolve) => started.once('exit', () => resolve()));
    child = started;
    await until('the PostgreSQL of Debian', () => answers(url));
  };
  const end = async (signal: NodeJS.Signals) => {
    child?.kill(signal);
    await ended;
  };
  await start();
  const stop = async () => {
    await end('SIGINT');
    rmSync(directory, { recursive: true, force: true });
  };
  return { url, kill: () => end('SIGQUIT'), start, stop };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    return true;
  } catch {
    // Not up yet: asked again.
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
