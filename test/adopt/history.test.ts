// LiteLLM's spend log, brought over in constant memory: 200,000 rows, and ten million when a long run is asked for.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hashKey } from '../../src/core/key-hash.ts';
import type { Database } from '../../src/store/database.ts';
import { addRow, makeTables } from './litellm-database.ts';
import { adoptInto, noEmbedded, openStage, type Stage } from './stage.ts';

const rows = process.env['PLUMBLINE_TEST_LONG'] === '1' ? 10_000_000 : 200_000;
const dayMs = 86_400_000;
const perRow = 0.25;

/** The heap may grow by what a few pages need, however long the log is. */
const mostGrowth = 150 * 1024 * 1024;

describe('history', { skip: noEmbedded }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  test(`${rows} rows: each once, in constant memory, and no dollar twice`, async () => {
    const theirs = await stage.make('huge');
    await makeTables(theirs.database);
    const token = hashKey('sk-busy');
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token, spend: rows * perRow + 100 });
    await theirs.database.query(
      `insert into public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, prompt_tokens, completion_tokens, "startTime",
         "endTime", model, model_group, custom_llm_provider, "user", request_tags, messages, status)
       select 'r' || n, 'acompletion', $1, ${perRow}, 10, 5, at, at + interval '1 second', 'gpt-4o', 'chat', 'openai', 'ann', '["x"]',
         '{"kept": "out"}', 'success'
       from (select n, now() at time zone 'UTC' - interval '3 days' + n * (interval '2 days' / ${rows}) as at
         from generate_series(1, ${rows}) as n) as made`,
      [token],
      { patienceMs: 900_000 },
    );
    const ours = await stage.ours('huge_ours');
    const since = Date.now() - 30 * dayMs;
    globalThis.gc?.();
    const heap = process.memoryUsage().heapUsed;
    const half = await adoptInto(theirs, ours, { since: Date.now() - 2 * dayMs });
    const done = await adoptInto(theirs, ours, { since });
    const growth = process.memoryUsage().heapUsed - heap;
    assert.ok(growth < mostGrowth, `the heap grew by ${growth} bytes`);
    assert.deepEqual([done.history?.found, (half.history?.brought ?? 0) + (done.history?.brought ?? 0)], [rows, rows]);
    assert.equal(await count(ours.database, 'select count(*) as count from plumbline.usage'), rows);
    assert.equal(await count(ours.database, 'select count(*) as count from plumbline.usage_strays'), 0);
    assert.equal(
      await count(ours.database, 'select sum(cost)::float8 as count from plumbline.usage_daily'),
      rows * perRow + 100,
    );
    assert.equal(
      await count(ours.database, `select cost::float8 as count from plumbline.usage_daily where provider = 'litellm'`),
      100,
    );
    const again = await adoptInto(theirs, ours, { since: Date.now() - dayMs });
    assert.deepEqual([again.history?.brought, again.outcome.balances], [0, 0]);
  });
});

async function count(database: Database, sql: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(sql, [], { patienceMs: 300_000 });
  return row?.count ?? Number.NaN;
}
