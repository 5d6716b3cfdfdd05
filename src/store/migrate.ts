// Bringing a schema up to date, in dated steps: forward only, each whole or not at all, one gateway at a time.
// Invariants: looking never changes anything; a database that a newer gateway has changed is left alone, unless all it did was to add.
import { createHash } from 'node:crypto';
import { type Database, type Queries, sqlStateOf } from './database.ts';
import { StartRefused } from './start-refused.ts';
import type { Step, Table } from './table.ts';

/** How a database compares with the code; ids of steps. */
export interface SchemaState {
  /** Known to the code, not taken yet. */
  readonly missing: readonly string[];
  /** Taken, and not known to the code: a newer gateway was here, and this one cannot run beside it. */
  readonly unknown: readonly string[];
  /** Taken by a newer gateway that this one can run beside. */
  readonly beside: readonly string[];
  /** Taken with another text than the code has now. */
  readonly changed: readonly string[];
}

export interface StepResult {
  readonly id: string;
  readonly table: string;
  /** `already`: it was taken before, by an earlier start or by another gateway just now. */
  readonly outcome: 'taken' | 'already';
}

interface PlannedStep extends Step {
  readonly table: string;
  readonly checksum: string;
}

const oldestServer = 140_000;
const longestLockWait = '5s';
const longestTurnWait = '10min';
const stepPatienceMs = 3_600_000;

/** Names the lock that gives one gateway its turn; any number will do as long as it stays. */
const turnLock = 7_215_862_311;

const ledgerSql = `create table if not exists plumbline.steps (
  id text primary key,
  table_name text not null,
  checksum text not null,
  taken_at timestamptz not null default now(),
  additive boolean not null default false
)`;
/** Ledgers of before did not say it. */
const ledgerColumnSql = 'alter table plumbline.steps add column if not exists additive boolean not null default false';

/** Takes a database and the tables of the code; says how they compare, and changes nothing. */
export async function compareSchema(database: Queries, tables: readonly Table[]): Promise<SchemaState> {
  const planned = plan(tables);
  const taken = await readLedger(database);
  const known = new Set(planned.map((step) => step.id));
  const newer = [...taken.values()].filter(({ id }) => !known.has(id));
  return {
    missing: planned.filter((step) => !taken.has(step.id)).map((step) => step.id),
    unknown: newer.filter(({ additive }) => !additive).map(({ id }) => id),
    beside: newer.filter(({ additive }) => additive).map(({ id }) => id),
    changed: planned
      .filter((step) => taken.has(step.id) && taken.get(step.id)?.checksum !== step.checksum)
      .map((step) => step.id),
  };
}

/**
 * Takes a database and the tables of the code; takes the missing steps in the order of their dates and returns what
 * happened to each. Throws StartRefused: the server is too old or not in UTF-8, the schema is newer than the code or not
 * the one the code knows, or a step failed (its statement named; steps before it stay taken).
 */
export async function migrateTables(database: Database, tables: readonly Table[]): Promise<readonly StepResult[]> {
  await refuseServer(database);
  const state = await compareSchema(database, tables);
  refuseSchema(state);
  const planned = plan(tables);
  if (state.missing.length > 0) await makeLedger(database);
  const results: StepResult[] = [];
  for (const step of planned) {
    const isMissing = state.missing.includes(step.id);
    const outcome = isMissing ? await take(database, step) : 'already';
    results.push({ id: step.id, table: step.table, outcome });
  }
  return results;
}

/** All steps of all tables, in the order of their ids. */
function plan(tables: readonly Table[]): readonly PlannedStep[] {
  return tables
    .flatMap((table) => table.steps.map((step) => ({ ...step, table: table.name, checksum: checksumOf(step) })))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** Layout does not count: the same words in the same order are the same step. */
function checksumOf(step: Step): string {
  const words = step.sql.map((statement) => statement.split(/\s+/).join(' ').trim());
  return createHash('sha256').update(JSON.stringify(words)).digest('hex');
}

interface TakenStep {
  readonly id: string;
  readonly checksum: string;
  readonly additive: boolean;
}

async function readLedger(queries: Queries): Promise<ReadonlyMap<string, TakenStep>> {
  const [found] = await queries.query<{ isThere: boolean }>(
    `select to_regclass('plumbline.steps') is not null as "isThere"`,
  );
  if (found?.isThere !== true) return new Map();
  const rows = await queries.query<TakenStep>(
    `select id, checksum, coalesce((to_jsonb(steps) ->> 'additive')::boolean, false) as additive
     from plumbline.steps order by id`,
  );
  return new Map(rows.map((row) => [row.id, row]));
}

async function refuseServer(queries: Queries): Promise<void> {
  const [server] = await queries.query<{ version: number; encoding: string }>(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
  );
  if (server !== undefined && server.version < oldestServer) {
    throw new StartRefused(
      `the database server is PostgreSQL ${Math.floor(server.version / 10_000)}`,
      'use PostgreSQL 14 or later',
    );
  }
  if (server !== undefined && server.encoding !== 'UTF8') {
    throw new StartRefused(`the database is encoded in ${server.encoding}`, 'use a database made with encoding UTF8');
  }
}

function refuseSchema(state: SchemaState): void {
  if (state.unknown.length > 0) {
    throw new StartRefused(
      `the database has steps that this gateway does not know: ${state.unknown.join(', ')}`,
      'start the newer gateway that took them',
    );
  }
  if (state.changed.length > 0) {
    throw new StartRefused(
      `steps of the database were taken with another text than this gateway has: ${state.changed.join(', ')}`,
      'start a released gateway: a released step is never edited',
    );
  }
}

/**
 * `create schema if not exists` asks for rights even when it is there, so it is looked for first: in the catalogue itself,
 * since to_regnamespace may answer from a cache that has not heard of the gateway before us in the queue.
 */
async function makeLedger(database: Database): Promise<void> {
  await inTurn(database, async (queries) => {
    const found = await queries.query(`select 1 from pg_catalog.pg_namespace where nspname = 'plumbline'`);
    if (found.length === 0) await run(queries, 'ledger', 'create schema plumbline');
    await run(queries, 'ledger', ledgerSql);
    await run(queries, 'ledger', ledgerColumnSql);
  });
}

async function take(database: Database, step: PlannedStep): Promise<StepResult['outcome']> {
  return inTurn(database, async (queries) => {
    const taken = await queries.query('select 1 from plumbline.steps where id = $1', [step.id]);
    if (taken.length > 0) return 'already';
    for (const statement of step.sql) await run(queries, step.id, statement);
    await queries.query('insert into plumbline.steps (id, table_name, checksum, additive) values ($1, $2, $3, $4)', [
      step.id,
      step.table,
      step.checksum,
      step.additive === true,
    ]);
    return 'taken';
  });
}

/** Waits long for another gateway's step, and only shortly for a lock on a table that is in use. */
function inTurn<T>(database: Database, work: (queries: Queries) => Promise<T>): Promise<T> {
  return database.transaction(async (queries) => {
    await queries.query(`set local lock_timeout = '${longestTurnWait}'`);
    await queries.query(`select pg_advisory_xact_lock(${turnLock})`, [], { patienceMs: stepPatienceMs });
    await queries.query(`set local lock_timeout = '${longestLockWait}'`);
    return work(queries);
  });
}

async function run(queries: Queries, id: string, statement: string): Promise<void> {
  try {
    await queries.query(statement, [], { patienceMs: stepPatienceMs });
  } catch (thrown) {
    if (sqlStateOf(thrown) === undefined) throw thrown;
    throw new StartRefused(
      `the step ${id} failed: ${(thrown as Error).message}; its statement: ${statement.split(/\s+/).join(' ').trim()}`,
      'mend what the database says and start again; nothing of this step was kept',
      { cause: thrown },
    );
  }
}
