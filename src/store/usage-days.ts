// The days of usage and of contents: each has a table of its own, made before it begins and dropped when it is too old. Rows of a
// day without one stray into usage_strays (usage_contents_strays) and move when it is made. Invariant: no row is dropped but with its whole day.
import { type Clock, sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { Abort } from '../kit/signal.ts';
import type { Database, Queries } from './database.ts';

/** A table that is divided by day. */
export type DividedTable = 'usage' | 'usage_contents';

export interface UsageDaysOptions {
  readonly database: Database;
  readonly table: DividedTable;
  /** Whole days kept before today; 0 keeps all. */
  readonly retentionDays: number;
  readonly clock: Clock;
  readonly log: Log;
}

export interface UsageDays {
  close(): Promise<void>;
}

const dayMs = 86_400_000;
const daysAhead = 2;
const everyMs = 3_600_000;
const againMs = 60_000;
const dropped = {
  usage: 'a day of usage is dropped; its sums are kept',
  usage_contents: 'a day of contents is dropped',
} as const satisfies Record<DividedTable, string>;
const longestLockWait = '5s';
/** Names the lock that lets one gateway at a time change the days; any number will do as long as it stays. */
const turnLock = 7_215_862_312;

/** Takes how long days are kept; makes and drops days now and every hour until closed. */
export function keepUsageDays(options: UsageDaysOptions): UsageDays {
  const over = new Abort();
  const keeping = (async () => {
    while (!over.aborted) {
      const isDone = await attempt(options);
      await sleep(options.clock, isDone ? everyMs : againMs, over);
    }
  })();
  return {
    close: () => {
      over.abort();
      return keeping;
    },
  };
}

async function attempt(options: UsageDaysOptions): Promise<boolean> {
  try {
    await arrangeDays(options);
    return true;
  } catch (error) {
    const { log, table } = options;
    log.warn('the days of usage cannot be arranged; rows without one are kept apart', { table, error });
    return false;
  }
}

/** Takes how long days are kept; makes the missing ones and drops the old ones. Throws what the database says. */
export async function arrangeDays({ database, table, retentionDays, clock, log }: UsageDaysOptions): Promise<void> {
  const today = Math.floor(clock.now() / dayMs);
  const ahead = Array.from({ length: daysAhead + 1 }, (_, index) => today + index);
  const stray = await strayDays(database, table, today + daysAhead);
  const there = new Set(await daysThere(database, table));
  for (const day of new Set([...stray, ...ahead])) {
    if (!there.has(day)) await inTurn(database, (queries) => makeDay(queries, table, day));
  }
  if (retentionDays === 0) return;
  for (const day of (await daysThere(database, table)).filter((each) => each < today - retentionDays)) {
    await inTurn(database, (queries) => queries.query(`drop table if exists plumbline.${nameOf(table, day)}`));
    log.info(dropped[table], { day: textOf(day), retentionDays });
  }
}

function inTurn(database: Database, work: (queries: Queries) => Promise<unknown>): Promise<void> {
  return database.transaction(async (queries) => {
    await queries.query(`set local lock_timeout = '${longestLockWait}'`);
    await queries.query(`select pg_advisory_xact_lock(${turnLock})`);
    await work(queries);
  });
}

/** Made beside the table and joined to it, which holds up no writer of other days. */
async function makeDay(queries: Queries, table: DividedTable, day: number): Promise<void> {
  const part = `plumbline.${nameOf(table, day)}`;
  const [from, to] = [textOf(day), textOf(day + 1)].map((text) => `'${text} 00:00:00+00'::timestamptz`);
  const [found] = await queries.query<{ isThere: boolean }>(`select to_regclass('${part}') is not null as "isThere"`);
  if (found?.isThere === true) return;
  await queries.query(`lock table plumbline.${table}_strays in share row exclusive mode`);
  await queries.query(`create table ${part} (like plumbline.${table} including defaults including constraints)`);
  await queries.query(
    `with moved as (delete from plumbline.${table}_strays where started_at >= ${from} and started_at < ${to} returning *)
     insert into ${part} select * from moved`,
  );
  await queries.query(`alter table plumbline.${table} attach partition ${part} for values from (${from}) to (${to})`);
}

/** Days of the rows that strayed, those of a clock that is ahead left out. */
async function strayDays(queries: Queries, table: DividedTable, latest: number): Promise<readonly number[]> {
  const rows = await queries.query<{ day: string }>(
    `select distinct (started_at at time zone 'UTC')::date as day from plumbline.${table}_strays
     where started_at < '${textOf(latest + 1)} 00:00:00+00'`,
  );
  return rows.map(({ day }) => Date.parse(day) / dayMs);
}

async function daysThere(queries: Queries, table: DividedTable): Promise<readonly number[]> {
  const rows = await queries.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'plumbline.${table}'::regclass and c.relname ~ '^${table}_\\d{4}_\\d\\d_\\d\\d$' order by 1`,
  );
  return rows.map(({ name }) => Date.parse(name.slice(table.length + 1).replaceAll('_', '-')) / dayMs);
}

function textOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

function nameOf(table: DividedTable, day: number): string {
  return `${table}_${textOf(day).replaceAll('-', '_')}`;
}
