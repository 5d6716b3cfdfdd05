// What was asked and answered, where that is stored, kept by day like the rows of usage but on a clock of its own
// (store/usage-days.ts makes and drops the days of both). Invariant: contents of a request are written once.
import type { Queries } from '../database.ts';
import { timeText } from '../sql-values.ts';
import type { Table } from '../table.ts';

export const usageContents: Table = {
  name: 'usage_contents',
  steps: [
    {
      id: '2026-11-30-10-usage-contents',
      additive: true,
      sql: [
        `create table plumbline.usage_contents (
          request_id text not null,
          started_at timestamptz not null,
          asked text,
          answered text,
          primary key (request_id, started_at)
        ) partition by range (started_at)`,
        'create table plumbline.usage_contents_strays partition of plumbline.usage_contents default',
        `comment on column plumbline.usage_contents.asked is 'the body as the client sent it; null: too long to be kept'`,
        `comment on column plumbline.usage_contents.answered is 'the body as the client got it, or the events of a stream; null: too long to be kept'`,
      ],
    },
  ],
};

/** The bodies of a request; null: too long to be kept. */
export interface StoredContents {
  readonly asked: string | null;
  readonly answered: string | null;
}

/** Takes requests; returns the contents of those that have any, by request id. */
export async function contentsOf(
  queries: Queries,
  requests: readonly { readonly requestId: string; readonly startedAt: number }[],
): Promise<ReadonlyMap<string, StoredContents>> {
  if (requests.length === 0) return new Map();
  const times = requests.map(({ startedAt }) => startedAt);
  const found = await queries.query<StoredContents & { readonly requestId: string }>(
    `select request_id as "requestId", asked, answered from plumbline.usage_contents
     where request_id = any($1::text[]) and started_at between $2::timestamptz and $3::timestamptz`,
    [requests.map(({ requestId }) => requestId), timeText(Math.min(...times)), timeText(Math.max(...times))],
  );
  return new Map(found.map(({ requestId, ...contents }) => [requestId, contents]));
}
