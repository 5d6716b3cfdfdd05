// Usage rows into the database: the row, its day's sums and its tags' sums in one statement, so they never differ.
// Invariants: a row is encoded once, as the line the journal keeps, and the lines go to the database as they are; a request
// id counts once however often it is sent; sums are touched in one order by all writers, so they never block in a circle.
import type { UsageRow } from '../core/records.ts';
import type { Queries } from './database.ts';
import { rowColumns, tokenColumns } from './tables/usage.ts';
import { dailyDimensions, dailySums, tagDimensions } from './tables/usage-daily.ts';
import { usageLine } from './usage-line.ts';
import { writeAgain } from './write-again.ts';

/** What a line leaves out (usage-line.ts), by column. */
const leftOut: Readonly<Record<string, string>> = {
  stream: 'false',
  usage_partial: 'false',
  fallbacks: '0',
  tags: "'{}'",
  dropped_parameters: "'{}'",
};

const sent = [
  ...rowColumns.map(([, type, field]) => `"${field}" ${type === 'timestamptz' ? 'double precision' : type}`),
  ...tokenColumns.map(([, field]) => `"${field}" bigint`),
];
const rowValues = rowColumns.map(([name, type, field]) => {
  if (type === 'timestamptz') return `to_timestamp("${field}" / 1000)`;
  return leftOut[name] === undefined ? `"${field}"` : `coalesce("${field}", ${leftOut[name]})`;
});
/** Tokens that were reported without this kind are none of it; `input` is always there when any are. */
const tokenValues = tokenColumns.map(([, field]) => `coalesce("${field}", 0 * "input")`);
const names = [...rowColumns, ...tokenColumns].map(([name]) => name);
const summedColumns = [
  ...new Set(['started_at', 'tags', 'outcome', 'cost', ...dailyDimensions, ...tokenColumns.map(([name]) => name)]),
];

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
    select * from json_to_recordset(convert_from($1::bytea, 'UTF8')::json) as sent (${sent.join(', ')})),
  written as (
    insert into plumbline.usage (${names.join(', ')})
    select ${[...rowValues, ...tokenValues].join(', ')} from sent
    on conflict do nothing returning ${summedColumns.join(', ')}),
  by_day as (${addTo('usage_daily', dailyDimensions, 'written')}),
  by_tag as (${addTo('usage_daily_tags', tagDimensions, tagged)})
  select count(*) as written from written`;

const patienceMs = 10_000;

/**
 * Takes rows as a JSON array of their lines, in UTF-8; writes those whose request id is not written yet, all or none. Returns
 * how many were. What met another writer is tried again (write-again.ts).
 */
export async function writeUsage(queries: Queries, lines: Uint8Array): Promise<number> {
  const how = { name: 'write-usage', patienceMs };
  const [result] = await writeAgain(() => queries.query<{ written: number }>(insertSql, [lines], how));
  return result?.written ?? 0;
}

/** Takes rows; writes them as writeUsage does. For those who have no lines: tests, imports. */
export function insertUsage(queries: Queries, rows: readonly UsageRow[]): Promise<number> {
  return writeUsage(queries, Buffer.from(`[${rows.map(usageLine).join(',')}]`));
}
