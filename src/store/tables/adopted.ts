// What was brought over from LiteLLM: which of its rows became which of ours, and as what. Invariant: written in the transaction that
// writes the row itself, so that a second run brings what changed there, and nothing that was changed here is undone.
import type { Queries } from '../database.ts';
import type { Table } from '../table.ts';

export const adopted: Table = {
  name: 'adopted',
  steps: [
    {
      id: '2026-11-23-40-adopted',
      additive: true,
      sql: [
        `create table plumbline.adopted (
          kind text not null check (kind <> ''),
          source_id text not null,
          our_id text not null,
          checksum text not null,
          amount numeric not null default 0,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          primary key (kind, source_id)
        )`,
        `comment on column plumbline.adopted.source_id is 'what the row is called in LiteLLM'`,
        `comment on column plumbline.adopted.checksum is 'of what was brought: another one says that it changed there'`,
        `comment on column plumbline.adopted.amount is 'history: US dollars in the usage rows that were brought'`,
      ],
    },
  ],
};

export type AdoptedKind = 'credential' | 'model' | 'alias' | 'setting' | 'key' | 'spend' | 'history';

export interface AdoptedRow {
  readonly kind: AdoptedKind;
  readonly sourceId: string;
  readonly ourId: string;
  readonly checksum: string;
  /** US dollars. */
  readonly amount: number;
}

/** Returns what was brought over, of all kinds. */
export function readAdopted(queries: Queries): Promise<AdoptedRow[]> {
  return queries.query<AdoptedRow>(
    `select kind, source_id as "sourceId", our_id as "ourId", checksum, amount from plumbline.adopted order by kind, source_id`,
  );
}

/** Takes a row; notes it, in the place of what was noted of the same before. */
export async function noteAdopted(queries: Queries, row: Omit<AdoptedRow, 'amount'>): Promise<void> {
  await queries.query(
    `insert into plumbline.adopted (kind, source_id, our_id, checksum) values ($1, $2, $3, $4)
     on conflict (kind, source_id) do update
     set our_id = excluded.our_id, checksum = excluded.checksum, updated_at = now()`,
    [row.kind, row.sourceId, row.ourId, row.checksum],
  );
}

/** Takes dollars by key hash; adds them to what the usage rows that were brought have cost. */
export async function addHistory(queries: Queries, spent: ReadonlyMap<string, number>): Promise<void> {
  await queries.query(
    `insert into plumbline.adopted as held (kind, source_id, our_id, checksum, amount)
     select 'history', hash, hash, '', amount from unnest($1::text[], $2::numeric[]) as spent (hash, amount) order by hash
     on conflict (kind, source_id) do update set amount = held.amount + excluded.amount, updated_at = now()`,
    [[...spent.keys()], [...spent.values()]],
  );
}
