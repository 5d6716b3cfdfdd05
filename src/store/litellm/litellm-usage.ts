// LiteLLM's spend log, a page at a time in the order of its index, so that a table of any size is read in constant memory and
// nothing is held meanwhile. Prompts and answers are never asked for.
import { type LitellmRow, selection } from './litellm-rows.ts';
import { type LitellmDatabase, quoted } from './open-litellm.ts';

const table = 'LiteLLM_SpendLogs';
const pageSize = 2000;
const patienceMs = 300_000;
const leftOut = ['messages', 'response', 'proxy_server_request'];

/** Takes a database and since when (milliseconds); yields pages of rows that began then or later, in the order of an index. */
export async function* litellmUsage(database: LitellmDatabase, since: number): AsyncGenerator<readonly LitellmRow[]> {
  const columns = database.tables.get(table);
  if (columns?.has('request_id') !== true || !columns.has('startTime')) return;
  const name = `${quoted(database.schema)}.${quoted(table)}`;
  const byTime = await isIndexed(database, name);
  const next = byTime
    ? '("startTime", request_id) > ($2::timestamp, $3) order by "startTime", request_id'
    : '$2::timestamp is not null and request_id > $3 order by request_id';
  const sql = `select ${selection(columns, leftOut)}, "startTime"::text as "at" from ${name}
    where "startTime" >= $1::timestamp and ${next} limit ${pageSize}`;
  const begin = new Date(since).toISOString().replace('Z', '');
  let after: readonly [string, string] = [begin, ''];
  for (;;) {
    const page: LitellmRow[] = await database.query<LitellmRow>(sql, [begin, ...after], { patienceMs });
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (page.length < pageSize || last === undefined) return;
    after = [String(last['at']), String(last['request_id'])];
  }
}

/** Without its index, a page by time would read the whole log each time; then the primary key leads. */
async function isIndexed(database: LitellmDatabase, name: string): Promise<boolean> {
  const [row] = await database.query<{ found: boolean }>(
    `select exists (select from pg_index x join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
       where x.indrelid = $1::regclass and a.attname = 'startTime' and x.indisvalid and x.indpred is null) as found`,
    [name],
  );
  return row?.found === true;
}

/** Takes a database; returns about how many rows its spend log has, as the server estimates it; undefined: no such table. */
export async function estimateUsage(database: LitellmDatabase): Promise<number | undefined> {
  if (!database.tables.has(table)) return undefined;
  const [row] = await database.query<{ about: number }>(
    'select reltuples::float8 as about from pg_class where oid = $1::regclass',
    [`${quoted(database.schema)}.${quoted(table)}`],
  );
  return Math.max(0, Math.round(row?.about ?? 0));
}
