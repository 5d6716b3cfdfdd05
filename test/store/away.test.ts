// A real server that goes away and comes back: what is known is served, what is written waits, nothing is written twice.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { migrate, open } from '../../src/store/index.ts';
import { openJournal } from '../../src/store/journal.ts';
import { openLive } from '../../src/store/live.ts';
import { pgliteDatabase } from '../../src/store/pglite-database.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { insertKey } from '../../src/store/tables/keys.ts';
import { writeUsage } from '../../src/store/write-usage.ts';
import { type DebianPostgres, noDebianPostgres, startDebianPostgres } from './debian-postgres.ts';
import { freshSchema } from './fresh-schema.ts';
import { newKey, usageRow } from './rows.ts';
import { until } from './until.ts';

const log = silentLog;
const isAway = (thrown: unknown) => thrown instanceof GatewayError && thrown.code === 'store_unavailable';

describe('a server that goes away', { skip: noDebianPostgres }, () => {
  let server: DebianPostgres | undefined;
  const debian = () => {
    if (server === undefined) throw new Error('the server is not up');
    return server;
  };
  before(async () => {
    server = await startDebianPostgres();
  });
  after(() => server?.stop());

  test('queries fail as store_unavailable while it is away and succeed when it is back', async () => {
    const database = postgresDatabase({ at: debian().url, log });
    await database.query('select 1');
    await debian().kill();
    await assert.rejects(database.query('select 1'), isAway);
    await assert.rejects(
      database.transaction((queries) => queries.query('select 1')),
      isAway,
    );
    await debian().start();
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
    await database.close();
  });

  test('a transaction whose connection dies fails, and the process lives', async () => {
    const database = postgresDatabase({ at: debian().url, log });
    const failing = database.transaction(async (queries) => {
      const [backend] = await queries.query<{ pid: number }>('select pg_backend_pid() as pid');
      await database.query('select pg_terminate_backend($1)', [backend?.pid]);
      await queries.query('select 1');
    });
    await assert.rejects(failing, isAway);
    assert.deepEqual(await database.query('select 1 as one'), [{ one: 1 }]);
    await database.close();
  });

  test('the live view serves what it has while it is away, and what it missed when it is back', async () => {
    const database = postgresDatabase({ at: debian().url, log });
    await freshSchema(database);
    const key = await insertKey(database, newKey('a'));
    const live = await openLive(database, log);
    await debian().kill();
    await until('the loss to be noticed', () => !live.state().fresh);
    assert.deepEqual(live.keyByHash(key.hash), key);
    assert.notEqual(live.state().reason, undefined);
    await debian().start();
    const other = postgresDatabase({ at: debian().url, log });
    await insertKey(other, newKey('b'));
    await until('the missed key', () => live.keyByHash('b'.repeat(64)) !== undefined);
    await until('freshness', () => live.state().fresh);
    assert.equal(live.state().reason, undefined);
    await Promise.all([live.close(), other.close()]);
    await database.close();
  });

  test('the live view hears again after only its listening connection was cut', async () => {
    const database = postgresDatabase({ at: debian().url, log });
    await freshSchema(database);
    const live = await openLive(database, log);
    let reads = 0;
    live.onChange(() => {
      reads += 1;
    });
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'LISTEN%'`);
    await until('everything read anew', () => reads >= 2);
    await insertKey(database, newKey('c'));
    await until('the next key', () => live.keyByHash('c'.repeat(64)) !== undefined);
    await live.close();
    await database.close();
  });

  test('a listening connection that went silent is noticed and made anew', async () => {
    const database = postgresDatabase({ at: debian().url, log });
    await freshSchema(database);
    const live = await openLive(database, log);
    const [listener] = await database.query<{ pid: number }>(
      `select pid from pg_stat_activity where query like 'LISTEN%' and pid <> pg_backend_pid()`,
    );
    process.kill(listener?.pid ?? 0, 'SIGSTOP');
    await until('the silence to be noticed', () => !live.state().fresh);
    await until('another listener', () => live.state().fresh);
    process.kill(listener?.pid ?? 0, 'SIGCONT');
    await insertKey(database, newKey('d'));
    await until('the next key', () => live.keyByHash('d'.repeat(64)) !== undefined);
    await live.close();
    await database.close();
  });

  test('a live view is not opened on a database that is away', async () => {
    const database = postgresDatabase({ at: 'postgresql://tester@127.0.0.1:1/nowhere', log });
    await assert.rejects(openLive(database, log), isAway);
    await database.close();
  });

  test('usage appended while it is away is there once when it is back', async () => {
    const database = postgresDatabase({ at: debian().url, log });
    await freshSchema(database);
    const dataDir = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
    const write = (lines: Uint8Array) => writeUsage(database, lines);
    const journal = await openJournal({ dataDir, write, clock: systemClock, log });
    for (let number = 0; number < 700; number += 1) journal.append(usageRow(`before-${number}`));
    await debian().kill();
    for (let number = 0; number < 700; number += 1) journal.append(usageRow(`during-${number}`));
    await until('the loss to be noticed', () => journal.state().reason !== undefined);
    await debian().start();
    assert.equal(await journal.drain(30_000), 0);
    const counted = await database.query('select count(*) as rows from plumbline.usage');
    assert.deepEqual(counted, [{ rows: 1400 }]);
    rmSync(dataDir, { recursive: true });
    await database.close();
  });

  test('connections never exceed the configured number, the listening one included', async () => {
    const database = postgresDatabase({ at: debian().url, log, poolSize: 3 });
    await freshSchema(database);
    const live = await openLive(database, log);
    const counts = await Promise.all(
      Array.from({ length: 20 }, () =>
        database.query<{ open: number }>(
          `select count(*) as open from pg_stat_activity, pg_sleep(0.02)
           where application_name = 'plumbline' and backend_type = 'client backend'`,
        ),
      ),
    );
    assert.equal(Math.max(...counts.map(([row]) => row?.open ?? 0)), 3);
    await live.close();
    await database.close();
  });

  test('a database of an address is opened, migrated and left running', async () => {
    const store = await open({ databaseUrl: new Secret(debian().url), dataDir: 'unused', log });
    await freshSchema(store.database);
    assert.deepEqual([store.kind, store.directory], ['external', undefined]);
    assert.equal(
      (await migrate(store.database)).every((step) => step.outcome === 'already'),
      true,
    );
    await store.close();
    await assert.rejects(store.database.query('select 1'), isAway);
  });
});

test('PGlite on disk says what it risks, keeps its rows and refuses a second gateway by name', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
  const warned: string[] = [];
  const loud = { ...log, warn: (event: string) => void warned.push(event) };
  const first = await pgliteDatabase({ dataDir, log: loud });
  assert.match(warned.join(), /a power cut can lose/);
  await freshSchema(first);
  await insertKey(first, newKey('a'));
  await assert.rejects(pgliteDatabase({ dataDir, log }), /process \d+\) holds the data directory/);
  await first.close();
  await assert.rejects(first.query('select 1'), isAway);
  const second = await pgliteDatabase({ dataDir, log });
  assert.equal((await second.query('select 1 from plumbline.keys')).length, 1);
  await second.close();
  rmSync(dataDir, { recursive: true, force: true });
});
