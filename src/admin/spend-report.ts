// GET /global/spend/report in LiteLLM's shapes: by team or customer a day at a time, or by key with its models.

import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { sumUsage, type UsageGroup } from '../store/usage-reports.ts';
import type { UsageScope } from '../store/usage-scope.ts';
import type { Dimension } from '../store/usage-sources.ts';
import { type Asked, daysAsked, type ReportParts, scopeOf } from './asked-usage.ts';

/**
 * Takes start_date, end_date, group_by (team, customer or api_key) and filters; returns LiteLLM's report. Naming a key or an
 * owner of keys groups by key, as LiteLLM does. Throws field_missing, field_invalid and what scopeOf throws.
 */
export async function spendReport(asked: Asked, parts: ReportParts): Promise<readonly JsonObject[]> {
  const range = daysAsked(asked.query);
  const scope = { ...(await scopeOf(asked, parts)), ...range };
  const group = asked.query.get('group_by') ?? 'team';
  const namesKeys = ['api_key', 'internal_user_id'].some((name) => asked.query.has(name));
  if (namesKeys || group === 'api_key') return byKey(scope, parts);
  if (group === 'team') return byDay(scope, 'team', parts);
  if (group === 'customer') return byDay(scope, 'customer', parts);
  throw new GatewayError('field_invalid', { message: 'group_by is team, customer or api_key', field: 'group_by' });
}

async function byKey(scope: UsageScope, parts: ReportParts): Promise<readonly JsonObject[]> {
  const [keys, models] = await sumUsage(parts.reports, scope, [['key'], ['key', 'model']]);
  const details = Map.groupBy(models.groups, ({ key }) => key);
  return keys.groups.map((group) => ({
    api_key: group.key ?? '',
    ...costs(group),
    model_details: (details.get(group.key) ?? []).map((detail) => ({ model: detail.model ?? '', ...costs(detail) })),
  }));
}

function costs({ cost, inputTokens, outputTokens, unpriced }: UsageGroup): JsonObject {
  return {
    total_cost: cost,
    total_input_tokens: inputTokens,
    total_output_tokens: outputTokens,
    unpriced_requests: unpriced,
  };
}

const unassigned = { team: 'Unassigned Team', customer: 'Unassigned Customer' } as const;

async function byDay(
  scope: UsageScope,
  entity: Extract<Dimension, 'team' | 'customer'>,
  parts: ReportParts,
): Promise<readonly JsonObject[]> {
  const [totals, details] = await sumUsage(parts.reports, scope, [
    ['day', entity],
    ['day', entity, 'model', 'key'],
  ]);
  const nameOf = (group: UsageGroup): string => group[entity] ?? unassigned[entity];
  const within = Map.groupBy(details.groups, (group) => `${group.day} ${nameOf(group)}`);
  const days = Map.groupBy(totals.groups.toReversed(), ({ day }) => day);
  return [...days].map(([day, groups]) => ({
    group_by_day: `${day}T00:00:00+00:00`,
    [`${entity}s`]: groups.toReversed().map((group) => ({
      [entity === 'team' ? 'team_name' : 'customer']: nameOf(group),
      total_spend: group.cost,
      metadata: (within.get(`${day} ${nameOf(group)}`) ?? []).map(
        ({ model, key, cost, inputTokens, outputTokens }) => ({
          model: model ?? '',
          spend: cost,
          total_tokens: inputTokens + outputTokens,
          api_key: key ?? '',
        }),
      ),
    })),
  }));
}
