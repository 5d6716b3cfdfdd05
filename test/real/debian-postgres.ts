// A PostgreSQL server from Debian's packages in a folder of its own: an ordinary database beside the gateway's embedded one.
// Invariant: it listens on the loopback only and leaves nothing behind after stop().
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Started, startChild } from './child.ts';

const home = '/usr/lib/postgresql';
const missing = `no PostgreSQL server under ${home}: install Debian's package (apt-get install postgresql)`;

export type DebianPostgres = {
  /** A superuser's address, ready for DATABASE_URL. */
  readonly url: string;
  /** The server's major version, such as 15. */
  readonly version: number;
  /** Ends the server but keeps its data; SIGINT ends open connections, SIGQUIT is a crash. */
  readonly down: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts it again on the same port and data. */
  readonly up: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** False when a server is installed, else the reason to show for skipping; throws it under PLUMBLINE_TEST_STRICT=1. */
export function whyNoDebianPostgres(): false | string {
  if (newestServer() !== undefined) return false;
  if (process.env['PLUMBLINE_TEST_STRICT'] === '1') throw new Error(missing);
  return missing;
}

/** Starts the newest installed server. Throws a sentence that says what to install when there is none. */
export async function startDebianPostgres(): Promise<DebianPostgres> {
  const installed = newestServer();
  if (installed === undefined) throw new Error(missing);
  const { version, bin } = installed;
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-postgres-'));
  const asRoot = process.getuid?.() === 0;
  if (asRoot) run('chown', ['-R', 'postgres:postgres', folder], folder);
  const data = join(folder, 'data');
  const initdb = asUser(asRoot, join(bin, 'initdb'), [
    ...['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C'],
  ]);
  run(initdb.command, initdb.args, folder);
  const port = await freePort();
  const launch = asUser(asRoot, join(bin, 'postgres'), [
    ...['-D', data, '-p', String(port), '-k', folder],
    ...['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
  ]);
  const up = () =>
    startChild({
      name: "Debian's PostgreSQL",
      ...launch,
      announces: /database system is ready to accept connections/,
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C' },
    });
  let server: Started = await up();
  return {
    url: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    version,
    async down(signal = 'SIGINT') {
      await server.stop(signal);
    },
    async up() {
      server = await up();
    },
    async stop() {
      await server.stop('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newestServer(): { version: number; bin: string } | undefined {
  const versions = existsSync(home) ? readdirSync(home).map(Number).filter(Number.isInteger) : [];
  const [version] = versions
    .filter((candidate) => existsSync(`${home}/${candidate}/bin/postgres`))
    .sort((a, b) => b - a);
  return version === undefined ? undefined : { version, bin: `${home}/${version}/bin` };
}

/** PostgreSQL refuses to run as root, so root hands it to the user `postgres` that Debian's package makes. */
function asUser(asRoot: boolean, command: string, args: string[]): { command: string; args: string[] } {
  if (!asRoot) return { command, args };
  return { command: 'setpriv', args: ['--reuid=postgres', '--regid=postgres', '--init-groups', command, ...args] };
}

function run(command: string, args: string[], cwd: string): void {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${result.stderr || result.error}`);
}

/** A port that was free a moment ago; PostgreSQL cannot choose one itself. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
