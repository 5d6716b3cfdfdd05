// The way into LiteLLM's database. Invariants: nothing is ever written there, which the server sees to (read-only session and
// read-only transactions); what there is to read is what information_schema says, whatever migrations were or were not taken.
import type { Log } from '../../kit/log.ts';
import type { Secret } from '../../kit/secret.ts';
import type { Queries } from '../database.ts';
import { postgresDatabase } from '../postgres-database.ts';

/** A table's columns that this account may read, and their types as information_schema names them. */
export type LitellmColumns = ReadonlyMap<string, string>;

export interface LitellmDatabase extends Queries {
  readonly schema: string;
  /** LiteLLM's tables that are there, by name. */
  readonly tables: ReadonlyMap<string, LitellmColumns>;
  /** Of LiteLLM's tables, those that are there and that this account may not read, or not every column of. */
  readonly unreadable: readonly string[];
  close(): Promise<void>;
}

/** Takes LiteLLM's DATABASE_URL and the schema its tables are in; looks what is there. Throws store_unavailable. */
export async function openLitellm(address: Secret, schema: string, log: Log): Promise<LitellmDatabase> {
  const database = postgresDatabase({ at: address.reveal(), log, poolSize: 2, readsOnly: true });
  const query: Queries['query'] = (sql, values, options) =>
    database.transaction((queries) => queries.query(sql, values, options), { snapshot: true });
  try {
    const [tables, unreadable] = [await tablesIn({ query }, schema), await unreadableIn({ query }, schema)];
    return { schema, tables, unreadable, query, close: () => database.close() };
  } catch (thrown) {
    await database.close();
    throw thrown;
  }
}

/** Takes LiteLLM's DATABASE_URL; returns the schema that Prisma is told of there (`?schema=`), or undefined. */
export function schemaIn(address: Secret): string | undefined {
  const text = address.reveal();
  return URL.canParse(text) ? (new URL(text).searchParams.get('schema') ?? undefined) : undefined;
}

/** Takes LiteLLM's DATABASE_URL; returns it without account and password, fit to print. */
export function shownAddress(address: Secret): string {
  const text = address.reveal();
  if (!URL.canParse(text)) return 'a database';
  const { host, pathname } = new URL(text);
  return `${host}${pathname}`;
}

async function tablesIn(queries: Queries, schema: string): Promise<ReadonlyMap<string, LitellmColumns>> {
  const rows = await queries.query<{ table: string; column: string; type: string }>(
    `select table_name::text as table, column_name::text as column, data_type::text as type
     from information_schema.columns where table_schema = $1 and table_name like 'LiteLLM\\_%' order by 1, ordinal_position`,
    [schema],
  );
  const tables = new Map<string, Map<string, string>>();
  for (const { table, column, type } of rows) {
    const columns = tables.get(table) ?? new Map<string, string>();
    tables.set(table, columns.set(column, type));
  }
  return tables;
}

async function unreadableIn(queries: Queries, schema: string): Promise<string[]> {
  const rows = await queries.query<{ table: string }>(
    `select c.relname::text as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname like 'LiteLLM\\_%' and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and not has_table_privilege(c.oid, 'select') order by 1`,
    [schema],
  );
  return rows.map(({ table }) => table);
}

/** Takes a name; returns it as SQL takes it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
