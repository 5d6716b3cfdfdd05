// Spend by key, user, team, tag, model and provider, in the shapes of LiteLLM's /spend/* and /global/spend/* (contracts 11.5).
// Without dates the routes of /global/ speak of the last thirty days, as LiteLLM's views do, and those of /spend/ of all time.

import type { JsonObject } from '../core/json.ts';
import type { UsageGroup } from '../store/usage-reports.ts';
import { sumUsage, totalUsage } from '../store/usage-reports.ts';
import type { UsageScope } from '../store/usage-scope.ts';
import type { Dimension } from '../store/usage-sources.ts';
import { type Asked, daysAsked, hasDates, lastDays, type ReportParts, scopeOf, wholeNumber } from './asked-usage.ts';
import { keyNames } from './key-names.ts';

/** Takes what is asked; returns an answer in LiteLLM's shape. Throws what scopeOf and daysAsked throw. */
export type SpendAnswer = (asked: Asked, parts: ReportParts) => Promise<JsonObject | readonly JsonObject[]>;

const viewDays = 30;

/** The rows asked about, within the dates given or else the last thirty days. */
async function recent(asked: Asked, parts: ReportParts): Promise<UsageScope> {
  const range = hasDates(asked.query) ? daysAsked(asked.query) : lastDays(viewDays, parts.now());
  return { ...(await scopeOf(asked, parts)), ...range };
}

/** The rows asked about, within the dates given or else of all time. */
async function ever(asked: Asked, parts: ReportParts): Promise<UsageScope> {
  return { ...(await scopeOf(asked, parts)), ...(hasDates(asked.query) ? daysAsked(asked.query) : {}) };
}

/** LiteLLM's `limit`: so many of the most costly; all when it is not given. */
function limitOf({ query }: Asked): number | undefined {
  return query.has('limit') ? wholeNumber(query, 'limit', 1, 10_000) : undefined;
}

async function by(
  dimension: Dimension,
  scope: UsageScope,
  asked: Asked,
  parts: ReportParts,
): Promise<readonly UsageGroup[]> {
  const [{ groups }] = await sumUsage(parts.reports, scope, [[dimension]], limitOf(asked));
  return groups;
}

/** GET /spend/keys: keys, the most costly first. */
export const spendByKeys: SpendAnswer = async (asked, parts) => {
  const groups = await by('key', await ever(asked, parts), asked, parts);
  const names = await keyNames(groups, asked.caller, parts);
  return groups.flatMap(({ key, cost, unpriced }) => {
    const name = names.get(key ?? '');
    if (typeof key !== 'string' || name === undefined) return [];
    const { alias, preview, teamId } = name;
    return [
      { token: key, key_name: preview, key_alias: alias, team_id: teamId, spend: cost, unpriced_requests: unpriced },
    ];
  });
};

/** GET /spend/users: owners of keys, the most costly first. */
export const spendByUsers: SpendAnswer = async (asked, parts) => {
  const groups = await by('user', await ever(asked, parts), asked, parts);
  return groups.flatMap(({ user, cost, unpriced }) =>
    typeof user === 'string' ? [{ user_id: user, spend: cost, unpriced_requests: unpriced }] : [],
  );
};

/** GET /spend/tags: tags that requests carried. A request with two tags counts in both. */
export const spendByTags: SpendAnswer = async (asked, parts) => {
  const groups = await by('tag', { ...(await ever(asked, parts)), having: 'tag' }, asked, parts);
  return groups.map(({ tag, requests, cost }) => ({
    individual_request_tag: tag ?? '',
    log_count: requests,
    total_spend: cost,
  }));
};

/** GET /global/spend: one sum. */
export const globalSpend: SpendAnswer = async (asked, parts) => {
  const { cost, unpriced } = await totalUsage(parts.reports, await recent(asked, parts));
  return { spend: cost, max_budget: 0, unpriced_requests: unpriced };
};

/** GET /global/spend/logs: a sum a day, the oldest first. */
export const globalSpendByDay: SpendAnswer = async (asked, parts) => {
  const groups = await by('day', await recent(asked, parts), asked, parts);
  return groups.toReversed().map(({ day, cost }) => ({ date: day ?? '', spend: cost }));
};

/** GET /global/spend/keys: the most costly keys. */
export const globalSpendByKeys: SpendAnswer = async (asked, parts) => {
  const groups = await by('key', await recent(asked, parts), asked, parts);
  const names = await keyNames(groups, asked.caller, parts);
  return groups.map(({ key, cost }) => {
    const { alias = null, preview = null } = names.get(key ?? '') ?? {};
    return { api_key: key ?? '', key_alias: alias, key_name: preview, total_spend: cost };
  });
};

/** GET /global/spend/models: the most costly models. */
export const globalSpendByModels: SpendAnswer = async (asked, parts) => {
  const groups = await by('model', await recent(asked, parts), asked, parts);
  return groups.map(({ model, cost }) => ({ model: model ?? '', total_spend: cost }));
};

/** GET /global/spend/provider: the most costly providers. */
export const globalSpendByProviders: SpendAnswer = async (asked, parts) => {
  const groups = await by('provider', await recent(asked, parts), asked, parts);
  return groups.map(({ provider, cost }) => ({ provider: provider ?? '', spend: cost }));
};

/** GET /global/spend/teams: a sum a day and team, the oldest first, and a sum a team. */
export const globalSpendByTeams: SpendAnswer = async (asked, parts) => {
  const scope = { ...(await recent(asked, parts)), having: 'team' } as const;
  const [days, teams] = await sumUsage(parts.reports, scope, [['day', 'team'], ['team']]);
  const byDay = Map.groupBy(days.groups.toReversed(), ({ day }) => day ?? '');
  return {
    daily_spend: [...byDay].map(([date, groups]) => ({
      date,
      ...Object.fromEntries(groups.map(({ team, cost }) => [team ?? '', cost])),
    })),
    teams: teams.groups.map(({ team }) => team ?? ''),
    total_spend_per_team: teams.groups.map(({ team, cost }) => ({ team_id: team ?? '', total_spend: cost })),
  };
};

/** GET /global/spend/tags: tags, the most costly first. */
export const globalSpendByTags: SpendAnswer = async (asked, parts) => {
  const groups = await by('tag', { ...(await recent(asked, parts)), having: 'tag' }, asked, parts);
  const wanted = (asked.query.get('tags') ?? '').split(',').filter((tag) => tag !== '');
  const listed = groups.filter(({ tag }) => wanted.length === 0 || wanted.includes(tag ?? ''));
  return {
    spend_per_tag: listed.map(({ tag, requests, cost }) => ({ name: tag ?? '', spend: cost, log_count: requests })),
  };
};

/** GET /global/spend/all_tag_names: every tag there was. */
export const allTagNames: SpendAnswer = async (asked, parts) => {
  const groups = await by('tag', { ...(await ever(asked, parts)), having: 'tag' }, asked, parts);
  return { tag_names: groups.map(({ tag }) => tag ?? '').toSorted() };
};

/** POST /global/spend/end_users: end users, the most costly first. */
export const globalSpendByEndUsers: SpendAnswer = async (asked, parts) => {
  const groups = await by('customer', { ...(await recent(asked, parts)), having: 'customer' }, asked, parts);
  return groups.map(({ customer, requests, cost }) => ({
    end_user: customer ?? '',
    total_count: requests,
    total_spend: cost,
  }));
};

/** GET /global/all_end_users: every end user there was. */
export const allEndUsers: SpendAnswer = async (asked, parts) => {
  const groups = await by('customer', { ...(await ever(asked, parts)), having: 'customer' }, asked, parts);
  return { end_users: groups.map(({ customer }) => customer ?? '').toSorted() };
};
