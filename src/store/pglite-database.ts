// A Database over PGlite: PostgreSQL in WebAssembly, inside this process. For unit tests in memory, and on disk only where
// no server's binary runs. It has one connection, never syncs to disk and does not lock its folder, so we lock it.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import { GatewayError } from '../core/errors.ts';
import { tableMissing } from '../core/table-missing.ts';
import type { Log } from '../kit/log.ts';
import {
  type Database,
  type ListenHandlers,
  missingTableOf,
  type Queries,
  type TransactionOptions,
} from './database.ts';
import { lockDirectory } from './directory-lock.ts';
import { parsers } from './sql-values.ts';
import { StartRefused } from './start-refused.ts';

export interface PgliteOptions {
  readonly log: Log;
  /** The gateway's data folder; without it the database lives in memory and ends with the process. */
  readonly dataDir?: string;
}

export const pgliteWarning =
  'the database runs in PGlite, since no PostgreSQL binary runs here: a power cut can lose the newest rows or the whole ' +
  'database, and reports slow the gateway; set DATABASE_URL for anything you want to keep';

/** Takes where to keep it; returns the database. Throws StartRefused when another gateway holds the folder. */
export async function pgliteDatabase(options: PgliteOptions): Promise<Database> {
  if (options.dataDir === undefined) return over(await openPglite(undefined), () => undefined);
  const home = join(options.dataDir, 'pglite');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(home);
  try {
    const database = over(await openPglite(join(home, 'cluster')), () => lock.release());
    options.log.warn(pgliteWarning, { directory: home });
    return database;
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

async function openPglite(dataDir: string | undefined): Promise<PGlite> {
  const { PGlite } = await import('@electric-sql/pglite').catch((cause: unknown) => {
    throw new StartRefused(
      'there is no database: no server of ours for this machine, and PGlite is not installed either',
      'set DATABASE_URL to a PostgreSQL 14 or later, or install with optional packages',
      { cause },
    );
  });
  const pglite = await PGlite.create({ ...(dataDir === undefined ? {} : { dataDir }), parsers: { ...parsers } });
  await pglite.exec(`SET search_path = plumbline; SET timezone = 'UTC'; SET client_min_messages = 'warning'`);
  return pglite;
}

function over(pglite: PGlite, release: () => void): Database {
  return {
    kind: 'pglite',
    query: queriesOf(pglite).query,
    transaction: async (work, how = {}) => {
      refuseClosed(pglite);
      return pglite.transaction((inner) => runIn(inner, work, how));
    },
    listen: (channel, handlers) => listen(pglite, channel, handlers),
    close: async () => {
      if (!pglite.closed) await pglite.close();
      release();
    },
  };
}

async function runIn<T>(
  inner: Transaction,
  work: (queries: Queries) => Promise<T>,
  how: TransactionOptions,
): Promise<T> {
  const queries = queriesOf(inner);
  if (how.snapshot === true) await queries.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
  return work(queries);
}

function queriesOf(runner: PGlite | Transaction): Queries {
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) => {
      if (!('rollback' in runner)) refuseClosed(runner);
      const result = await runner.query<Row>(sql, [...values]).catch((thrown: unknown) => {
        const table = missingTableOf(thrown);
        throw table === undefined ? thrown : tableMissing(table, thrown);
      });
      return result.rows;
    },
  };
}

function refuseClosed(pglite: PGlite): void {
  if (pglite.closed) throw new GatewayError('store_unavailable', { cause: new Error('PGlite is closed') });
}

function listen(pglite: PGlite, channel: string, handlers: ListenHandlers): () => Promise<void> {
  const listening = pglite.listen(channel, handlers.onPayload).then((stop) => {
    handlers.onGap();
    return stop;
  });
  listening.catch((thrown: unknown) => handlers.onLost(new GatewayError('store_unavailable', { cause: thrown })));
  return async () => {
    const stop = await listening.catch(() => undefined);
    if (!pglite.closed) await stop?.();
  };
}
