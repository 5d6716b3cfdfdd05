// A Database over PostgreSQL, through a pool of connections. Invariant: never more connections than configured, the one
// that listens included.

import pg from 'pg';
import { GatewayError } from '../core/errors.ts';
import { tableMissing } from '../core/table-missing.ts';
import type { Log } from '../kit/log.ts';
import type { Connection } from './connection.ts';
import {
  type Database,
  missingTableOf,
  type Queries,
  type QueryOptions,
  sqlStateOf,
  type TransactionOptions,
} from './database.ts';
import { listenOn } from './postgres-listener.ts';
import { parsers } from './sql-values.ts';

export interface PostgresOptions {
  /** An address (`postgresql://user:password@host/database`) or its parts. */
  readonly at: string | Connection;
  readonly log: Log;
  /** Connections at most, the listening one included; at least 2. */
  readonly poolSize?: number;
  /** True: the server refuses whatever would write. */
  readonly readsOnly?: boolean;
}

const defaultPoolSize = 10;
const connectPatienceMs = 5_000;
const keepAliveAfterMs = 10_000;
/** A query without an answer for so long means the database is away. */
const defaultPatienceMs = 30_000;

/** What our SQL relies on, whatever the server or the role has set. */
const sessionSettings = `
  SET search_path = plumbline; SET timezone = 'UTC'; SET datestyle = 'ISO'; SET client_min_messages = 'warning'`;

/** SQLSTATE classes and values that say: not now, not here, not with this account. */
const awayStates = /^(08|28|3D|53|57P0)|^25006$/;

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    parsers[oid] ?? pg.types.getTypeParser(oid, format as 'text'),
};

/** Takes where the database is; returns it. Nothing is connected before the first query. */
export function postgresDatabase(options: PostgresOptions): Database {
  const poolSize = Math.max(2, options.poolSize ?? defaultPoolSize);
  const config = connectionConfig(options.at);
  const onConnect = options.readsOnly === true ? prepareReader : prepareSession;
  const pool = new pg.Pool({ ...config, max: poolSize - 1, onConnect });
  pool.on('error', (thrown) => options.log.warn('a connection to the database was lost', { error: thrown }));
  let stopListening: (() => Promise<void>) | undefined;
  return {
    kind: 'postgres',
    query: queriesOf(pool).query,
    transaction: (work, how = {}) => transaction(pool, work, how),
    listen: (channel, handlers) => {
      if (stopListening !== undefined)
        throw new Error('this database is listened to already: one connection is kept for that');
      const stop = listenOn(() => new pg.Client(config), channel, handlers);
      stopListening = async () => {
        stopListening = undefined;
        await stop();
      };
      return stopListening;
    },
    close: async () => {
      await stopListening?.();
      await pool.end();
    },
  };
}

function connectionConfig(at: string | Connection): pg.ClientConfig {
  return {
    ...(typeof at === 'string' ? { connectionString: at } : at),
    application_name: 'plumbline',
    connectionTimeoutMillis: connectPatienceMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
    query_timeout: defaultPatienceMs,
    types,
  };
}

async function prepareSession(client: pg.ClientBase): Promise<void> {
  await client.query(sessionSettings);
}

async function prepareReader(client: pg.ClientBase): Promise<void> {
  await client.query(`${sessionSettings}; SET default_transaction_read_only = on; SET lock_timeout = '5s'`);
}

function queriesOf(runner: pg.Pool | pg.ClientBase): Queries {
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = [], how: QueryOptions = {}) => {
      const config = { text: sql, values: [...values], ...(how.name === undefined ? {} : { name: how.name }) };
      const timed = how.patienceMs === undefined ? config : { ...config, query_timeout: how.patienceMs };
      try {
        const result = await runner.query(timed);
        return result.rows as Row[];
      } catch (thrown) {
        throw understood(thrown);
      }
    },
  };
}

async function transaction<T>(
  pool: pg.Pool,
  work: (queries: Queries) => Promise<T>,
  { snapshot = false }: TransactionOptions,
): Promise<T> {
  const client = await pool.connect().catch((thrown: unknown) => {
    throw understood(thrown);
  });
  let failure: Error | undefined;
  const onError = (thrown: Error) => {
    failure = thrown;
  };
  client.on('error', onError);
  const queries = queriesOf(client);
  try {
    await queries.query(snapshot ? 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' : 'BEGIN');
    const result = await work(queries);
    await commit(client);
    return result;
  } catch (thrown) {
    failure ??= await rollback(queries);
    throw thrown;
  } finally {
    client.off('error', onError);
    client.release(failure);
  }
}

/** An aborted transaction answers COMMIT with ROLLBACK and no error: without a look, what was written would be gone unsaid. */
async function commit(client: pg.ClientBase): Promise<void> {
  const result = await client.query('COMMIT').catch((thrown: unknown) => {
    throw understood(thrown);
  });
  if (result.command !== 'COMMIT') throw new Error('the transaction was aborted by an error that was not passed on');
}

/** Returns what went wrong when even that failed: the connection is thrown away then. */
async function rollback(queries: Queries): Promise<Error | undefined> {
  try {
    await queries.query('ROLLBACK');
    return undefined;
  } catch (thrown) {
    return GatewayError.from(thrown);
  }
}

/**
 * Takes what a query threw; returns what our callers are told. The database's own verdict on a statement stays as it is,
 * and so does a value we cannot read (sql-values.ts); all else means that it is away.
 */
export function understood(thrown: unknown): unknown {
  if (thrown instanceof GatewayError || thrown instanceof RangeError || thrown instanceof SyntaxError) return thrown;
  const table = missingTableOf(thrown);
  if (table !== undefined) return tableMissing(table, thrown);
  const state = thrown instanceof pg.DatabaseError ? sqlStateOf(thrown) : undefined;
  if (state !== undefined && !awayStates.test(state)) return thrown;
  return new GatewayError('store_unavailable', { cause: thrown });
}
