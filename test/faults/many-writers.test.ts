// Several gateways on one database: every answer has its row, sums by day agree, connections stay within what was configured,
// and writers of the same sums never block each other in a circle.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { noUsage } from '../../src/core/usage.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { silentLog as log } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { arrangeDays } from '../../src/store/usage-days.ts';
import { insertUsage } from '../../src/store/write-usage.ts';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { freshSchema } from '../store/fresh-schema.ts';
import { usageRow } from '../store/rows.ts';
import { until } from '../store/until.ts';
import { assertBalanced, Load, readBooks, startUpstream } from './stand.ts';

describe("on one of Debian's PostgreSQL", { skip: whyNoDebianPostgres() }, () => {
  let debian: Awaited<ReturnType<typeof startDebianPostgres>>;
  let database: Database;
  before(async () => {
    debian = await startDebianPostgres();
    database = postgresDatabase({ at: debian.url, log, poolSize: 3 });
  });
  after(async () => {
    await database.close();
    await debian.stop();
  });

  test('two gateways, one data folder: each answer is counted once, and connections stay within their number', async () => {
    const folder = temporaryFolder();
    const upstream = await startUpstream();
    const pool = 3;
    const env = { DATABASE_URL: debian.url, PLUMBLINE_DATABASE_POOL: String(pool) };
    const begin = () => startGateway({ config: upstream.config, dataDirectory: folder.path, env });
    const gateways = [await begin(), await begin()];
    const loads = gateways.map((gateway) => new Load(gateway, 16));
    let most = 0;
    const count = async () => {
      const [seen] = await database.query<{ open: number }>(
        `select count(*) as open from pg_stat_activity
         where application_name = 'plumbline' and backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      most = Math.max(most, seen?.open ?? 0);
      return loads.every((load) => load.answered.length > 700);
    };
    await until('enough answers', count);
    for (const load of loads) await load.end();
    for (const gateway of gateways) assert.equal((await gateway.stop()).code, 0);
    assert.ok(most > 0 && most <= gateways.length * pool, `${most} connections`);
    const answered = loads.flatMap((load) => load.answered);
    assertBalanced(await readBooks({ dataDir: folder.path, url: debian.url }), answered);
    upstream.stop();
    folder.remove();
  });

  test('a row that comes while its day is made is written, not refused', async () => {
    await freshSchema(database);
    const writer = postgresDatabase({ at: debian.url, log, poolSize: 2 });
    const waiting = async (count: number) => {
      const [seen] = await database.query<{ waiting: number }>(
        'select count(*)::int as waiting from pg_locks where not granted',
      );
      return seen?.waiting === count;
    };
    const arrange = () => arrangeDays({ database: writer, table: 'usage', retentionDays: 0, clock: systemClock, log });
    const other = postgresDatabase({ at: debian.url, log, poolSize: 2 });
    let work: Promise<readonly [unknown, number]> | undefined;
    await database.transaction(async (queries) => {
      // As a writer of another row would: the day waits for it, and the row waits behind the day.
      await queries.query('lock table plumbline.usage_strays in row exclusive mode');
      const making = arrange();
      await until('the day to wait', () => waiting(1));
      work = Promise.all([making, insertUsage(other, [usageRow('between', { startedAt: systemClock.now() })])]);
      await until('the row to wait', () => waiting(2));
    });
    assert.deepEqual(await work, [undefined, 1]);
    const [placed] = await database.query<{ place: string }>(
      'select tableoid::regclass::text as place from plumbline.usage',
    );
    assert.match(placed?.place ?? '', /usage_2/);
    for (const each of [writer, other]) await each.close();
  });

  test('eight writers of the same twenty sums: no deadlock is met, and the sums are those of the rows', async () => {
    await freshSchema(database);
    await arrangeDays({ database, table: 'usage', retentionDays: 0, clock: systemClock, log });
    const writers = Array.from({ length: 8 }, () => postgresDatabase({ at: debian.url, log, poolSize: 2 }));
    const batches = 30;
    const write = async (writer: Database, number: number) => {
      for (let batch = 0; batch < batches; batch += 1) {
        const rows = Array.from({ length: 40 }, (_, index) => {
          // Each writer goes round the twenty in an order of its own.
          const place = (index * (number * 2 + 1) + batch) % 20;
          return usageRow(`w${number}-${batch}-${index}`, {
            startedAt: systemClock.now(),
            alias: `alias-${place}`,
            tags: [`tag-${place}`],
            usage: { ...noUsage, input: place, output: 1 },
            cost: 0.000_000_1 * (place + 1),
          });
        });
        assert.equal(await insertUsage(writer, rows), rows.length);
      }
    };
    await Promise.all(writers.map(write));
    const sums = (table: string, label: string) =>
      database.query(
        `select ${label} as label, sum(requests)::text as requests, sum(input_tokens)::text as input, sum(cost)::text as cost
         from plumbline.${table} group by 1 order by 1`,
      );
    const ofRows = (label: string) =>
      database.query(
        `select ${label} as label, count(*)::text as requests, sum(input_tokens)::text as input, sum(cost)::text as cost
         from plumbline.usage group by 1 order by 1`,
      );
    const byAlias = await ofRows('alias');
    assert.equal(byAlias.length, 20);
    assert.deepEqual(await sums('usage_daily', 'alias'), byAlias);
    assert.deepEqual(await sums('usage_daily_tags', 'tag'), await ofRows('tags[1]'));
    for (const writer of writers) await writer.close();
    const [met] = await database.query<{ deadlocks: number }>(
      'select deadlocks from pg_stat_database where datname = current_database()',
    );
    assert.equal(met?.deadlocks, 0);
  });
});
