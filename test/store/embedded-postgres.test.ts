// The embedded PostgreSQL with real processes: killed in every combination, as root and as an ordinary user.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/kit/log.ts';
import { firstBarrier } from '../../src/store/account.ts';
import { type EmbeddedPostgres, hasEmbedded, startEmbedded } from '../../src/store/embedded-postgres.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { findPostmaster } from '../../src/store/postmaster.ts';
import { processIdentity } from '../../src/store/process-identity.ts';
import { StartRefused } from '../../src/store/start-refused.ts';
import { accountOf } from './accounts.ts';
import { until } from './until.ts';

const isRoot = process.getuid?.() === 0;
const skip = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';
const rootOnly = skip || (isRoot ? false : 'needs root');
const linuxOnly = skip || (process.platform === 'linux' ? false : 'looks at processes in /proc');
const script = fileURLToPath(new URL('gateway-child.ts', import.meta.url));
const folders: string[] = [];
const log = silentLog;

const servers: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

/** Also after a test that failed half-way: nothing is left running. */
after(async () => {
  for (const child of children) await end(child, 'SIGKILL');
  for (const server of servers) await server.stop();
  for (const folder of folders) {
    const left = findPostmaster(join(folder, 'data', 'postgres', 'cluster'));
    if (left !== undefined) process.kill(left.pid, 'SIGQUIT');
    rmSync(folder, { recursive: true, force: true });
  }
});

async function start(options: Parameters<typeof startEmbedded>[0]): Promise<EmbeddedPostgres> {
  const server = await startEmbedded(options);
  servers.push(server);
  return server;
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
  if (isRoot) chmodSync(folder, 0o711);
  folders.push(folder);
  return folder;
}

let template: string | undefined;

/** Returns a data folder with a database made before and copied: a start on it is a later start. */
async function prepared(): Promise<string> {
  if (template === undefined) {
    template = join(temporary(), 'data');
    await (await startEmbedded({ dataDir: template, log })).stop();
  }
  const dataDir = join(temporary(), 'data');
  execFileSync('cp', ['-a', template, dataDir]);
  return dataDir;
}

interface Said {
  readonly adopted?: boolean;
  readonly words?: readonly string[];
  readonly postmaster?: number;
  readonly uid?: number;
  readonly refused?: string;
}

/** Starts a process that stands for a gateway; returns it and what it said when it was up. */
async function gateway(dataDir: string, words: readonly string[], options: object = {}): Promise<[ChildProcess, Said]> {
  const child = spawn(process.execPath, [script, dataDir, ...words], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const { promise, resolve, reject } = Promise.withResolvers<Said>();
  if (child.stdout === null) throw new Error('no output');
  createInterface(child.stdout).once('line', (line) => resolve(JSON.parse(line) as Said));
  child.once('exit', (code) => reject(new Error(`the process ended with ${code} and said nothing`)));
  return [child, await promise];
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await exited;
}

async function wordsIn(server: EmbeddedPostgres): Promise<string[]> {
  const database = postgresDatabase({ at: server.connection, log });
  const rows = await database.query<{ word: string }>('select word from public.kept order by word');
  await database.close();
  return rows.map((row) => row.word);
}

function postmasterOf(server: EmbeddedPostgres): number {
  return Number(readFileSync(pidFileOf(server), 'utf8').split('\n')[0]);
}

function pidFileOf(server: EmbeddedPostgres): string {
  return join(server.directory, 'cluster', 'postmaster.pid');
}

test('a new folder gets a database on a socket only, and a later start finds its rows', { skip }, async () => {
  const dataDir = join(temporary(), 'data');
  const [child, said] = await gateway(dataDir, ['first']);
  assert.deepEqual([said.adopted, said.words], [false, ['first']]);
  await end(child, 'SIGTERM');
  assert.equal(processIdentity(said.postmaster ?? 0), undefined);
  const server = await start({ dataDir, log });
  assert.equal(server.adopted, false);
  assert.deepEqual(await wordsIn(server), ['first']);
  const database = postgresDatabase({ at: server.connection, log });
  const [settings] = await database.query<{ addresses: string; connections: string }>(
    `select current_setting('listen_addresses') as addresses, current_setting('max_connections') as connections`,
  );
  assert.deepEqual(settings, { addresses: '', connections: '40' });
  await database.close();
  await server.stop();
  assert.equal(lstatSync(join(server.directory, 'password')).mode & 0o777, 0o600);
});

test('after kill -9 of the gateway the next start adopts its server', { skip }, async () => {
  const dataDir = await prepared();
  const [child, said] = await gateway(dataDir, ['before']);
  await end(child, 'SIGKILL');
  const server = await start({ dataDir, log });
  assert.equal(server.adopted, true);
  assert.equal(postmasterOf(server), said.postmaster);
  assert.deepEqual(await wordsIn(server), ['before']);
  await server.stop();
  assert.equal(processIdentity(said.postmaster ?? 0), undefined);
});

test('after kill -9 of the server a living gateway has it back with all rows', { skip }, async () => {
  const server = await start({ dataDir: await prepared(), log });
  const database = postgresDatabase({ at: server.connection, log });
  await database.query('create table public.kept (word text)');
  await database.query(`insert into public.kept values ('committed')`);
  const killed = postmasterOf(server);
  process.kill(killed, 'SIGKILL');
  await until('another server', () => existsSync(pidFileOf(server)) && postmasterOf(server) !== killed);
  const words = await until('the server to be back', () =>
    database.query<{ word: string }>('select word from public.kept').catch(() => undefined),
  );
  assert.deepEqual(words, [{ word: 'committed' }]);
  await database.close();
  await server.stop();
});

test('a process of the killed server that is still at work is waited for', { skip: linuxOnly }, async () => {
  const server = await start({ dataDir: await prepared(), log });
  const database = postgresDatabase({ at: server.connection, log });
  const [backend] = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
  const busy = database.query('select count(*) from generate_series(1, 20000000) as number').catch(() => undefined);
  await until('the backend at work', () => / R /.test(readFileSync(`/proc/${backend?.pid}/stat`, 'latin1')));
  const atWork = processIdentity(backend?.pid ?? 0);
  const killed = postmasterOf(server);
  process.kill(killed, 'SIGKILL');
  await until('another server', () => {
    const found = findPostmaster(join(server.directory, 'cluster'));
    return found?.status === 'ready' && found.pid !== killed;
  });
  assert.notEqual(processIdentity(backend?.pid ?? 0), atWork, 'two servers at work on one cluster');
  await busy;
  await database.close();
  await server.stop();
});

test('a server adopted and then killed is had back too', { skip }, async () => {
  const dataDir = await prepared();
  const [child] = await gateway(dataDir, ['kept']);
  await end(child, 'SIGKILL');
  const server = await start({ dataDir, log });
  process.kill(postmasterOf(server), 'SIGKILL');
  assert.deepEqual(await until('the server to be back', () => wordsIn(server).catch(() => undefined)), ['kept']);
  await server.stop();
});

test('after kill -9 of both the next start has all rows', { skip }, async () => {
  const dataDir = await prepared();
  const [child, said] = await gateway(dataDir, ['one', 'two']);
  child.kill('SIGKILL');
  process.kill(said.postmaster ?? 0, 'SIGKILL');
  await end(child, 'SIGKILL');
  const server = await start({ dataDir, log });
  assert.equal(server.adopted, false);
  assert.deepEqual(await wordsIn(server), ['one', 'two']);
  await server.stop();
});

test('a second gateway on the folder is refused with the process and the folder by name', { skip }, async () => {
  const dataDir = await prepared();
  const [child] = await gateway(dataDir, []);
  await assert.rejects(startEmbedded({ dataDir, log }), (thrown: unknown) => {
    assert.ok(thrown instanceof StartRefused);
    assert.match(thrown.message, new RegExp(`process ${child.pid}\\) holds the data directory ${dataDir}/postgres`));
    return true;
  });
  const [, second] = await gateway(dataDir, []);
  assert.match(second.refused ?? '', new RegExp(`process ${child.pid}`));
  await end(child, 'SIGTERM');
});

test('two gateways started at once on a new folder: one has it, the other is refused', { skip }, async () => {
  const dataDir = join(temporary(), 'data');
  const both = await Promise.all([gateway(dataDir, []), gateway(dataDir, [])]);
  const refused = both.filter(([, said]) => said.refused !== undefined);
  await Promise.all(both.map(([child]) => end(child, 'SIGTERM')));
  assert.equal(refused.length, 1, JSON.stringify(both.map(([, said]) => said)));
});

/** A process that never asks after its children, and one of them that is dead: a zombie. */
async function makeZombie(): Promise<{ readonly zombie: number; readonly parent: number }> {
  const script = 'exec 3<&0; (read line <&3) & echo $!; exec sleep 600';
  const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
  children.push(parent);
  const { promise, resolve } = Promise.withResolvers<string>();
  createInterface(parent.stdout).once('line', resolve);
  const zombie = Number(await promise);
  const pid = parent.pid ?? 0;
  await until('the parent to be another program', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  parent.stdin.write('\n');
  await until('the zombie', () => processIdentity(zombie) === undefined);
  return { zombie, parent: pid };
}

test('a pid file that names a zombie or another process is no living server', { skip: linuxOnly }, async () => {
  const dataDir = await prepared();
  const { zombie, parent } = await makeZombie();
  const cluster = join(realpathSync(dataDir), 'postgres', 'cluster');
  for (const pid of [zombie, parent]) {
    process.kill(pid, 0);
    writeFileSync(join(cluster, 'postmaster.pid'), `${pid}\n${cluster}\n1\n5432\n\n\n1 1\nready   \n`);
    const server = await start({ dataDir, log });
    assert.equal(server.adopted, false);
    await server.stop();
  }
});

test('missing links between the libraries are made', { skip }, async () => {
  const folder = temporary();
  const packageDir = copyPackage(folder);
  const list = JSON.parse(readFileSync(join(packageDir, 'native', 'pg-symlinks.json'), 'utf8')) as { target: string }[];
  assert.ok(list.length > 0);
  for (const { target } of list) rmSync(join(packageDir, target), { force: true });
  const server = await start({ dataDir: join(folder, 'data'), log, packageDir });
  await server.stop();
  for (const { target } of list) assert.ok(existsSync(join(packageDir, target)), target);
});

test('binaries that the server may not reach are copied to where it may', { skip: rootOnly }, async () => {
  const folder = temporary();
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const packageDir = copyPackage(closed);
  const server = await start({ dataDir: join(folder, 'data'), log, packageDir });
  await server.stop();
  const copies = readdirSync(server.directory).filter((name) => name.startsWith('server-'));
  assert.equal(copies.length, 1);
});

test('a data folder below a closed one is kept in the folder of the system, and found again', {
  skip: rootOnly,
}, async () => {
  const folder = temporary();
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const options = { dataDir: join(closed, 'data'), systemDir: join(folder, 'system'), log };
  const [first, second] = [await startAndStop(options), await startAndStop(options)];
  assert.equal(first, second);
  assert.equal(dirname(first), options.systemDir);
  assert.equal(readlinkSync(join(options.dataDir, 'postgres')), first);
  assert.equal(lstatSync(closed).mode & 0o777, 0o700);
  rmSync(first, { recursive: true });
  await assert.rejects(startEmbedded(options), /which is gone/);
});

test('a data folder that only root may pass is opened for passing, and for nothing else', {
  skip: rootOnly,
}, async () => {
  const dataDir = join(temporary(), 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  assert.equal(await startAndStop({ dataDir, log }), join(dataDir, 'postgres'));
  assert.equal(lstatSync(dataDir).mode & 0o777, 0o711);
});

test('as root the server runs under an account that is not', { skip: rootOnly }, async () => {
  const server = await start({ dataDir: await prepared(), log });
  assert.notEqual(lstatSync(`/proc/${postmasterOf(server)}`).uid, 0);
  await server.stop();
});

test('an ordinary user starts it too, is killed and adopts it', { skip: rootOnly }, async () => {
  const nobody = accountOf('nobody');
  assert.equal(firstBarrier(dirname(script), nobody), undefined, 'the checkout cannot be read by an ordinary user');
  const folder = temporary();
  chownSync(folder, nobody.uid, nobody.gid);
  const dataDir = join(folder, 'data');
  const [first] = await gateway(dataDir, ['mine'], nobody);
  await end(first, 'SIGKILL');
  const [second, said] = await gateway(dataDir, [], nobody);
  assert.deepEqual([said.adopted, said.words, said.uid], [true, ['mine'], nobody.uid]);
  await end(second, 'SIGTERM');
  assert.equal(processIdentity(said.postmaster ?? 0), undefined);
});

test("an ordinary user is refused on another's database by name", { skip: rootOnly }, async () => {
  const dataDir = await prepared();
  const [, said] = await gateway(dataDir, [], accountOf('nobody'));
  assert.match(said.refused ?? '', /belongs to uid 0, and this is uid/);
});

test('a cluster of another major version is refused by both names', { skip }, async () => {
  const dataDir = await prepared();
  const directory = join(dataDir, 'postgres');
  writeFileSync(join(directory, 'cluster', 'PG_VERSION'), '17\n');
  await assert.rejects(startEmbedded({ dataDir, log }), /made by PostgreSQL 17, and this gateway brings PostgreSQL 18/);
});

test('a path too long for a socket gets its socket elsewhere, removed when it stops', { skip }, async () => {
  const dataDir = join(temporary(), 'a-long-name-'.repeat(8), 'data');
  mkdirSync(dirname(dataDir), { mode: 0o711 });
  const server = await start({ dataDir, log });
  assert.equal(dirname(server.connection.host), tmpdir());
  await server.stop();
  assert.equal(existsSync(server.connection.host), false);
});

test('a start killed while the cluster was being made leaves nothing in the way', { skip }, async () => {
  const dataDir = join(temporary(), 'data');
  mkdirSync(join(dataDir, 'postgres', 'cluster.new', 'base'), { recursive: true });
  if (isRoot) for (const folder of [dataDir, join(dataDir, 'postgres')]) chmodSync(folder, 0o711);
  await startAndStop({ dataDir, log });
});

test('a data folder that cannot be made is refused with its name and the reason', { skip }, async () => {
  const file = join(temporary(), 'file');
  writeFileSync(file, '');
  await assert.rejects(startEmbedded({ dataDir: join(file, 'data'), log }), (thrown: unknown) => {
    assert.ok(thrown instanceof StartRefused);
    assert.match(thrown.message, /data folder .*file\/data cannot be used: ENOTDIR/);
    return true;
  });
});

test('a server that cannot start says why', { skip }, async () => {
  const dataDir = await prepared();
  const directory = join(dataDir, 'postgres');
  rmSync(join(directory, 'cluster', 'global'), { recursive: true });
  await assert.rejects(startEmbedded({ dataDir, log }), /does not start: .*global/s);
});

async function startAndStop(options: Parameters<typeof startEmbedded>[0]): Promise<string> {
  const server = await start(options);
  await server.stop();
  return server.directory;
}

function copyPackage(into: string): string {
  const installed = dirname(
    dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`))),
  );
  const packageDir = join(into, 'package');
  cpSync(installed, packageDir, { recursive: true, verbatimSymlinks: true });
  return packageDir;
}
