// A newer gateway brings the schema of a running one forward. Where it only adds, the older one goes on beside it and may be started
// again; where it does more, the older one still runs and is not started again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { tables } from '../../src/store/index.ts';
import { migrateTables } from '../../src/store/migrate.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import type { Step, Table } from '../../src/store/table.ts';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { ask, assertBalanced, chat, Load, newKey, readBooks, startUpstream, type Upstream } from './stand.ts';

const added: Step = {
  id: '2099-01-01-01-added',
  additive: true,
  sql: [
    'create table plumbline.skills (name text primary key)',
    ...['aliases', 'deployments', 'credentials', 'settings', 'keys', 'usage', 'usage_daily'].map(
      (table) => `alter table plumbline.${table} add column added_later jsonb not null default '{}'`,
    ),
  ],
};
const renamed: Step = { id: '2099-01-01-02-renamed', sql: ['alter table plumbline.skills rename to personas'] };

/** The tables as a newer version has them. */
function newer(...steps: Step[]): readonly Table[] {
  return [...tables, { name: 'skills', steps }];
}

describe("on Debian's PostgreSQL", { skip: whyNoDebianPostgres() }, () => {
  const folder = temporaryFolder();
  let upstream: Upstream;
  let debian: Awaited<ReturnType<typeof startDebianPostgres>>;
  let database: Database;
  let gateway: RunningGateway;
  const answered: string[] = [];
  const begin = () =>
    startGateway({ config: upstream.config, dataDirectory: folder.path, env: { DATABASE_URL: debian.url } });

  before(async () => {
    upstream = await startUpstream();
    debian = await startDebianPostgres();
    database = postgresDatabase({ at: debian.url, log: silentLog });
    gateway = await begin();
  });
  after(async () => {
    await gateway.stop('SIGKILL');
    await database.close();
    await debian.stop();
    upstream.stop();
    folder.remove();
  });

  async function everythingIsServed(): Promise<void> {
    const key = await newKey(gateway);
    const told = await chat(gateway, key);
    assert.equal(told.status, 200, told.body);
    answered.push(told.id);
    const alias = JSON.stringify({ name: `also-${answered.length}`, target: 'scripted' });
    const made = await ask(gateway, '/aliases', { body: alias });
    assert.equal(made.status, 200, made.body);
    assert.match((await ask(gateway, '/v1/models')).body, new RegExp(`also-${answered.length}`));
  }

  test('under load, a gateway does not notice that a newer one adds to its tables, and no row is lost', async () => {
    const load = new Load(gateway, 8);
    await load.reached(200);
    const results = await migrateTables(database, newer(added));
    assert.equal(results.at(-1)?.outcome, 'taken');
    await load.reached(400);
    await load.end();
    assert.equal(load.broken, 0);
    answered.push(...load.answered);
    await everythingIsServed();
  });

  test('it is started again beside the newer one, and says so', async () => {
    await gateway.stop();
    gateway = await begin();
    await until('it to be told', async () => gateway.output().includes('2099-01-01-01-added'));
    await everythingIsServed();
  });

  test('after a step that does more than add, it runs on and is not started again', async () => {
    await migrateTables(database, newer(added, renamed));
    await everythingIsServed();
    await assert.rejects(
      begin(),
      /steps that this gateway does not know: 2099-01-01-02-renamed[\s\S]*start the newer gateway/,
    );
    await everythingIsServed();
    await gateway.stop();
    assertBalanced(await readBooks({ dataDir: folder.path, url: debian.url }), answered);
  });
});
