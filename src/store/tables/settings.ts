// Settings of operation, one a row: `router.timeoutMs`. What is not set here is a default in the code.
import type { Owner, RouterSettings } from '../../core/records.ts';
import type { Queries } from '../database.ts';
import { type OwnedTable, type Replaced, replaceOwnedRows } from '../owned-rows.ts';
import type { Table } from '../table.ts';

export const settings: Table = {
  name: 'settings',
  steps: [
    {
      id: '2026-11-23-05-settings',
      sql: [
        `create table plumbline.settings (
          name text primary key check (name <> ''),
          owner text not null check (owner in ('file', 'environment', 'api')),
          value jsonb not null,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now()
        )`,
        `create trigger tell_change after insert or update or delete on plumbline.settings
          for each row execute function plumbline.tell_change()`,
      ],
    },
  ],
};

const shape: OwnedTable = {
  noun: 'setting',
  table: 'plumbline.settings',
  key: 'name',
  columns: { value: 'jsonb' },
};
const routerPrefix = 'router.';

/** Returns the routing settings that are stored; those that are not keep their defaults. */
export async function readRouterSettings(queries: Queries): Promise<Partial<RouterSettings>> {
  const rows = await queries.query<{ name: string; value: unknown }>(
    'select name, value from plumbline.settings where starts_with(name, $1)',
    [routerPrefix],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name.slice(routerPrefix.length), value]));
}

/** Takes an owner and the routing settings it declares; makes them that owner's settings. */
export function replaceRouterSettings(
  queries: Queries,
  owner: Owner,
  declared: Partial<RouterSettings>,
  prunes = true,
): Promise<Replaced> {
  const rows = Object.entries(declared)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name: routerPrefix + name, value }));
  return replaceOwnedRows(queries, shape, owner, rows, prunes);
}
