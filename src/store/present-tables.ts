// Which tables are there. A database may have lost one: what needs it is refused by its name, and all else is served.
import type { Queries } from './database.ts';

/** Takes names of tables; returns those that are not in the database. */
export async function missingTables(queries: Queries, names: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await queries.query<{ name: string }>(
    `select name from unnest($1::text[]) as name where to_regclass('plumbline.' || name) is null`,
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}
