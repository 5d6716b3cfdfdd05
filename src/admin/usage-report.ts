// Our own report, behind GET /usage and `plumbline usage`: sums by any dimensions, their total, and what has no price.
// Invariant: a cost that is not known is null or counted beside the sum, never 0.

import { GatewayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { dimensionNames, onlyGroup, sumUsage, type UsageGroup, type UsageSums } from '../store/usage-reports.ts';
import { rowsKeptSince } from '../store/usage-rows.ts';
import { type Dimension, needsRows } from '../store/usage-sources.ts';
import {
  type Asked,
  dayMs,
  dayOf,
  lastDays,
  moment,
  ordered,
  type Range,
  type ReportParts,
  scopeOf,
  wholeNumber,
} from './asked-usage.ts';
import { keyNames } from './key-names.ts';

const standardDays = 30;
const standardLimit = 1_000;
const mostGroups = 100_000;
const mostDimensions = 3;

/**
 * Takes a query (`by`, `since`, `until`, `key`, `alias`, `model`, `user`, `limit` …) and its caller; returns groups, their total
 * over all of them, how many groups the limit left out, and since when there are rows when the sums need rows that were dropped. Throws field_invalid and what scopeOf throws.
 */
export async function usageReport(asked: Asked, parts: ReportParts): Promise<JsonObject> {
  const by = dimensionsOf(asked.query.get('by') ?? 'alias');
  const range = rangeOf(asked.query, parts.now());
  const limit = wholeNumber(asked.query, 'limit', standardLimit, mostGroups);
  const scope = await scopeOf(asked, parts);
  const whole = { ...scope, ...range };
  const [{ groups, count }, total] = await sumUsage(parts.reports, whole, [by, []], limit);
  const kept = needsRows(by, whole) || needsRows([], whole) ? await rowsKeptSince(parts.reports) : undefined;
  const names = by.includes('key') ? await keyNames(groups, asked.caller, parts) : undefined;
  return {
    since: dateOf(range.from),
    until: dateOf(range.until),
    by,
    groups: groups.map((group) => ({
      ...Object.fromEntries(by.map((name) => [name, group[name] ?? null])),
      ...(names === undefined ? {} : { key_name: names.get(group.key ?? '')?.shown ?? null }),
      ...sumsOf(group),
    })),
    total: sumsOf(onlyGroup(total.groups)),
    more_groups: count - groups.length,
    rows_kept_since: kept === undefined || kept <= range.from ? null : dateOf(Math.min(kept, range.until)),
  };
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}

function sumsOf(sums: UsageSums | UsageGroup): JsonObject {
  return {
    requests: sums.requests,
    successes: sums.successes,
    failures: sums.requests - sums.successes,
    input_tokens: sums.inputTokens,
    output_tokens: sums.outputTokens,
    cache_read_tokens: sums.cacheReadTokens,
    cache_write_tokens: sums.cacheWriteTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost: sums.cost === 0 && sums.unpriced > 0 ? null : sums.cost,
    unpriced_requests: sums.unpriced,
  };
}

function dimensionsOf(text: string): readonly Dimension[] {
  const names = text.split(',').map((name) => name.trim());
  const known = dimensionNames.filter((name) => names.includes(name));
  if (known.length === names.length && names.length <= mostDimensions) return names as readonly Dimension[];
  const message = `by takes up to ${mostDimensions} of ${dimensionNames.join(', ')}, separated by commas, each once`;
  throw new GatewayError('field_invalid', { message, field: 'by' });
}

/** `since` and `until`, in UTC: the last thirty days unless they say otherwise. */
function rangeOf(query: URLSearchParams, now: number): Range {
  const since = query.get('since') ?? '';
  const until = query.get('until') ?? '';
  const from = since === '' ? lastDays(standardDays, now).from : edgeOf(since, 'since', now).from;
  return ordered({ from, until: until === '' ? dayOf(now) + dayMs : edgeOf(until, 'until', now).until }, 'until');
}

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: dayMs, w: 7 * dayMs };

/**
 * What an end of a range says: a date, a time, `today`, `yesterday`, or how long ago. Days and weeks are whole ones with
 * today as the last (`7d`: today and the six days before), minutes and hours are exact. `30d` until `7d` and since `7d` meet.
 */
function edgeOf(text: string, field: string, now: number): Range {
  if (text === 'today') return lastDays(1, now);
  if (text === 'yesterday') return { from: dayOf(now) - dayMs, until: dayOf(now) };
  const [, count = '', unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? [];
  const unitMs = unitsMs[unit];
  if (unitMs === undefined) return named(text, field);
  const ago = Number(count) * unitMs;
  const at = unitMs >= dayMs ? dayOf(now) + dayMs - ago : now - ago;
  return { from: at, until: at };
}

function named(text: string, field: string): Range {
  try {
    return moment(text, field);
  } catch (thrown) {
    const message = `${field} must read like 2026-11-23, 2026-11-23 10:00:00, 7d, 24h, today or yesterday (UTC)`;
    throw new GatewayError('field_invalid', { message, field, cause: thrown });
  }
}
