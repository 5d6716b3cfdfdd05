// Contents of requests into the database, by the lines a journal keeps of them. Invariant: they are written once, however often a
// line is sent, and no line is longer than the journal takes.
import type { Contents } from '../core/records.ts';
import type { Queries } from './database.ts';
import { longestLine } from './journal/keep.ts';
import { writeAgain } from './write-again.ts';

/** Bytes of one body at most: half of one would read like a whole one. */
const longestBody = 256 * 1024;

/** Takes contents; returns their line, without its end. What is too long, and what no database holds, is left out. */
export function contentsLine({ requestId, startedAt, asked, answered }: Contents): string {
  const sent = { requestId, startedAt, asked: storable(asked), answered: storable(answered) };
  const line = JSON.stringify(sent);
  return Buffer.byteLength(line) < longestLine ? line : JSON.stringify({ requestId, startedAt });
}

function storable(body: Buffer | null): string | undefined {
  if (body === null || body.length > longestBody) return undefined;
  return body.toString('utf8').replaceAll('\0', '\uFFFD');
}

const insertSql = `insert into plumbline.usage_contents (request_id, started_at, asked, answered)
  select "requestId", to_timestamp("startedAt" / 1000), asked, answered
  from json_to_recordset(convert_from($1::bytea, 'UTF8')::json)
    as sent ("requestId" text, "startedAt" double precision, asked text, answered text)
  on conflict do nothing`;

const patienceMs = 10_000;

/** Takes contents as a JSON array of their lines, in UTF-8; writes those that are not written yet, all or none. */
export async function writeContents(queries: Queries, lines: Uint8Array): Promise<void> {
  await writeAgain(() => queries.query(insertSql, [lines], { name: 'write-contents', patienceMs }));
}
