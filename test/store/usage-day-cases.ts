// The days of usage on a real database: made ahead, moved into, dropped; sums by day and tag; the step from the undivided table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from '../../src/kit/clock.ts';
import { silentLog as log } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { migrate, tables } from '../../src/store/index.ts';
import { migrateTables } from '../../src/store/migrate.ts';
import { recentUsage } from '../../src/store/tables/usage.ts';
import { arrangeDays, type DividedTable } from '../../src/store/usage-days.ts';
import { contentsLine, writeContents } from '../../src/store/write-contents.ts';
import { insertUsage } from '../../src/store/write-usage.ts';
import { emptySchema, freshSchema } from './fresh-schema.ts';
import { usageRow } from './rows.ts';

const noon = Date.UTC(2026, 10, 23, 12);
const dayMs = 86_400_000;
const at = (ms: number): Clock => ({ ...systemClock, now: () => ms });

export function usageDayCases(database: () => Database): void {
  const arrange = (now: number, retentionDays = 0, table: DividedTable = 'usage') =>
    arrangeDays({ database: database(), table, retentionDays, clock: at(now), log });
  const kept = async () => {
    const rows = await database().query<{ place: string; rows: number }>(
      `select tableoid::regclass::text as place, count(*) as rows from plumbline.usage group by 1 order by 1`,
    );
    return Object.fromEntries(rows.map(({ place, rows: count }) => [place.replace('plumbline.', ''), count]));
  };
  const days = async () => {
    const found = await database().query<{ day: string }>(
      `select relname as day from pg_class where relispartition and relkind = 'r' and relname ~ '^usage_2' order by 1`,
    );
    return found.map(({ day }) => day);
  };

  test('today and the next two days are made, once, whoever asks', async () => {
    await freshSchema(database());
    await Promise.all([arrange(noon), arrange(noon)]);
    assert.deepEqual(await days(), ['usage_2026_11_23', 'usage_2026_11_24', 'usage_2026_11_25']);
    await arrange(noon + dayMs);
    assert.deepEqual((await days()).at(-1), 'usage_2026_11_26');
  });

  test('a row of a day that is not made strays, moves when it is made, and is not written again', async () => {
    await freshSchema(database());
    const rows = [
      usageRow('first', { startedAt: Date.UTC(2026, 10, 23) }),
      usageRow('last', { startedAt: Date.UTC(2026, 10, 24) - 1 }),
      usageRow('old', { startedAt: noon - 5 * dayMs }),
      usageRow('ahead', { startedAt: noon + 400 * dayMs }),
    ];
    assert.equal(await insertUsage(database(), rows), 4);
    assert.deepEqual(await kept(), { usage_strays: 4 });
    await arrange(noon);
    assert.deepEqual(await kept(), { usage_2026_11_18: 1, usage_2026_11_23: 2, usage_strays: 1 });
    assert.equal(await insertUsage(database(), rows), 0);
    const [sum] = await database().query('select sum(requests)::integer as requests from plumbline.usage_daily');
    assert.deepEqual(sum, { requests: 4 });
  });

  test('retention drops whole days and nothing of the days it keeps; their sums stay', async () => {
    await freshSchema(database());
    await arrange(noon);
    const ago = (count: number) => usageRow(`${count}`, { startedAt: noon - count * dayMs, tags: ['nightly'] });
    await insertUsage(database(), [ago(0), ago(1), ago(2), ago(3), ago(40)]);
    await arrange(noon, 2);
    const left = (await recentUsage(database(), { limit: 10 })).map(({ requestId }) => requestId);
    assert.deepEqual(left, ['0', '1', '2']);
    const [daily] = await database().query('select count(*) as days, sum(cost) as cost from plumbline.usage_daily');
    assert.deepEqual(daily, { days: 5, cost: 5 * 0.000123456789 });
    await arrange(noon, 0);
    assert.equal((await recentUsage(database(), { limit: 10 })).length, 3);
  });

  test('contents have a clock of their own: they go while the numbers stay, and the numbers go while they stay', async () => {
    await freshSchema(database());
    await arrange(noon);
    await arrange(noon, 0, 'usage_contents');
    const ago = (count: number) => ({ requestId: `${count}`, startedAt: noon - count * dayMs });
    await insertUsage(
      database(),
      [0, 1, 2, 3].map((count) => usageRow(`${count}`, ago(count))),
    );
    const lines = [0, 1, 2, 3].map((count) =>
      contentsLine({ ...ago(count), asked: Buffer.from('{}'), answered: null }),
    );
    const write = () => writeContents(database(), Buffer.from(`[${lines.join(',')}]`));
    await write();
    await write();
    const left = async (table: DividedTable) => {
      const rows = await database().query<{ id: string }>(`select request_id as id from plumbline.${table} order by 1`);
      return rows.map(({ id }) => id);
    };
    await arrange(noon, 1, 'usage_contents');
    assert.deepEqual(
      [await left('usage'), await left('usage_contents')],
      [
        ['0', '1', '2', '3'],
        ['0', '1'],
      ],
    );
    // The first moment of the next day, as the hour strikes.
    await arrange(Date.UTC(2026, 10, 24), 1, 'usage_contents');
    await arrange(Date.UTC(2026, 10, 24), 1);
    assert.deepEqual([await left('usage'), await left('usage_contents')], [['0'], ['0']]);
  });

  test('sums by day tell names that are absent from empty ones, and add up over batches', async () => {
    await freshSchema(database());
    const row = (id: string, over: Parameters<typeof usageRow>[1]) =>
      usageRow(id, { startedAt: noon, keyHash: null, userId: null, tags: ['a', 'a', 'b'], ...over });
    await insertUsage(database(), [row('1', { cost: 0.1 }), row('2', { alias: null, outcome: 'failure' })]);
    const again = [row('2', { alias: null }), row('3', { cost: 0.2 }), row('4', { alias: '', cost: null })];
    assert.equal(await insertUsage(database(), again), 2);
    const daily = await database().query(
      `select alias, requests, successes, failures, input_tokens as input, cost, unpriced
       from plumbline.usage_daily order by alias`,
    );
    assert.deepEqual(daily, [
      { alias: '', requests: 1, successes: 1, failures: 0, input: 10, cost: 0, unpriced: 1 },
      { alias: 'fast', requests: 2, successes: 2, failures: 0, input: 20, cost: 0.3, unpriced: 0 },
      { alias: null, requests: 1, successes: 0, failures: 1, input: 10, cost: 0.000123456789, unpriced: 0 },
    ]);
    const tags = await database().query(
      'select tag, sum(requests)::integer as requests from plumbline.usage_daily_tags group by 1 order by 1',
    );
    assert.deepEqual(tags, [
      { tag: 'a', requests: 4 },
      { tag: 'b', requests: 4 },
    ]);
  });

  test('the step from the undivided table keeps its rows and sums them', async () => {
    await emptySchema(database());
    const before = tables
      .filter(({ name }) => name !== 'usage_daily')
      .map((table) => ({ ...table, steps: table.steps.slice(0, 1) }));
    await migrateTables(database(), before);
    await database().query(
      `insert into plumbline.usage (request_id, started_at, ended_at, operation, route, dialect, stream, outcome, status,
         key_hash, alias, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cache_write_hour_tokens,
         reasoning_tokens, audio_input_tokens, audio_output_tokens, search_units, usage_partial, cost, attempts, fallbacks,
         queue_ms, total_ms, overhead_ms, tags, dropped_parameters)
       select 'r' || number, '2026-11-23T12:00:00Z', '2026-11-23T12:00:01Z', 'chat', '/v1/chat/completions', 'openai', false,
         'success', 200, 'k', 'fast', 1, 2, 0, 0, 0, 0, 0, 0, 0, false, 0.1, 1, 0, 0, 1, 1, '{nightly}', '{}'
       from generate_series(1, 3) as number`,
    );
    await migrate(database());
    await arrange(noon);
    assert.deepEqual(await kept(), { usage_2026_11_23: 3 });
    const daily = await database().query('select requests, output_tokens as output, cost from plumbline.usage_daily');
    assert.deepEqual(daily, [{ requests: 3, output: 6, cost: 0.3 }]);
    const written = usageRow('r9', { startedAt: noon, keyHash: 'k', userId: null, provider: null, model: null });
    await insertUsage(database(), [{ ...written, cost: 0.1, tags: [] }]);
    const [sum] = await database().query('select requests, cost from plumbline.usage_daily');
    assert.deepEqual(sum, { requests: 4, cost: 0.4 });
  });
}
