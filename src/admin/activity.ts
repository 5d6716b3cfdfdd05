// Requests and tokens by day: LiteLLM's /global/activity routes and the daily activity its dashboard is drawn from
// (contracts 11.5).

import type { JsonObject } from '../core/json.ts';
import { onlyGroup, sumUsage, type UsageGroup, type UsageSums } from '../store/usage-reports.ts';
import type { UsageScope } from '../store/usage-scope.ts';
import type { Dimension } from '../store/usage-sources.ts';
import { type Asked, dayMs, daysAsked, type ReportParts, scopeOf, wholeNumber } from './asked-usage.ts';
import { type KeyName, keyNames } from './key-names.ts';

async function scoped(asked: Asked, parts: ReportParts): Promise<UsageScope> {
  return { ...daysAsked(asked.query), ...(await scopeOf(asked, parts)) };
}

const monthDay = new Intl.DateTimeFormat('en-US', { month: 'short', day: '2-digit', timeZone: 'UTC' });

/** LiteLLM writes the day of a chart as `Nov 23`. */
function counted({ day, requests, inputTokens, outputTokens }: UsageGroup): JsonObject {
  const date = monthDay.format(Date.parse(`${day}T00:00:00Z`));
  return { date, api_requests: requests, total_tokens: inputTokens + outputTokens };
}

function summed({ requests, inputTokens, outputTokens }: UsageSums): JsonObject {
  return { sum_api_requests: requests, sum_total_tokens: inputTokens + outputTokens };
}

/** GET /global/activity: takes start_date and end_date; returns requests and tokens a day, the oldest first, and their sums. */
export async function globalActivity(asked: Asked, parts: ReportParts): Promise<JsonObject> {
  const [days, total] = await sumUsage(parts.reports, await scoped(asked, parts), [['day'], []]);
  return { daily_data: days.groups.toReversed().map(counted), ...summed(onlyGroup(total.groups)) };
}

/** GET /global/activity/model: the same for each public model name, the busiest first. */
export async function globalActivityByModel(asked: Asked, parts: ReportParts): Promise<readonly JsonObject[]> {
  const [aliases, days] = await sumUsage(parts.reports, await scoped(asked, parts), [['alias'], ['day', 'alias']]);
  const byAlias = Map.groupBy(days.groups.toReversed(), ({ alias }) => alias);
  const busiest = aliases.groups.toSorted((one, other) => other.requests - one.requests);
  return busiest.map((group) => ({
    model: group.alias ?? '',
    daily_data: (byAlias.get(group.alias) ?? []).map(counted),
    ...summed(group),
  }));
}

/** Whose daily activity: owners of keys, teams, end users or tags. */
export type ActivityEntity = Extract<Dimension, 'user' | 'team' | 'customer' | 'tag'>;

/** Takes whose activity; returns the route: a page of days, the newest first, each with its breakdowns. */
export function dailyActivity(entity: ActivityEntity): (asked: Asked, parts: ReportParts) => Promise<JsonObject> {
  return async (asked, parts) => {
    const scope = await entityScope(entity, asked, parts);
    const page = wholeNumber(asked.query, 'page', 1, 1_000_000);
    const size = wholeNumber(asked.query, 'page_size', 50, 1_000);
    const [{ groups: days }] = await sumUsage(parts.reports, scope, [['day']]);
    const shown = days.slice((page - 1) * size, page * size).map(({ day }) => Date.parse(`${day}T00:00:00Z`));
    const pages = Math.ceil(days.length / size);
    const paging = { page, total_pages: pages, has_more: page < pages };
    if (shown.length === 0) return activity(entity, { ...scope, keys: [] }, asked, parts, paging);
    const edges = { from: Math.max(scope.from ?? 0, Math.min(...shown)), until: Math.max(...shown) + dayMs };
    return activity(
      entity,
      { ...scope, ...edges, until: Math.min(scope.until ?? edges.until, edges.until) },
      asked,
      parts,
      paging,
    );
  };
}

/** GET /user/daily/activity/aggregated: all days at once. */
export async function aggregatedActivity(asked: Asked, parts: ReportParts): Promise<JsonObject> {
  const paging = { page: 1, total_pages: 1, has_more: false };
  return activity('user', await entityScope('user', asked, parts), asked, parts, paging);
}

/** Only rows that have such an entity count; every request counts for the users' view, which is the whole gateway's. */
async function entityScope(entity: ActivityEntity, asked: Asked, parts: ReportParts): Promise<UsageScope> {
  const scope = await scoped(asked, parts);
  return entity === 'user' ? scope : { ...scope, having: entity };
}

/** LiteLLM's breakdowns and what they are by. */
const breakdowns = { models: 'model', model_groups: 'alias', providers: 'provider' } as const;

async function activity(
  entity: ActivityEntity,
  scope: UsageScope,
  asked: Asked,
  parts: ReportParts,
  paging: JsonObject,
): Promise<JsonObject> {
  const wanted = { ...breakdowns, entities: entity };
  const fields = Object.entries(wanted);
  const [total, days, keys, ...rest] = await sumUsage(parts.reports, scope, [
    [],
    ['day'],
    ['day', 'key'],
    ...fields.flatMap(([, by]) => [['day', by] as const, ['day', by, 'key'] as const]),
  ]);
  const names = await keyNames(keys.groups, asked.caller, parts);
  const keysOf = onDay(keys.groups);
  const parted = fields.map(([field, by], index) => {
    const [groups, byKey] = [rest[index * 2], rest[index * 2 + 1]];
    return { field, by, groups: onDay(groups?.groups ?? []), byKey: onDay(byKey?.groups ?? []) };
  });
  return {
    results: days.groups.map((group) => ({
      date: group.day ?? '',
      metrics: metricsOf(group),
      breakdown: {
        mcp_servers: {},
        ...Object.fromEntries(
          parted.map(({ field, by, groups, byKey }) => [field, broken(by, groups(group), byKey(group), names)]),
        ),
        api_keys: perKey(keysOf(group), names),
      },
    })),
    metadata: { ...totalsOf(onlyGroup(total.groups)), ...paging },
  };
}

/** Takes groups; returns those of a day. */
function onDay(groups: readonly UsageGroup[]): (day: UsageGroup) => readonly UsageGroup[] {
  const days = Map.groupBy(groups, ({ day }) => day);
  return ({ day }) => days.get(day) ?? [];
}

function broken(
  by: Dimension,
  groups: readonly UsageGroup[],
  byKey: readonly UsageGroup[],
  names: ReadonlyMap<string, KeyName>,
): JsonObject {
  const keys = Map.groupBy(byKey, (group) => group[by] ?? '');
  const entries = groups.map((group) => {
    const name = group[by] ?? '';
    return [name, { metrics: metricsOf(group), metadata: {}, api_key_breakdown: perKey(keys.get(name) ?? [], names) }];
  });
  return Object.fromEntries(entries);
}

function perKey(groups: readonly UsageGroup[], names: ReadonlyMap<string, KeyName>): JsonObject {
  const entries = groups.map((group) => {
    const { alias = null, teamId = null } = names.get(group.key ?? '') ?? {};
    return [group.key ?? '', { metrics: metricsOf(group), metadata: { key_alias: alias, team_id: teamId } }];
  });
  return Object.fromEntries(entries);
}

function metricsOf(sums: UsageSums): JsonObject {
  return {
    spend: sums.cost,
    prompt_tokens: sums.inputTokens,
    completion_tokens: sums.outputTokens,
    cache_read_input_tokens: sums.cacheReadTokens,
    cache_creation_input_tokens: sums.cacheWriteTokens,
    total_tokens: sums.inputTokens + sums.outputTokens,
    successful_requests: sums.successes,
    failed_requests: sums.requests - sums.successes,
    api_requests: sums.requests,
    unpriced_requests: sums.unpriced,
  };
}

function totalsOf(sums: UsageSums): JsonObject {
  return Object.fromEntries(
    Object.entries(metricsOf(sums)).map(([name, value]) => [name === 'total_tokens' ? name : `total_${name}`, value]),
  );
}
