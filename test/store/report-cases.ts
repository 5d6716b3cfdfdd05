// Sums over usage on a real database: whatever the traffic and the grouping, they are the sums of the rows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { UsageRow } from '../../src/core/records.ts';
import { noUsage } from '../../src/core/usage.ts';
import type { Database } from '../../src/store/database.ts';
import { openReportReader } from '../../src/store/report-reader.ts';
import { dimensionNames, sumUsage, type UsageGroup } from '../../src/store/usage-reports.ts';
import { countUsage, rowsKeptSince, usageRows } from '../../src/store/usage-rows.ts';
import type { Dimension } from '../../src/store/usage-sources.ts';
import { insertUsage } from '../../src/store/write-usage.ts';
import { freshSchema } from './fresh-schema.ts';
import { usageRow } from './rows.ts';

const name = (...names: string[]) => fc.option(fc.constantFrom(...names), { nil: null });
const day = Date.UTC(2026, 10, 20);

/** Costs in billionths of a dollar, so that they can be added without rounding. */
const traffic = fc.record({
  startedAt: fc.integer({ min: day, max: day + 4 * 86_400_000 - 1 }),
  outcome: fc.constantFrom('success', 'failure', 'refused', 'abandoned'),
  keyHash: name('a'.repeat(64), 'b'.repeat(64)),
  userId: name('ann', 'bob'),
  teamId: name('red'),
  endUser: name('carol', "dave's"),
  alias: name('fast', 'deep'),
  deploymentId: name('one', 'two'),
  provider: name('groq', 'openai'),
  model: name('little', 'big'),
  tags: fc.array(fc.constantFrom('x', 'y', 'a,b', ''), { maxLength: 3 }),
  tokens: fc.option(fc.nat(1_000_000), { nil: null }),
  nano: fc.option(fc.nat(2_000_000_000), { nil: null }),
});
type Request = typeof traffic extends fc.Arbitrary<infer Given> ? Given : never;

const groupings = fc.uniqueArray(fc.subarray([...dimensionNames], { maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
  selector: (grouping) => grouping.join(),
});

function rowOf(id: string, { tokens, nano, ...given }: Request): UsageRow {
  const usage = tokens === null ? null : { ...noUsage, input: tokens, output: 1, cacheRead: tokens, reasoning: 1 };
  return usageRow(id, { ...given, usage, cost: nano === null ? null : nano / 1e9 });
}

const fields: Readonly<Record<Exclude<Dimension, 'day' | 'tag'>, keyof Request>> = {
  alias: 'alias',
  model: 'model',
  provider: 'provider',
  deployment: 'deploymentId',
  key: 'keyHash',
  user: 'userId',
  team: 'teamId',
  customer: 'endUser',
};

/** What a request has in a dimension: one value, or one for each of its tags, which may be none. */
function valuesOf(request: Request, dimension: Dimension): readonly (string | null)[] {
  if (dimension === 'day') return [new Date(request.startedAt).toISOString().slice(0, 10)];
  if (dimension === 'tag') return [...new Set(request.tags)];
  return [request[fields[dimension]] as string | null];
}

/** The sums by hand, in whole numbers: group → requests, successes, input tokens, billionths of a dollar, unpriced. */
function expected(requests: readonly Request[], grouping: readonly Dimension[]): Map<string, number[]> {
  const groups = new Map<string, number[]>(grouping.length === 0 ? [['[]', [0, 0, 0, 0, 0]]] : []);
  for (const request of requests) {
    let paths: (string | null)[][] = [[]];
    for (const dimension of grouping) {
      paths = paths.flatMap((path) => valuesOf(request, dimension).map((value) => [...path, value]));
    }
    const { outcome, tokens, nano } = request;
    const own = [1, outcome === 'success' ? 1 : 0, tokens ?? 0, nano ?? 0, nano === null && tokens !== null ? 1 : 0];
    for (const path of paths) {
      const group = JSON.stringify(path);
      groups.set(
        group,
        (groups.get(group) ?? [0, 0, 0, 0, 0]).map((sum, index) => sum + (own[index] ?? 0)),
      );
    }
  }
  return groups;
}

function told(groups: readonly UsageGroup[], grouping: readonly Dimension[]): Map<string, number[]> {
  return new Map(
    groups.map((group) => [
      JSON.stringify(grouping.map((dimension) => group[dimension] ?? null)),
      [group.requests, group.successes, group.inputTokens, Math.round(group.cost * 1e9), group.unpriced],
    ]),
  );
}

const sorted = (groups: Map<string, number[]>) => [...groups].sort(([one], [other]) => (one < other ? -1 : 1));

export function reportCases(database: () => Database): void {
  test('sums over any grouping are the sums of the rows, to the billionth of a dollar', async () => {
    await freshSchema(database());
    const property = fc.asyncProperty(fc.array(traffic, { maxLength: 40 }), groupings, async (requests, asked) => {
      for (const table of ['usage', 'usage_daily', 'usage_daily_tags']) {
        await database().query(`delete from plumbline.${table}`);
      }
      await insertUsage(
        database(),
        requests.map((request, index) => rowOf(`r${index}`, request)),
      );
      // A range that begins within a day is summed from the rows, the other from the sums of each day where they know enough.
      for (const scope of [{}, { from: 1 }]) {
        const lists = await sumUsage(database(), scope, asked);
        for (const [index, grouping] of asked.entries()) {
          const { groups, count } = lists[index] ?? { groups: [], count: -1 };
          assert.deepEqual(sorted(told(groups, grouping)), sorted(expected(requests, grouping)), grouping.join());
          assert.equal(count, groups.length);
        }
      }
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test('a scope counts the rows it names, in sums, in pages and in their number alike', async () => {
    await freshSchema(database());
    const one = { tags: ['x'], alias: 'fast', session: 's', endUser: null };
    await insertUsage(database(), [
      usageRow('r1', { ...one, cost: 0.1, startedAt: day }),
      usageRow('r2', { ...one, cost: 0.2, startedAt: day + 86_399_999, outcome: 'failure', teamId: 'red' }),
      usageRow('r3', { ...one, cost: null, startedAt: day + 86_400_000, tags: [], endUser: 'carol', alias: null }),
    ]);
    for (const [scope, ids] of [
      [{}, ['r1', 'r2', 'r3']],
      [{ from: day, until: day + 86_400_000 }, ['r1', 'r2']],
      [{ aliases: ['fast', 'deep'] }, ['r1', 'r2']],
      [{ aliases: [] }, []],
      [{ tags: ['x', 'z'] }, ['r1', 'r2']],
      [{ having: 'tag' }, ['r1', 'r2']],
      [{ having: 'team' }, ['r2']],
      [{ having: 'customer' }, ['r3']],
      [{ isSuccess: true }, ['r1', 'r3']],
      [{ leastCost: 0.2, mostCost: 0.2 }, ['r2']],
      [{ requestIds: ['r3', 'r9'] }, ['r3']],
      [{ keys: ['a'.repeat(64)], users: ['ann'], sessions: ['s'], providers: ['groq'] }, ['r1', 'r2', 'r3']],
    ] as const) {
      const page = { order: 'started', descending: false, limit: 10, offset: 0 } as const;
      const rows = await usageRows(database(), scope, page);
      assert.deepEqual(
        rows.map(({ requestId }) => requestId),
        ids,
        JSON.stringify(scope),
      );
      assert.equal(await countUsage(database(), scope), ids.length);
      const [total] = await sumUsage(database(), scope, [[]]);
      assert.equal(total.groups[0]?.requests, ids.length);
    }
  });

  test('sums of a day stay when its rows are gone, and what needs the rows says since when they are kept', async () => {
    await freshSchema(database());
    assert.equal(await rowsKeptSince(database()), undefined);
    const days = [0, 1, 2].map((index) => usageRow(`r${index}`, { startedAt: day + index * 86_400_000, cost: 0.1 }));
    await insertUsage(database(), days);
    assert.equal(await rowsKeptSince(database()), undefined);
    await database().query(`delete from plumbline.usage where request_id in ('r0', 'r1')`);
    assert.equal(await rowsKeptSince(database()), day + 2 * 86_400_000);
    const [byAlias, byDeployment] = [
      await sumUsage(database(), { from: day, until: day + 3 * 86_400_000 }, [['alias', 'provider']]),
      await sumUsage(database(), {}, [['deployment']]),
    ];
    assert.deepEqual([byAlias[0].groups[0]?.cost, byDeployment[0].groups[0]?.cost], [0.3, 0.1]);
    await database().query('delete from plumbline.usage');
    assert.equal(await rowsKeptSince(database()), Number.POSITIVE_INFINITY);
  });

  test('a page holds rows in their order, those without a cost last', async () => {
    await freshSchema(database());
    const costs = [0.2, null, 0.3, 0.1];
    await insertUsage(
      database(),
      costs.map((cost, index) => usageRow(`r${index}`, { cost })),
    );
    const page = async (descending: boolean, offset: number) =>
      (await usageRows(database(), {}, { order: 'cost', descending, limit: 3, offset })).map(({ cost }) => cost);
    assert.deepEqual([await page(true, 0), await page(true, 3)], [[0.3, 0.2, 0.1], [null]]);
    assert.deepEqual([await page(false, 0), await page(false, 3)], [[0.1, 0.2, 0.3], [null]]);
  });

  test('a limit keeps the most costly groups and says how many there are', async () => {
    await freshSchema(database());
    await insertUsage(
      database(),
      [1, 2, 3].map((cost) => usageRow(`r${cost}`, { alias: `a${cost}`, cost })),
    );
    const [grouped] = await sumUsage(database(), {}, [['alias']], 2);
    assert.deepEqual([grouped.groups.map(({ alias }) => alias), grouped.count], [['a3', 'a2'], 3]);
  });

  test('a report can only read, and one that takes too long is refused', async () => {
    await freshSchema(database());
    const reports = openReportReader(database(), { patienceMs: 50 });
    await assert.rejects(reports.query(`insert into plumbline.settings (name, owner, value) values ('x', 'api', '1')`));
    assert.deepEqual(await database().query(`select name from plumbline.settings where name = 'x'`), []);
    if (database().kind === 'pglite') return;
    await assert.rejects(reports.query('select pg_sleep(30)'), (thrown: unknown) => {
      assert.equal((thrown as { code?: unknown }).code, 'report_too_large');
      return true;
    });
    assert.deepEqual(await reports.query('select 1 as one'), [{ one: 1 }]);
  });
}
