// Usage rows into the database: the row, its day's sums and its tags' sums in one statement, so they never differ.
// Invariants: a row is encoded once, as the line the journal keeps, and the lines go to the database as they are; a request
// id counts once however often it is sent; sums are touched in one order by all writers, so they never block in a circle.
import type { UsageRow } from '../core/records.ts';
import { type Queries, sqlStateOf, sqlStates } from './database.ts';
import { rowColumns, tokenColumns } from './tables/usage.ts';
import { dailyDimensions, dailySums, tagDimensions } from './tables/usage-daily.ts';

/** What JSON writes as an escape and PostgreSQL's text cannot hold: zero characters and halves of pairs. */
const suspicious = '\\u';

/** Takes a row; returns it as one line of JSON, without the line's end. What no database holds becomes U+FFFD. */
export function usageLine(row: UsageRow): string {
  const line = JSON.stringify(row);
  return line.includes(suspicious) ? JSON.stringify(row, storable) : line;
}

function storable(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value;
}

const sentTypes: Readonly<Record<string, string>> = { timestamptz: 'double precision' };
const sent = rowColumns.map(([, type, field]) => `"${field}" ${sentTypes[type] ?? type}`);
const rowValues = rowColumns.map(([, type, field]) =>
  type === 'timestamptz' ? `to_timestamp("${field}" / 1000)` : `"${field}"`,
);
const tokenValues = tokenColumns.map(([, field]) => `round((usage->>'${field}')::numeric)::bigint`);
const names = [...rowColumns, ...tokenColumns].map(([name]) => name);

const sumNames = dailySums.map(([name]) => name);
const summed = dailySums.map(([name, adds]) => `coalesce(sum(${adds}), 0) as ${name}`);
const added = sumNames.map((name) => `${name} = kept.${name} + excluded.${name}`);

/** Takes a table of sums, its dimensions and where the rows come from; returns the statement that adds them. */
function addTo(table: string, dimensions: readonly string[], source: string): string {
  const own = dimensions.join(', ');
  return `insert into plumbline.${table} as kept (day, place, ${own}, ${sumNames.join(', ')})
    select (started_at at time zone 'UTC')::date as day, md5(jsonb_build_array(${own})::text)::uuid as place, ${own},
      ${summed.join(', ')}
    from ${source} group by day, place, ${own} order by day, place
    on conflict (day, place) do update set ${added.join(', ')}`;
}

const tagged = 'written cross join lateral (select distinct tag from unnest(tags) as carried (tag)) as carried';

const insertSql = `with sent as (
    select * from json_to_recordset(convert_from($1::bytea, 'UTF8')::json) as sent (${sent.join(', ')}, usage jsonb)),
  written as (
    insert into plumbline.usage (${names.join(', ')})
    select ${[...rowValues, ...tokenValues].join(', ')} from sent
    on conflict do nothing returning *),
  by_day as (${addTo('usage_daily', dailyDimensions, 'written')}),
  by_tag as (${addTo('usage_daily_tags', tagDimensions, tagged)})
  select count(*) as written from written`;

const mostTries = 5;
const patienceMs = 10_000;

/**
 * Takes rows as a JSON array of their lines, in UTF-8; writes those whose request id is not written yet, all or none. Returns
 * how many were. A deadlock or a conflict of transactions is tried again, five times at most.
 */
export async function writeUsage(queries: Queries, lines: Uint8Array): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      const [result] = await queries.query<{ written: number }>(insertSql, [lines], {
        name: 'write-usage',
        patienceMs,
      });
      return result?.written ?? 0;
    } catch (thrown) {
      if (tries === mostTries || !isConflict(thrown)) throw thrown;
    }
  }
}

/** Takes rows; writes them as writeUsage does. For those who have no lines: tests, imports. */
export function insertUsage(queries: Queries, rows: readonly UsageRow[]): Promise<number> {
  return writeUsage(queries, Buffer.from(`[${rows.map(usageLine).join(',')}]`));
}

function isConflict(thrown: unknown): boolean {
  const state = sqlStateOf(thrown);
  return state === sqlStates.deadlock || state === sqlStates.serialization;
}
