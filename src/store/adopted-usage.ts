// Usage that LiteLLM kept: rows of its history, and what its keys had spent in all. Invariants: a row is brought once, and what rows are
// brought for is not in the balance as well; a balance is one row of the daily sums, without requests, marked provider "litellm".
import type { UsageRow } from '../core/records.ts';
import type { Clock } from '../kit/clock.ts';
import { silentLog } from '../kit/log.ts';
import type { Database, Queries } from './database.ts';
import { addHistory } from './tables/adopted.ts';
import { arrangeDays } from './usage-days.ts';
import { insertUsage } from './write-usage.ts';

/** Takes rows of one page; writes those that are not there yet, all or none. Returns how many were written. */
export function bringUsage(database: Database, rows: readonly UsageRow[]): Promise<number> {
  return database.transaction(async (queries) => {
    const there = await idsThere(queries, rows);
    const fresh = rows.filter(({ requestId }) => !there.has(requestId));
    if (fresh.length === 0) return 0;
    await insertUsage(queries, fresh);
    const spent = new Map<string, number>();
    for (const { keyHash, cost } of fresh)
      if (keyHash !== null && cost !== null) spent.set(keyHash, (spent.get(keyHash) ?? 0) + cost);
    await addHistory(queries, spent);
    return fresh.length;
  });
}

async function idsThere(queries: Queries, rows: readonly UsageRow[]): Promise<ReadonlySet<string>> {
  const times = rows.map(({ startedAt }) => startedAt);
  const found = await queries.query<{ id: string }>(
    `select request_id as id from plumbline.usage where request_id = any($1::text[])
     and started_at between to_timestamp($2::float8 / 1000) and to_timestamp($3::float8 / 1000)`,
    [rows.map(({ requestId }) => requestId), Math.min(...times) - 1, Math.max(...times) + 1],
  );
  return new Set(found.map(({ id }) => id));
}

/** Takes a time in milliseconds; makes its day, so that rows of it need not stray. */
export async function makeDay(database: Database, at: number): Promise<void> {
  await arrangeDays({ database, table: 'usage', retentionDays: 0, clock: standing(at), log: silentLog });
}

function standing(at: number): Clock {
  return { now: () => at, monotonic: () => at, after: () => () => undefined };
}

/** What a key had spent before it came here. */
export interface Balance {
  readonly keyHash: string;
  readonly userId: string | null;
  readonly teamId: string | null;
  /** `2026-01-13`, in UTC. */
  readonly day: string;
  /** US dollars. */
  readonly cost: number;
}

/** Takes a balance; makes it the one that stands for its key. A line without requests is nothing else than a balance. */
export async function setBalance(queries: Queries, { keyHash, userId, teamId, day, cost }: Balance): Promise<void> {
  const sums = ['requests', 'successes', 'failures', 'refusals', 'abandoned', 'unpriced', ...tokenSums];
  await queries.query(
    `delete from plumbline.usage_daily where key_hash = $1 and provider = 'litellm' and requests = 0`,
    [keyHash],
  );
  await queries.query(
    `insert into plumbline.usage_daily (day, place, key_hash, user_id, team_id, alias, provider, model, cost, ${sums.join(', ')})
     select $1::date, md5(jsonb_build_array(k, u, t, null, 'litellm', null)::text)::uuid, k, u, t, null, 'litellm', null, $5::numeric,
       ${sums.map(() => '0').join(', ')}
     from (select $2::text as k, $3::text as u, $4::text as t) as whose
     on conflict (day, place) do update set cost = usage_daily.cost + excluded.cost`,
    [day, keyHash, userId, teamId, cost],
  );
}

const tokenSums = [
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'cache_write_hour_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'search_units',
];
