// Rows of LiteLLM's tables, a page at a time, with whatever columns they have. Invariant: a column that is not there is not
// asked for, and a table that is not there has no rows: neither is a failure.
import { type LitellmDatabase, quoted } from './open-litellm.ts';

/** By column. Times are milliseconds since 1970; what is not there is undefined. */
export type LitellmRow = Readonly<Record<string, unknown>>;

const pageSize = 500;

/** Takes a database, a table and its key; yields its rows in the order of the key, those columns left out. */
export async function* litellmRows(
  database: LitellmDatabase,
  table: string,
  key: string,
  leftOut: readonly string[] = [],
): AsyncGenerator<LitellmRow> {
  const columns = database.tables.get(table);
  if (columns?.has(key) !== true) return;
  const selected = selection(columns, leftOut);
  const from = `${quoted(database.schema)}.${quoted(table)}`;
  for (let after: string | null = null; ; ) {
    const page: LitellmRow[] = await database.query<LitellmRow>(
      `select ${selected} from ${from} where $1::text is null or ${quoted(key)} > $1::text
       order by ${quoted(key)} limit ${pageSize}`,
      [after],
    );
    yield* page;
    const last = page.at(-1)?.[key];
    if (page.length < pageSize || typeof last !== 'string') return;
    after = last;
  }
}

/** Takes a database and a table; returns how many rows it has, undefined when there is no such table. */
export async function countLitellm(database: LitellmDatabase, table: string): Promise<number | undefined> {
  if (!database.tables.has(table)) return undefined;
  const [row] = await database.query<{ count: number }>(
    `select count(*) as count from ${quoted(database.schema)}.${quoted(table)}`,
  );
  return row?.count;
}

/** Takes the columns there are and those not wanted; returns what to select, each value in a type of ours. */
export function selection(columns: ReadonlyMap<string, string>, leftOut: readonly string[] = []): string {
  return [...columns]
    .filter(([name, type]) => type !== 'bytea' && !leftOut.includes(name))
    .map(([name, type]) => `${typed(quoted(name), type)} as ${quoted(name)}`)
    .join(', ');
}

/** LiteLLM's times are in UTC and do not say so; its large whole numbers are limits, near enough as they are rounded. */
function typed(name: string, type: string): string {
  if (type === 'timestamp without time zone') return `(${name} at time zone 'UTC')`;
  if (type === 'bigint') return `${name}::double precision`;
  return type === 'USER-DEFINED' ? `${name}::text` : name;
}
