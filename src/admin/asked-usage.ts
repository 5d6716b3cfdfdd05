// What a request for a report asks about, from its query and its caller. Invariant: a key sees its own rows only, whatever
// it asks for; the master key sees all. Every report takes its scope from here.
import type { Caller } from '../core/caller.ts';
import { GatewayError } from '../core/errors.ts';
import { hashKey } from '../core/key-hash.ts';
import type { Queries } from '../store/database.ts';
import { listKeys } from '../store/tables/keys.ts';
import type { UsageScope } from '../store/usage-scope.ts';

export interface ReportParts {
  /** Reads as reports do (store/report-reader.ts). */
  readonly reports: Queries;
  readonly now: () => number;
}

export interface Asked {
  readonly query: URLSearchParams;
  readonly caller: Caller;
  /** True when the caller may look at the key with this hash. */
  readonly maySee: (hash: string) => boolean;
}

export const dayMs = 86_400_000;

/** The query parameters that narrow a report, LiteLLM's and ours, and what they name. Lists are separated by commas. */
const parameters: Readonly<Record<string, keyof UsageScope>> = {
  alias: 'aliases',
  model_group: 'aliases',
  model: 'models',
  model_id: 'deployments',
  deployment: 'deployments',
  provider: 'providers',
  custom_llm_provider: 'providers',
  user: 'users',
  user_id: 'users',
  internal_user_id: 'users',
  team: 'teams',
  team_id: 'teams',
  team_ids: 'teams',
  customer: 'customers',
  customer_id: 'customers',
  end_user: 'customers',
  end_user_ids: 'customers',
  tag: 'tags',
  tags: 'tags',
  request_id: 'requestIds',
  session_id: 'sessions',
};

/** Parameters of LiteLLM's that leave rows out; counting them in would be a wrong answer. */
const notYet = ['exclude_team_ids', 'exclude_entity_ids', 'organization_ids', 'organization_id'];

/**
 * Takes what is asked; returns the rows it is about, without a range of time. Throws info_forbidden when a key asks about
 * another, key_not_found when no key has the alias, field_unsupported for a filter that is not built.
 */
export async function scopeOf(asked: Asked, parts: ReportParts): Promise<UsageScope> {
  const unknown = notYet.find((name) => asked.query.has(name));
  if (unknown !== undefined) {
    throw new GatewayError('field_unsupported', {
      message: `${unknown} is understood but not built yet`,
      field: unknown,
    });
  }
  const scope: Record<string, readonly string[]> = {};
  for (const [name, field] of Object.entries(parameters)) {
    const text = asked.query.get(name);
    if (text !== null && text !== '') scope[field] = text.split(',').map((value) => value.trim());
  }
  return { ...scope, keys: await keysOf(asked, parts) };
}

/** The keys asked about: the caller's own unless it is the master key; undefined means all. */
async function keysOf({ query, caller, maySee }: Asked, parts: ReportParts): Promise<readonly string[] | undefined> {
  const field = ['api_key', 'key', 'key_alias'].find((name) => (query.get(name) ?? '') !== '');
  const named = field === undefined ? [] : (query.get(field) ?? '').split(',');
  if (named.length === 0) return caller.isMaster ? undefined : [caller.hash];
  const hashes = await Promise.all(named.map((name) => hashOf(name.trim(), caller, parts)));
  if (!hashes.every(maySee)) throw new GatewayError('info_forbidden');
  return hashes;
}

/** Takes a key's secret, its hash or its alias; returns its hash. A key may name only itself by an alias. */
async function hashOf(name: string, caller: Caller, parts: ReportParts): Promise<string> {
  if (name.startsWith('sk-')) return hashKey(name);
  if (/^[0-9a-f]{64}$/.test(name)) return name;
  if (!caller.isMaster) {
    if (name === caller.key?.alias) return caller.hash;
    throw new GatewayError('info_forbidden');
  }
  const { keys } = await listKeys(parts.reports, { alias: name }, { page: 1, size: 1 });
  const [key] = keys;
  if (key === undefined)
    throw new GatewayError('key_not_found', { message: `no key has the alias ${name}`, field: 'key' });
  return key.hash;
}

/** A range of time in milliseconds, the end not included; both ends of whole days unless a time of day was given. */
export interface Range {
  readonly from: number;
  readonly until: number;
}

/** Takes a query; true when it names either end of a range. */
export function hasDates(query: URLSearchParams): boolean {
  return query.has('start_date') || query.has('end_date');
}

/**
 * Takes a query; returns the days from start_date to end_date, both included, in UTC (contracts 11.5). A time of day is
 * taken too (`2026-11-23 10:00:00`). Throws field_missing, field_invalid.
 */
export function daysAsked(query: URLSearchParams): Range {
  const start = query.get('start_date') ?? '';
  const end = query.get('end_date') ?? '';
  const missing = start === '' ? 'start_date' : end === '' ? 'end_date' : undefined;
  if (missing !== undefined) {
    throw new GatewayError('field_missing', {
      message: 'give start_date and end_date as YYYY-MM-DD',
      field: missing,
    });
  }
  const range = { from: moment(start, 'start_date').from, until: moment(end, 'end_date').until };
  return ordered(range, 'end_date');
}

/** Takes a range and the field of its end; returns it. Throws field_invalid when it ends before it begins. */
export function ordered(range: Range, field: string): Range {
  if (range.until > range.from) return range;
  throw new GatewayError('field_invalid', { message: `${field} lies before the beginning of the range`, field });
}

/** Takes a number of days and now; returns the last days, today included, in UTC. */
export function lastDays(days: number, now: number): Range {
  const tomorrow = dayOf(now) + dayMs;
  return { from: tomorrow - days * dayMs, until: tomorrow };
}

/** Takes a time; returns the beginning of its day in UTC. */
export function dayOf(ms: number): number {
  return ms - (((ms % dayMs) + dayMs) % dayMs);
}

/** Takes a date or a time and the field it stands in; returns the day or the second it names as a range. Throws field_invalid. */
export function moment(text: string, field: string): Range {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const time = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/.exec(text);
  const iso = date ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}${time?.[3] === undefined ? 'Z' : ''}`;
  const from = date || time !== null ? Date.parse(iso) : Number.NaN;
  if (!Number.isNaN(from) && (!date || new Date(from).toISOString().startsWith(text))) {
    return { from, until: from + (date ? dayMs : 1000) };
  }
  throw new GatewayError('field_invalid', {
    message: `${field} must read like 2026-11-23 or 2026-11-23 10:00:00, in UTC`,
    field,
  });
}

/** Takes a query, a parameter and its bounds; returns the whole number it holds, or the standard. Throws field_invalid. */
export function wholeNumber(query: URLSearchParams, name: string, standard: number, most: number): number {
  const text = query.get(name);
  if (text === null || text === '') return standard;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new GatewayError('field_invalid', { message: `${name} must be a whole number from 1 to ${most}`, field: name });
}
