// The same cases on every database the store speaks to: PGlite in memory, the embedded PostgreSQL, Debian's PostgreSQL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { silentLog } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { hasEmbedded, startEmbedded } from '../../src/store/embedded-postgres.ts';
import { pgliteDatabase } from '../../src/store/pglite-database.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { databaseCases } from './database-cases.ts';
import { noDebianPostgres, startDebianPostgres } from './debian-postgres.ts';
import { fallbackCases, fallbackRaces } from './fallback-cases.ts';
import { liveCases } from './live-cases.ts';
import { migrateCases } from './migrate-cases.ts';
import { reportCases } from './report-cases.ts';
import { sealingCases } from './sealing-cases.ts';
import { tableCases } from './table-cases.ts';
import { toolCases } from './tool-cases.ts';
import { usageDayCases } from './usage-day-cases.ts';

interface Opened {
  readonly database: Database;
  readonly stop: () => Promise<void>;
}

const log = silentLog;
const noEmbedded = hasEmbedded() ? false : 'no PostgreSQL binaries are installed for this platform';

/** One connection has no two transactions. */
const single = 'PGlite in memory';

onDatabase(single, false, async () => {
  return { database: await pgliteDatabase({ log }), stop: async () => undefined };
});

onDatabase('the embedded PostgreSQL', noEmbedded, async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'plumbline-test-'));
  const server = await startEmbedded({ dataDir, log });
  const stop = async () => {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { database: postgresDatabase({ at: server.connection, log }), stop };
});

onDatabase("Debian's PostgreSQL", noDebianPostgres, async () => {
  const server = await startDebianPostgres();
  return { database: postgresDatabase({ at: server.url, log }), stop: () => server.stop() };
});

function onDatabase(name: string, skip: string | false, open: () => Promise<Opened>): void {
  describe(`on ${name}`, { skip }, () => {
    let opened: Opened | undefined;
    const database = () => {
      if (opened === undefined) throw new Error('the database is not open');
      return opened.database;
    };
    before(async () => {
      opened = await open();
    });
    after(async () => {
      await opened?.database.close();
      await opened?.stop();
    });
    databaseCases(database);
    migrateCases(database);
    tableCases(database);
    fallbackCases(database);
    if (name !== single) fallbackRaces(database);
    toolCases(database);
    sealingCases(database);
    usageDayCases(database);
    reportCases(database);
    liveCases(database);
  });
}
