// Sums over usage, for people and dashboards. Invariant: whatever the grouping, the sums are made by the database in
// numeric from the same rows in one statement, so they add up to the total to the last digit.
import { GatewayError } from '../core/errors.ts';
import type { Queries } from './database.ts';
import type { UsageScope } from './usage-scope.ts';
import { type Dimension, dimensions, pickSums } from './usage-sources.ts';

/** The names of all dimensions, for checking and for help. */
export const dimensionNames = Object.keys(dimensions) as readonly Dimension[];

/** Sums over the rows of a group. */
export interface UsageSums {
  readonly requests: number;
  readonly successes: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  /** US dollars, over the requests whose price is known. */
  readonly cost: number;
  /** Requests with tokens and no known price: their cost is missing above. */
  readonly unpriced: number;
}

/** Sums, and what the rows of the group share: null where they have none, absent where it was not asked for. */
export type UsageGroup = UsageSums & { readonly [Name in Dimension]?: string | null };

const sums: readonly (readonly [keyof UsageSums, string])[] = [
  ['requests', 'requests'],
  ['successes', 'successes'],
  ['inputTokens', 'input_tokens'],
  ['outputTokens', 'output_tokens'],
  ['cacheReadTokens', 'cache_read_tokens'],
  ['cacheWriteTokens', 'cache_write_tokens'],
  ['reasoningTokens', 'reasoning_tokens'],
  ['cost', 'cost'],
  ['unpriced', 'unpriced'],
];

/** The groups of one grouping. */
export interface Grouped {
  readonly groups: readonly UsageGroup[];
  /** How many there are, with those beyond the limit. */
  readonly count: number;
}

/** More than that nobody reads, and the answer would be tens of megabytes. */
const mostGroups = 100_000;

/**
 * Takes which rows count, any number of groupings (`[['day'], ['day', 'model'], []]`; an empty one is the total) and how many
 * groups of each are wanted; returns the groups of each, in the order of the groupings, by day (the newest first), then the
 * most costly first. Grouped by tag, a request counts in each of its tags, and in none when it has none; everywhere else once.
 * Throws report_too_large when there are more groups than anybody reads and no limit was given.
 */
export async function sumUsage<const Groupings extends readonly (readonly Dimension[])[]>(
  queries: Queries,
  scope: UsageScope,
  groupings: Groupings,
  limit?: number,
): Promise<{ [Index in keyof Groupings]: Grouped }> {
  const values: unknown[] = [];
  const names = dimensionNames.filter((name) => groupings.some((grouping) => grouping.includes(name)));
  const numbered = groupings.map((grouping, index) => ({ grouping, index }));
  const [plain, tagged] = [false, true].map((isTagged) =>
    numbered.filter(({ grouping }) => grouping.includes('tag') === isTagged),
  );
  const parts = [plain ?? [], tagged ?? []]
    .filter((those) => those.length > 0)
    .map((those) => statement(names, those, scope, values));
  const order = [
    ...(names.includes('day') ? ['day desc'] : []),
    'cost desc',
    'requests desc',
    ...names.map((name) => quoted(name)),
  ].join(', ');
  const rows = await queries.query<UsageGroup & { readonly grouping: number; readonly count: number }>(
    `with summed as (${parts.join(' union all ')}),
       placed as (select *, count(*) over (partition by grouping) as count,
         row_number() over (partition by grouping order by ${order}) as place from summed)
     select * from placed where place <= $${values.length + 1} order by grouping, place`,
    [...values, limit ?? mostGroups],
  );
  const lists = groupings.map((grouping, index) => {
    const own = rows.filter((row) => row.grouping === index);
    const count = own[0]?.count ?? 0;
    if (limit === undefined && count > mostGroups) {
      const message = `it has ${count} groups; ask for fewer days, give a filter, or a limit where there is one`;
      throw new GatewayError('report_too_large', { message });
    }
    return { groups: own.map((row) => groupOf(row, grouping)), count };
  });
  return lists as { [Index in keyof Groupings]: Grouped };
}

/** Takes which rows count; returns their sums. */
export async function totalUsage(queries: Queries, scope: UsageScope): Promise<UsageSums> {
  const [{ groups }] = await sumUsage(queries, scope, [[]]);
  return onlyGroup(groups);
}

/** Takes the groups of the empty grouping; returns the one there always is. */
export function onlyGroup(groups: readonly UsageGroup[]): UsageSums {
  const [total] = groups;
  if (total === undefined) throw new Error('a total is always a row');
  return total;
}

interface Numbered {
  readonly grouping: readonly Dimension[];
  readonly index: number;
}

/** Those groupings summed from one picking, as finely as any of them needs. */
function statement(
  names: readonly Dimension[],
  groupings: readonly Numbered[],
  scope: UsageScope,
  values: unknown[],
): string {
  const own = names.filter((name) => groupings.some(({ grouping }) => grouping.includes(name)));
  const selected = names.map((name) => `${own.includes(name) ? dimensions[name] : 'null::text'} as ${quoted(name)}`);
  const summed = sums.map(([field, column]) => `coalesce(sum(${column}), 0) as ${quoted(field)}`);
  const sets = groupings.map(({ grouping }) => `(${grouping.map((name) => dimensions[name]).join(', ')})`);
  return `select ${[...selected, ...summed].join(', ')}, ${numberOf(own, groupings)} as grouping
    from (${pickSums(own, scope, values)}) as picked group by grouping sets (${sets.join(', ')})`;
}

/** PostgreSQL says which grouping a row is of by a bit for each column that is not in it, the last column lowest. */
function numberOf(own: readonly Dimension[], groupings: readonly Numbered[]): string {
  const bits = (grouping: readonly Dimension[]) =>
    own.reduce((sum, name) => sum * 2 + (grouping.includes(name) ? 0 : 1), 0);
  const cases = groupings.map(({ grouping, index }) => `when ${bits(grouping)} then ${index}`);
  const level = own.length === 0 ? '0' : `grouping(${own.map((name) => dimensions[name]).join(', ')})`;
  return `case ${level} ${cases.join(' ')} end`;
}

function groupOf(row: UsageGroup, grouping: readonly Dimension[]): UsageGroup {
  const kept = [...grouping, ...sums.map(([field]) => field)];
  return Object.fromEntries(kept.map((name) => [name, row[name]])) as unknown as UsageGroup;
}

function quoted(name: string): string {
  return `"${name}"`;
}
