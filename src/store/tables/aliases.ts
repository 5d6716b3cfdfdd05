// Names clients call. An alias has deployments, or stands for another alias, which must exist.
import type { AliasRecord, Owner } from '../../core/records.ts';
import type { Queries } from '../database.ts';
import { type OwnedTable, type Replaced, replaceOwnedRows } from '../owned-rows.ts';
import type { Table } from '../table.ts';

export const aliases: Table = {
  name: 'aliases',
  steps: [
    {
      id: '2026-11-23-03-aliases',
      sql: [
        `create table plumbline.aliases (
          name text primary key check (name <> ''),
          owner text not null check (owner in ('file', 'environment', 'api')),
          strategy text,
          target text check (target <> name)
            references plumbline.aliases (name) on update cascade deferrable initially deferred,
          hidden boolean not null default false,
          settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`,
        `create trigger tell_change after insert or update or delete on plumbline.aliases
          for each row execute function plumbline.tell_change()`,
      ],
    },
  ],
};

const shape: OwnedTable = {
  noun: 'alias',
  table: 'plumbline.aliases',
  key: 'name',
  columns: { strategy: 'text', target: 'text', hidden: 'boolean', settings: 'jsonb' },
  // A name with deployments does not become one that stands for another.
  goesOver: '(excluded.target is null or held.target is not null)',
  needed: `exists (select 1 from plumbline.deployments where alias = held.name and owner <> $1)
    or exists (select 1 from plumbline.aliases other where other.target = held.name and other.owner <> $1)`,
};

type Settings = Pick<AliasRecord, 'fallbacks' | 'contextWindowFallbacks' | 'contentPolicyFallbacks' | 'retryPolicy'>;
type Row = Omit<AliasRecord, keyof Settings> & { readonly settings: Partial<Settings> };

const noSettings: Settings = { fallbacks: [], contextWindowFallbacks: [], contentPolicyFallbacks: [], retryPolicy: {} };

/** Returns every alias. */
export async function readAliases(queries: Queries): Promise<AliasRecord[]> {
  const rows = await queries.query<Row>(
    'select name, owner, target, hidden, strategy, settings from plumbline.aliases order by name',
  );
  return rows.map(({ settings, ...row }) => ({ ...row, ...noSettings, ...settings }));
}

/** Takes an owner and all it declares; makes them that owner's aliases. */
export function replaceAliases(
  queries: Queries,
  owner: Owner,
  declared: readonly AliasRecord[],
  prunes = true,
): Promise<Replaced> {
  const rows = declared.map(
    ({ name, strategy, target, hidden, fallbacks, contextWindowFallbacks, contentPolicyFallbacks, retryPolicy }) => {
      const settings: Settings = { fallbacks, contextWindowFallbacks, contentPolicyFallbacks, retryPolicy };
      return { name, strategy, target, hidden, settings };
    },
  );
  return replaceOwnedRows(queries, shape, owner, rows, prunes);
}
