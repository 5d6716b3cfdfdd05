// A table of the database is gone, while the gateway runs and when it starts: what needs it says which one and how it comes back,
// and everything else is served.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/kit/log.ts';
import type { Database } from '../../src/store/database.ts';
import { postgresDatabase } from '../../src/store/postgres-database.ts';
import { typed } from '../cli/typed.ts';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';
import { until } from '../store/until.ts';
import { ask, chat, newKey, readiness, startUpstream, type Told, type Upstream } from './stand.ts';

const saltKey = 'the-salt-key-of-this-test-0123456789';

const model = (name: string): string =>
  JSON.stringify({
    model_name: name,
    litellm_params: { model: 'openai/x', api_key: 'sk-none', api_base: 'http://127.0.0.1:9/v1' },
  });

/** Settings may name aliases, so they are written with those held. What cannot be done without each table; `atStart`: what the models of a file need, when it is gone before the start. */
const needs: Readonly<Record<string, { readonly running: readonly string[]; readonly atStart: readonly string[] }>> = {
  keys: { running: ['a new key'], atStart: ['a new key', 'chat with a key', 'chat with an unknown key'] },
  credentials: { running: ['a new model'], atStart: ['a new model', 'chat', 'chat with a key'] },
  aliases: {
    running: ['a new model', 'a new setting'],
    atStart: ['a new model', 'a new setting', 'chat', 'chat with a key'],
  },
  deployments: { running: ['a new model'], atStart: ['a new model', 'chat', 'chat with a key'] },
  settings: { running: ['a new setting'], atStart: ['a new setting'] },
  // Told, and shown as not known; nothing else needs it while MCP is not served.
  tool_servers: { running: [], atStart: [] },
  canary: { running: ['a new model'], atStart: ['a new model'] },
  usage: { running: ['rows of usage'], atStart: ['rows of usage'] },
  usage_daily: { running: ['sums of usage'], atStart: ['sums of usage'] },
};

describe("on Debian's PostgreSQL", { skip: whyNoDebianPostgres() }, () => {
  const folder = temporaryFolder();
  let upstream: Upstream;
  let debian: Awaited<ReturnType<typeof startDebianPostgres>>;
  let gateway: RunningGateway;
  let database: Database;
  let key = '';
  let made = 0;

  const begin = () =>
    startGateway({
      config: upstream.config,
      dataDirectory: folder.path,
      env: { DATABASE_URL: debian.url, PLUMBLINE_SALT_KEY: saltKey, PLUMBLINE_GRACE_MS: '500' },
    });
  before(async () => {
    upstream = await startUpstream();
    debian = await startDebianPostgres();
    database = postgresDatabase({ at: debian.url, log: silentLog });
    gateway = await begin();
    key = await newKey(gateway);
    assert.equal((await chat(gateway, key)).status, 200);
  });
  after(async () => {
    await gateway.stop('SIGKILL');
    await database.close();
    await debian.stop();
    upstream.stop();
    folder.remove();
  });

  const features: Readonly<Record<string, () => Promise<Told>>> = {
    liveness: () => ask(gateway, '/healthz'),
    models: () => ask(gateway, '/v1/models'),
    metrics: () => ask(gateway, '/metrics'),
    chat: () => chat(gateway),
    'chat with a key': () => chat(gateway, key),
    'a new key': () => ask(gateway, '/key/generate', { body: '{}' }),
    'a new model': () => ask(gateway, '/model/new', { body: model(`m${made++}`) }),
    'a new setting': () =>
      ask(gateway, '/config/update', { body: JSON.stringify({ router_settings: { allowed_fails: made++ } }) }),
    'rows of usage': () => ask(gateway, '/spend/logs'),
    'sums of usage': () => ask(gateway, '/global/activity?start_date=2026-01-01&end_date=2026-12-31'),
  };

  /** Calls everything; what is refused names the table. */
  async function refusedFor(table: string): Promise<string[]> {
    const refused: string[] = [];
    for (const [name, call] of Object.entries(features)) {
      const { status, body } = await call();
      if (status === 200) continue;
      assert.equal(status, 503, `${name}: ${body}`);
      assert.match(
        body,
        new RegExp(`table_missing.*plumbline\\.${table}\\b|plumbline\\.${table}\\b.*table_missing`),
        name,
      );
      assert.match(body, /pg_restore/);
      refused.push(name);
    }
    return refused;
  }

  for (const [table, { running, atStart }] of Object.entries(needs)) {
    test(`without the table ${table} what needs it is refused by its name, and works again when it is back`, async () => {
      assert.deepEqual(await refusedFor('none'), []);
      await database.query(`alter table plumbline.${table} rename to gone`);
      await database.query(`select pg_notify('plumbline_changed', '')`);
      assert.deepEqual((await refusedFor(table)).toSorted(), [...running].toSorted());
      await until('readiness to tell', async () =>
        (await readiness(gateway)).reasons.join().includes(`plumbline.${table}`),
      );
      await gateway.stop();
      gateway = await begin();
      const unknown = await chat(gateway, 'sk-nobody-knows');
      assert.equal(unknown.status, table === 'keys' ? 503 : 401, unknown.body);
      const refused = [...(await refusedFor(table)), ...(unknown.status === 503 ? ['chat with an unknown key'] : [])];
      assert.deepEqual(refused.toSorted(), [...atStart].toSorted());
      await database.query(`alter table plumbline.gone rename to ${table}`);
      await until('the table to be noticed', async () => (await readiness(gateway)).status === 'ready');
    });
  }

  test('without the table tool_servers a file is read again and applied, all but its tool servers', async () => {
    const file = gateway.child.spawnargs[gateway.child.spawnargs.indexOf('--config') + 1] ?? '';
    const tools = 'mcp_servers: {exa: {url: "http://127.0.0.1:9/mcp"}}\n';
    const apply = (text: string) => {
      const path = join(folder.path, 'applied.yaml');
      writeFileSync(path, text);
      const environment = { DATABASE_URL: debian.url, PLUMBLINE_SALT_KEY: saltKey };
      return typed(['apply', path, '--data-dir', folder.path], environment);
    };
    await database.query('alter table plumbline.tool_servers rename to gone');
    try {
      writeFileSync(file, `${upstream.config.replaceAll('scripted', 'renamed')}${tools}`);
      process.kill(gateway.child.pid ?? 0, 'SIGHUP');
      await until('the file to be read again', async () => /"renamed"/.test((await ask(gateway, '/v1/models')).body));
      const refused = await apply(`${upstream.config}${tools}`);
      assert.equal(refused.code, 1, refused.errors);
      assert.match(refused.errors, /plumbline\.tool_servers\. Bring it back from a backup.*\n.*nothing was changed/);
      const applied = await apply(upstream.config);
      assert.equal(applied.code, 0, applied.errors);
      await until('it to be served', async () => /"scripted"/.test((await ask(gateway, '/v1/models')).body));
    } finally {
      await database.query('alter table plumbline.gone rename to tool_servers');
    }
  });
});
