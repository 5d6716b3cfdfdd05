// One row a request, whatever became of it, kept by day of its beginning (store/usage-days.ts makes and drops the days).
// Invariant: a request id is written once, however often it is sent: it always comes with the same beginning.
// The columns stand here once, in a list; statements (store/write-usage.ts) and rows are made from it.
import type { UsageRow } from '../../core/records.ts';
import type { Usage } from '../../core/usage.ts';
import type { Queries } from '../database.ts';
import { timeText } from '../sql-values.ts';
import type { Table } from '../table.ts';

export const usage: Table = {
  name: 'usage',
  steps: [
    {
      id: '2026-11-23-06-usage',
      sql: [
        `create table plumbline.usage (
          request_id text primary key,
          started_at timestamptz not null,
          ended_at timestamptz not null,
          operation text not null,
          route text not null,
          dialect text not null,
          stream boolean not null,
          outcome text not null check (outcome in ('success', 'failure', 'refused', 'abandoned')),
          status integer not null,
          error_code text,
          key_id text,
          key_hash text,
          user_id text,
          team_id text,
          end_user text,
          alias text,
          deployment_id text,
          provider text,
          model text,
          input_tokens bigint,
          output_tokens bigint,
          cache_read_tokens bigint,
          cache_write_tokens bigint,
          cache_write_hour_tokens bigint,
          reasoning_tokens bigint,
          audio_input_tokens bigint,
          audio_output_tokens bigint,
          search_units bigint,
          usage_partial boolean not null,
          cost numeric check (cost >= 0 and cost < 'Infinity'),
          attempts integer not null,
          fallbacks integer not null,
          queue_ms real not null,
          first_ms real,
          total_ms real not null,
          overhead_ms real not null,
          tags text[] not null,
          session text,
          caller_address text,
          dropped_parameters text[] not null,
          constraint usage_reported_or_not check (num_nulls(input_tokens, output_tokens, cache_read_tokens,
            cache_write_tokens, cache_write_hour_tokens, reasoning_tokens, audio_input_tokens, audio_output_tokens,
            search_units) in (0, 9))
        )`,
        `comment on column plumbline.usage.cost is 'US dollars; null: the price is unknown, never 0'`,
        `comment on column plumbline.usage.input_tokens is 'null: the provider reported none'`,
        'create index usage_started_at on plumbline.usage (started_at)',
        'create index usage_key on plumbline.usage (key_hash, started_at)',
      ],
    },
    {
      id: '2026-11-23-07-usage-by-day',
      sql: [
        'alter table plumbline.usage rename to usage_before',
        `create table plumbline.usage (like plumbline.usage_before including defaults including constraints including comments)
         partition by range (started_at)`,
        'create table plumbline.usage_strays partition of plumbline.usage default',
        'insert into plumbline.usage select * from plumbline.usage_before',
        'drop table plumbline.usage_before',
        'alter table plumbline.usage add primary key (request_id, started_at)',
        'create index usage_started_at on plumbline.usage (started_at)',
        'create index usage_key on plumbline.usage (key_hash, started_at)',
      ],
    },
  ],
};

/** Rows' own columns: name, type, field. */
export const rowColumns = [
  ['request_id', 'text', 'requestId'],
  ['started_at', 'timestamptz', 'startedAt'],
  ['ended_at', 'timestamptz', 'endedAt'],
  ['operation', 'text', 'operation'],
  ['route', 'text', 'route'],
  ['dialect', 'text', 'dialect'],
  ['stream', 'boolean', 'stream'],
  ['outcome', 'text', 'outcome'],
  ['status', 'integer', 'status'],
  ['error_code', 'text', 'errorCode'],
  ['key_id', 'text', 'keyId'],
  ['key_hash', 'text', 'keyHash'],
  ['user_id', 'text', 'userId'],
  ['team_id', 'text', 'teamId'],
  ['end_user', 'text', 'endUser'],
  ['alias', 'text', 'alias'],
  ['deployment_id', 'text', 'deploymentId'],
  ['provider', 'text', 'provider'],
  ['model', 'text', 'model'],
  ['usage_partial', 'boolean', 'usagePartial'],
  ['cost', 'numeric', 'cost'],
  ['attempts', 'integer', 'attempts'],
  ['fallbacks', 'integer', 'fallbacks'],
  ['queue_ms', 'real', 'queueMs'],
  ['first_ms', 'real', 'firstMs'],
  ['total_ms', 'real', 'totalMs'],
  ['overhead_ms', 'real', 'overheadMs'],
  ['tags', 'text[]', 'tags'],
  ['session', 'text', 'session'],
  ['caller_address', 'text', 'callerAddress'],
  ['dropped_parameters', 'text[]', 'droppedParameters'],
] as const satisfies readonly (readonly [string, string, keyof UsageRow])[];

/** Columns of the tokens: name, field of Usage. */
export const tokenColumns = [
  ['input_tokens', 'input'],
  ['output_tokens', 'output'],
  ['cache_read_tokens', 'cacheRead'],
  ['cache_write_tokens', 'cacheWrite'],
  ['cache_write_hour_tokens', 'cacheWriteHour'],
  ['reasoning_tokens', 'reasoning'],
  ['audio_input_tokens', 'audioInput'],
  ['audio_output_tokens', 'audioOutput'],
  ['search_units', 'searchUnits'],
] as const satisfies readonly (readonly [string, keyof Usage])[];

const selected = [
  ...rowColumns.map(([name, , field]) => `${name} as "${field}"`),
  ...tokenColumns.map(([name, field]) => `${name} as "tokens.${field}"`),
].join(', ');

export interface UsageFilter {
  readonly keyHash?: string;
  /** Milliseconds; only rows that began before. */
  readonly before?: number;
  readonly limit: number;
}

/** Takes a filter; returns the newest rows first. */
export async function recentUsage(queries: Queries, filter: UsageFilter): Promise<UsageRow[]> {
  const rows = await queries.query<Record<string, unknown>>(
    `select ${selected} from plumbline.usage
     where ($1::text is null or key_hash = $1) and ($2::timestamptz is null or started_at < $2)
     order by started_at desc, request_id limit $3`,
    [filter.keyHash ?? null, timeText(filter.before ?? null), filter.limit],
  );
  return rows.map(asUsageRow);
}

function asUsageRow(read: Record<string, unknown>): UsageRow {
  const own = rowColumns.map(([, , field]) => [field, read[field]]);
  const reported = tokenColumns.map(([, field]) => [field, read[`tokens.${field}`]]);
  const isReported = read['tokens.input'] !== null;
  return { ...Object.fromEntries(own), usage: isReported ? Object.fromEntries(reported) : null };
}
