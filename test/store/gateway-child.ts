// A process that stands for a gateway: opens the embedded database in the folder it is given, writes the rows it is given,
// says so in one line of JSON and lives until it is ended. SIGTERM stops it in good order.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLog } from '../../src/kit/log.ts';
import { startEmbedded } from '../../src/store/embedded-postgres.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';

const [dataDir = '', ...rows] = process.argv.slice(2);

function say(said: object): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

try {
  const server = await startEmbedded({ dataDir, log: silentLog });
  const database = postgresDatabase({ at: server.connection, log: silentLog });
  await database.query('create table if not exists public.kept (word text primary key)');
  for (const row of rows) await database.query('insert into public.kept values ($1)', [row]);
  const kept = await database.query<{ word: string }>('select word from public.kept order by word');
  const pidFile = join(server.directory, 'cluster', 'postmaster.pid');
  const postmaster = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0;
  process.once('SIGTERM', () => void database.close().then(() => server.stop()));
  const alive = setInterval(() => undefined, 60_000);
  process.once('SIGTERM', () => clearInterval(alive));
  say({ adopted: server.adopted, words: kept.map((row) => row.word), postmaster, uid: process.getuid?.() });
} catch (thrown) {
  say({ refused: String(thrown) });
}
