// The store: the catalogue of its tables, and its front door. Opening changes nothing in a database; migrate does.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../kit/log.ts';
import type { Secret } from '../kit/secret.ts';
import type { Database } from './database.ts';
import { hasEmbedded, heldConnection, startEmbedded } from './embedded-postgres.ts';
import { compareSchema, migrateTables, type SchemaState, type StepResult } from './migrate.ts';
import { pgliteDatabase } from './pglite-database.ts';
import { postgresDatabase } from './postgres-database.ts';
import type { Table } from './table.ts';
import { adopted } from './tables/adopted.ts';
import { aliases } from './tables/aliases.ts';
import { canary } from './tables/canary.ts';
import { credentials } from './tables/credentials.ts';
import { deployments } from './tables/deployments.ts';
import { keys } from './tables/keys.ts';
import { settings } from './tables/settings.ts';
import { toolServers } from './tables/tool-servers.ts';
import { usage } from './tables/usage.ts';
import { usageContents } from './tables/usage-contents.ts';
import { usageDaily } from './tables/usage-daily.ts';

export const tables: readonly Table[] = [
  keys,
  canary,
  credentials,
  aliases,
  deployments,
  settings,
  toolServers,
  usage,
  usageDaily,
  usageContents,
  adopted,
];

export interface StoreOptions {
  /** `postgresql://…`; without it the gateway's own PostgreSQL runs in the data folder. */
  readonly databaseUrl?: Secret;
  readonly dataDir: string;
  /** Connections at most. */
  readonly poolSize?: number;
  /** True: another process of this gateway holds the embedded server; this one only connects. */
  readonly isHeld?: boolean;
  readonly log: Log;
}

export interface Store {
  readonly database: Database;
  /** What it is, for the start banner. */
  readonly kind: 'external' | 'embedded' | 'pglite';
  /** The folder it is kept in; undefined when it is somebody else's server. */
  readonly directory: string | undefined;
  /** Tells somebody else's server and database from others, its account and password left out; undefined when it is ours. */
  readonly mark: string | undefined;
  /** Closes the connections, and stops the server when it is ours. */
  close(): Promise<void>;
}

/** Takes where to find or keep the database; opens it. Throws StartRefused (see startEmbedded and pgliteDatabase). */
export async function open(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDir, log } = options;
  const pool = options.poolSize === undefined ? { log } : { log, poolSize: options.poolSize };
  if (databaseUrl !== undefined) {
    const database = postgresDatabase({ ...pool, at: databaseUrl.reveal() });
    return {
      database,
      kind: 'external',
      directory: undefined,
      mark: markOf(databaseUrl),
      close: () => database.close(),
    };
  }
  if (!hasEmbedded() && !existsSync(join(dataDir, 'postgres'))) {
    const database = await pgliteDatabase({ dataDir, log });
    return {
      database,
      kind: 'pglite',
      directory: join(dataDir, 'pglite'),
      mark: undefined,
      close: () => database.close(),
    };
  }
  if (options.isHeld === true) {
    const database = postgresDatabase({ ...pool, at: heldConnection({ dataDir, log }) });
    const directory = join(dataDir, 'postgres');
    return { database, kind: 'embedded', directory, mark: undefined, close: () => database.close() };
  }
  const server = await startEmbedded({ dataDir, log });
  const database = postgresDatabase({ ...pool, at: server.connection });
  const close = async () => {
    await database.close();
    await server.stop();
  };
  return { database, kind: 'embedded', directory: server.directory, mark: undefined, close };
}

function markOf(address: Secret): string {
  const text = address.reveal();
  const { host, pathname, search } = URL.canParse(text) ? new URL(text) : { host: text, pathname: '', search: '' };
  return createHash('sha256').update(`${host}${pathname}${search}`).digest('hex').slice(0, 16);
}

/** Takes a database; brings it up to the code's schema (see migrateTables). */
export function migrate(database: Database): Promise<readonly StepResult[]> {
  return migrateTables(database, tables);
}

/** Takes a database; says how its schema compares with the code's, and changes nothing. */
export function compare(database: Database): Promise<SchemaState> {
  return compareSchema(database, tables);
}
