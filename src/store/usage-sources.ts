// Where sums over usage come from: the sums of each day when they know all that is asked, else the rows themselves.
// Invariant: which of them it is changes how long it takes, and nothing of the sums as long as the rows are kept.
import { type UsageScope, usageConditions } from './usage-scope.ts';

/** What sums may be grouped by, and the column it stands in. */
export const dimensions = {
  day: 'day',
  alias: 'alias',
  model: 'model',
  provider: 'provider',
  deployment: 'deployment_id',
  key: 'key_hash',
  user: 'user_id',
  team: 'team_id',
  customer: 'end_user',
  tag: 'tag',
} as const;

export type Dimension = keyof typeof dimensions;

interface DailySource {
  readonly table: string;
  readonly names: readonly Dimension[];
  /** What of a scope its columns can tell. */
  readonly fields: readonly (keyof UsageScope)[];
  readonly having: readonly UsageScope['having'][];
}

const daily: DailySource = {
  table: 'plumbline.usage_daily',
  names: ['day', 'alias', 'model', 'provider', 'key', 'user', 'team'],
  fields: ['from', 'until', 'keys', 'aliases', 'models', 'providers', 'users', 'teams', 'having'],
  having: [undefined, 'team'],
};

/** Here a request stands once for each of its tags, so it serves sums by tag only. */
const dailyTags: DailySource = {
  table: 'plumbline.usage_daily_tags',
  names: ['day', 'alias', 'model', 'key', 'tag'],
  fields: ['from', 'until', 'keys', 'aliases', 'models', 'having'],
  having: [undefined, 'tag'],
};

const dayMs = 86_400_000;

/** Takes what is grouped by and which rows count; returns the daily sums that know all of it, or undefined. */
function dailySourceFor(names: readonly Dimension[], scope: UsageScope): DailySource | undefined {
  const source = names.includes('tag') ? dailyTags : daily;
  const asked = Object.entries(scope).filter(([, value]) => value !== undefined);
  const knows =
    names.every((name) => source.names.includes(name)) &&
    asked.every(([field]) => source.fields.includes(field as keyof UsageScope)) &&
    source.having.includes(scope.having) &&
    (scope.from ?? 0) % dayMs === 0 &&
    (scope.until ?? 0) % dayMs === 0;
  return knows ? source : undefined;
}

/** Takes what is grouped by and which rows count; true when the rows themselves are needed, which may be kept for less long. */
export function needsRows(names: readonly Dimension[], scope: UsageScope): boolean {
  return dailySourceFor(names, scope) === undefined;
}

const dailySums = `sum(requests) as requests, sum(successes) as successes, sum(input_tokens) as input_tokens,
  sum(output_tokens) as output_tokens, sum(cache_read_tokens) as cache_read_tokens,
  sum(cache_write_tokens + cache_write_hour_tokens) as cache_write_tokens, sum(reasoning_tokens) as reasoning_tokens,
  sum(cost) as cost, sum(unpriced) as unpriced`;

const rowSums = `count(*) as requests, count(*) filter (where outcome = 'success') as successes,
  sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(cache_read_tokens) as cache_read_tokens,
  sum(cache_write_tokens + cache_write_hour_tokens) as cache_write_tokens, sum(reasoning_tokens) as reasoning_tokens,
  sum(cost) as cost, count(*) filter (where cost is null and input_tokens is not null) as unpriced`;

const eachTag = 'cross join lateral (select distinct carried.tag from unnest(tags) as carried (tag)) as carried';

/**
 * Takes what is grouped by, which rows count and the values of the statement so far (to which its own are added); returns a
 * query for the sums of each combination. With tags among it, a request stands once for each of its tags, else once.
 */
export function pickSums(names: readonly Dimension[], scope: UsageScope, values: unknown[]): string {
  const source = dailySourceFor(names, scope);
  const day = source === undefined ? `(started_at at time zone 'UTC')::date::text as day` : 'day::text as day';
  const columns = names.map((name) => (name === 'day' ? day : dimensions[name]));
  const by = columns.length === 0 ? '' : `group by ${columns.map((_, index) => index + 1).join(', ')}`;
  const from = source?.table ?? `plumbline.usage ${names.includes('tag') ? eachTag : ''}`;
  const isSaid = names.includes('tag') && scope.having === 'tag';
  const where = usageConditions(
    isSaid ? { ...scope, having: undefined } : scope,
    values,
    source === undefined ? 'rows' : 'days',
  );
  const summed = source === undefined ? rowSums : dailySums;
  return `select ${[...columns, summed].join(', ')} from ${from} ${where} ${by}`;
}
