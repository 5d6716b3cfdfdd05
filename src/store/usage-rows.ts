// Single usage rows for people: a page of them, and how many there are.
import type { UsageRow } from '../core/records.ts';
import type { Queries } from './database.ts';
import { type UsageScope, usageConditions } from './usage-scope.ts';

/** A usage row as a list shows it. */
export type UsageEntry = Pick<
  UsageRow,
  | 'requestId'
  | 'startedAt'
  | 'endedAt'
  | 'operation'
  | 'dialect'
  | 'outcome'
  | 'status'
  | 'errorCode'
  | 'keyHash'
  | 'userId'
  | 'teamId'
  | 'endUser'
  | 'alias'
  | 'deploymentId'
  | 'provider'
  | 'model'
  | 'usagePartial'
  | 'cost'
  | 'firstMs'
  | 'overheadMs'
  | 'tags'
  | 'session'
  | 'callerAddress'
> & {
  /** null: the provider reported none. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly reasoningTokens: number | null;
};

const selected = `request_id as "requestId", started_at as "startedAt", ended_at as "endedAt", operation, dialect, outcome,
  status, error_code as "errorCode", key_hash as "keyHash", user_id as "userId", team_id as "teamId",
  end_user as "endUser", alias, deployment_id as "deploymentId", provider, model, usage_partial as "usagePartial", cost,
  first_ms as "firstMs", overhead_ms as "overheadMs", tags, session, caller_address as "callerAddress",
  input_tokens as "inputTokens", output_tokens as "outputTokens", cache_read_tokens as "cacheReadTokens",
  cache_write_tokens + cache_write_hour_tokens as "cacheWriteTokens", reasoning_tokens as "reasoningTokens"`;

const orders = {
  started: 'started_at',
  ended: 'ended_at',
  cost: 'cost',
  tokens: 'input_tokens + output_tokens',
} as const;

/** What rows may be sorted by. */
export type UsageOrder = keyof typeof orders;

export interface UsagePage {
  readonly order: UsageOrder;
  readonly descending: boolean;
  readonly limit: number;
  readonly offset: number;
}

/** Takes which rows count and a page; returns its rows. Those without a cost or tokens stand last when sorted by them. */
export function usageRows(queries: Queries, scope: UsageScope, page: UsagePage): Promise<UsageEntry[]> {
  const values: unknown[] = [];
  const where = usageConditions(scope, values);
  const direction = page.descending ? 'desc' : 'asc';
  return queries.query<UsageEntry>(
    `select ${selected} from plumbline.usage ${where}
     order by ${orders[page.order]} ${direction} nulls last, started_at ${direction}, request_id
     limit $${values.length + 1} offset $${values.length + 2}`,
    [...values, page.limit, page.offset],
  );
}

/**
 * Returns the beginning of the first day whose rows are all there, in milliseconds, when sums of earlier days are kept and their
 * rows are not (Infinity: no rows are); undefined when nothing was dropped.
 */
export async function rowsKeptSince(queries: Queries): Promise<number | undefined> {
  const [found] = await queries.query<{ kept: string | null; known: string | null }>(
    `select (select min(started_at at time zone 'UTC')::date from plumbline.usage) as kept,
       (select min(day) from plumbline.usage_daily) as known`,
  );
  const { kept = null, known = null } = found ?? {};
  if (known === null || (kept !== null && kept <= known)) return undefined;
  return kept === null ? Number.POSITIVE_INFINITY : Date.parse(kept);
}

/** Takes which rows count; returns their number. */
export async function countUsage(queries: Queries, scope: UsageScope): Promise<number> {
  const values: unknown[] = [];
  const where = usageConditions(scope, values);
  const sql = `select count(*) as total from plumbline.usage ${where}`;
  const [counted] = await queries.query<{ total: number }>(sql, values);
  return counted?.total ?? 0;
}
