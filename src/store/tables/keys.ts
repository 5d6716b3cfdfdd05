// Clients' keys. The secret itself is never kept: its hash finds the row, its preview is for people.
import { GatewayError } from '../../core/errors.ts';
import type { VirtualKey } from '../../core/records.ts';
import { constraintOf, type Queries, sqlStateOf, sqlStates } from '../database.ts';
import { timeText } from '../sql-values.ts';
import type { Table } from '../table.ts';

export const keys: Table = {
  name: 'keys',
  steps: [
    {
      id: '2026-11-23-01-keys',
      sql: [
        // Tells listeners which table changed, and with an argument which row (that column's value, old and new).
        `create function plumbline.tell_change() returns trigger language plpgsql as $$
          begin
            if tg_nargs = 0 then
              perform pg_notify('plumbline_changed', tg_table_name);
              return null;
            end if;
            if tg_op <> 'INSERT' then
              perform pg_notify('plumbline_changed', tg_table_name || ':' || (to_jsonb(old) ->> tg_argv[0]));
            end if;
            if tg_op <> 'DELETE' then
              perform pg_notify('plumbline_changed', tg_table_name || ':' || (to_jsonb(new) ->> tg_argv[0]));
            end if;
            return null;
          end $$`,
        `create table plumbline.keys (
          id uuid primary key default gen_random_uuid(),
          hash text not null unique check (hash ~ '^[0-9a-f]{64}$'),
          preview text not null check (length(preview) <= 16),
          alias text unique check (alias <> ''),
          models text[] not null default '{}',
          expires_at timestamptz,
          blocked boolean not null default false,
          user_id text,
          team_id text,
          metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
          created_at timestamptz not null default now(),
          created_by text,
          updated_at timestamptz not null default now()
        )`,
        'create index keys_user_id on plumbline.keys (user_id)',
        'create index keys_team_id on plumbline.keys (team_id)',
        'create index keys_created_at on plumbline.keys (created_at, id)',
        `create trigger tell_change after insert or update or delete on plumbline.keys
          for each row execute function plumbline.tell_change('hash')`,
      ],
    },
  ],
};

/** What a new key is made of; the rest the table gives. */
export type NewKey = Omit<VirtualKey, 'id' | 'createdAt'>;

/** What may change about a key later. */
export type KeyChanges = Partial<Omit<VirtualKey, 'id' | 'createdAt' | 'createdBy'>>;

export interface KeyFilter {
  readonly hash?: string;
  readonly alias?: string;
  readonly userId?: string;
  readonly teamId?: string;
}

export interface Page {
  /** From 1. */
  readonly page: number;
  readonly size: number;
}

const columns = `id, hash, preview, alias, models, expires_at as "expiresAt", blocked, user_id as "userId",
  team_id as "teamId", metadata, created_at as "createdAt", created_by as "createdBy"`;

/** Takes a new key; returns it as stored. Throws key_exists when its hash or alias is taken. */
export async function insertKey(queries: Queries, key: NewKey): Promise<VirtualKey> {
  const sql = `insert into plumbline.keys
      (hash, preview, alias, models, expires_at, blocked, user_id, team_id, metadata, created_by)
    values ($1, $2, $3, $4::text[], $5::timestamptz, $6, $7, $8, $9::jsonb, $10) returning ${columns}`;
  const { hash, preview, alias, models, expiresAt, blocked, userId, teamId, metadata, createdBy } = key;
  const values = [hash, preview, alias, models, timeText(expiresAt), blocked, userId, teamId, metadata, createdBy];
  const rows = await written(queries.query<VirtualKey>(sql, values.map(asJson)));
  return only(rows);
}

/** Takes hashes; returns the keys among them that exist. */
export function keysByHash(queries: Queries, hashes: readonly string[]): Promise<VirtualKey[]> {
  const sql = `select ${columns} from plumbline.keys where hash = any($1::text[])`;
  return queries.query<VirtualKey>(sql, [hashes], { name: 'keys-by-hash' });
}

/** Returns every key. */
export function readKeys(queries: Queries): Promise<VirtualKey[]> {
  return queries.query<VirtualKey>(`select ${columns} from plumbline.keys`);
}

/** Takes a filter and a page; returns that page, newest first, and how many keys match in all. */
export async function listKeys(
  queries: Queries,
  filter: KeyFilter,
  { page, size }: Page,
): Promise<{ readonly keys: readonly VirtualKey[]; readonly total: number }> {
  const matches = `($1::text is null or hash = $1) and ($2::text is null or alias = $2)
    and ($3::text is null or user_id = $3) and ($4::text is null or team_id = $4)`;
  const values = [filter.hash ?? null, filter.alias ?? null, filter.userId ?? null, filter.teamId ?? null];
  const counted = await queries.query<{ total: number }>(
    `select count(*) as total from plumbline.keys where ${matches}`,
    values,
  );
  const found = await queries.query<VirtualKey>(
    `select ${columns} from plumbline.keys where ${matches} order by created_at desc, id limit $5 offset $6`,
    [...values, size, (page - 1) * size],
  );
  return { keys: found, total: only(counted).total };
}

/** Takes a key's hash and what changes (only the fields given); returns the key, or undefined when there is none. */
export async function updateKey(queries: Queries, hash: string, changes: KeyChanges): Promise<VirtualKey | undefined> {
  const set = (field: keyof KeyChanges, column: string, value: string) =>
    `${column} = case when patch ? '${field}' then ${value} else ${column} end`;
  const sql = `update plumbline.keys set
      ${set('hash', 'hash', `patch ->> 'hash'`)},
      ${set('preview', 'preview', `patch ->> 'preview'`)},
      ${set('alias', 'alias', `patch ->> 'alias'`)},
      ${set('models', 'models', `array(select jsonb_array_elements_text(patch -> 'models'))`)},
      ${set('expiresAt', 'expires_at', `(patch ->> 'expiresAt')::timestamptz`)},
      ${set('blocked', 'blocked', `(patch ->> 'blocked')::boolean`)},
      ${set('userId', 'user_id', `patch ->> 'userId'`)},
      ${set('teamId', 'team_id', `patch ->> 'teamId'`)},
      ${set('metadata', 'metadata', `patch -> 'metadata'`)},
      updated_at = now()
    from (select $2::jsonb as patch) as given where hash = $1 returning ${columns}`;
  const patch = changes.expiresAt === undefined ? changes : { ...changes, expiresAt: timeText(changes.expiresAt) };
  const rows = await written(queries.query<VirtualKey>(sql, [hash, JSON.stringify(patch)]));
  return rows[0];
}

/** Takes hashes and aliases; deletes those keys and returns them. */
export function deleteKeys(
  queries: Queries,
  which: { readonly hashes?: readonly string[]; readonly aliases?: readonly string[] },
): Promise<VirtualKey[]> {
  const sql = `delete from plumbline.keys where hash = any($1::text[]) or alias = any($2::text[]) returning ${columns}`;
  return queries.query<VirtualKey>(sql, [which.hashes ?? [], which.aliases ?? []]);
}

/** What the table refuses, in words of the house. */
async function written<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing;
  } catch (thrown) {
    const state = sqlStateOf(thrown);
    if (state === sqlStates.uniqueViolation) {
      const field = constraintOf(thrown) === 'keys_alias_key' ? 'key_alias' : 'key';
      throw new GatewayError('key_exists', { field, cause: thrown });
    }
    if (state?.startsWith(sqlStates.dataException) === true) {
      throw new GatewayError('field_invalid', { message: 'a value cannot be stored', cause: thrown });
    }
    throw thrown;
  }
}

function asJson(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : value;
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('a statement that always gives a row gave none');
  return row;
}
