// Every column that holds sealed values, so that whoever turns to all of them (a change of the salt key, a count) forgets none.
// Invariant: a column with a check for the mark of sealed texts stands here (test/store holds the schema to it).
import type { Queries } from './database.ts';
import { credentialPlace, toolServerPlace } from './sealed-place.ts';

/** A jsonb column that holds sealed texts by field. */
export interface SealedColumn {
  /** In full: `plumbline.credentials`. */
  readonly table: string;
  /** Unique and never changed: rows are visited in its order. */
  readonly id: string;
  /** What rows are called by people. */
  readonly name: string;
  readonly column: string;
  /** Takes a row's name and a field; returns the place its value is bound to. */
  readonly place: (name: string, field: string) => string;
}

export const sealedColumns: readonly SealedColumn[] = [
  { table: 'plumbline.credentials', id: 'id', name: 'name', column: 'sealed', place: credentialPlace },
  { table: 'plumbline.tool_servers', id: 'id', name: 'name', column: 'sealed', place: toolServerPlace },
];

export interface SealedRow {
  readonly id: string;
  readonly name: string;
  readonly sealed: Readonly<Record<string, string>>;
}

export interface Page {
  /** The last id of the page before. */
  readonly after: string;
  readonly size: number;
}

/** Takes a column and, for a part of it, a page; returns its rows in the order of their ids. */
export function sealedRows(queries: Queries, shape: SealedColumn, page?: Page): Promise<SealedRow[]> {
  const { table, id, name, column } = shape;
  const from = `select ${id}::text as id, ${name} as name, ${column} as sealed from ${table}`;
  if (page === undefined) return queries.query<SealedRow>(`${from} order by ${id}::text collate "C"`);
  return queries.query<SealedRow>(
    `${from} where ${id}::text collate "C" > $1 order by ${id}::text collate "C" limit $2 for update`,
    [page.after, page.size],
  );
}

/** Takes a column, a row's id and all its sealed texts; writes these and nothing else. */
export async function writeSealed(
  queries: Queries,
  { table, id, column }: SealedColumn,
  row: Pick<SealedRow, 'id' | 'sealed'>,
): Promise<void> {
  await queries.query(`update ${table} set ${column} = $2::jsonb where ${id}::text = $1`, [
    row.id,
    JSON.stringify(row.sealed),
  ]);
}
