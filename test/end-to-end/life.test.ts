// The gateway's life on each database: the real process, on the embedded PostgreSQL and on Debian's, stopped and killed.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { UsageRow } from '../../src/core/records.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { open } from '../../src/store/index.ts';
import { recentUsage } from '../../src/store/tables/usage.ts';
import { startDebianPostgres, whyNoDebianPostgres } from '../real/debian-postgres.ts';
import { type RunningGateway, startGateway } from '../real/gateway.ts';
import { temporaryFolder } from '../real/temporary-folder.ts';

const config = `
model_list:
  - model_name: canned
    litellm_params: {model: openai/gpt-4o-mini, api_key: sk-none, mock_response: well said}
  - model_name: other
    litellm_params: {model: openai/gpt-4o-mini, api_key: sk-none, mock_response: something else}
`;

interface Called {
  readonly status: number;
  readonly json: { [field: string]: unknown; readonly error?: { readonly message: string; readonly type: string } };
  readonly id: string;
}

async function call(gateway: RunningGateway, path: string, body?: object, key = gateway.masterKey): Promise<Called> {
  const response = await fetch(gateway.baseUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = (await response.json()) as Called['json'];
  return { status: response.status, json, id: response.headers.get('x-plumbline-request-id') ?? '' };
}

const ask = (gateway: RunningGateway, key?: string, model = 'canned') =>
  call(gateway, '/v1/chat/completions', { model, messages: [{ role: 'user', content: 'hi' }] }, key);

const databases = [
  { name: 'the embedded PostgreSQL', skip: undefined, start: () => Promise.resolve(undefined) },
  { name: "Debian's PostgreSQL", skip: whyNoDebianPostgres(), start: startDebianPostgres },
];

for (const { name, skip, start } of databases) {
  describe(`on ${name}`, { skip: skip ?? false }, () => {
    let debian: Awaited<ReturnType<typeof startDebianPostgres>> | undefined;
    let gateway: RunningGateway;
    const folder = temporaryFolder();

    const begin = () =>
      startGateway({
        config,
        dataDirectory: folder.path,
        env: debian === undefined ? {} : { DATABASE_URL: debian.url },
      });

    /** The usage rows, read after the gateway has stopped. */
    async function rows(): Promise<UsageRow[]> {
      const at = debian === undefined ? {} : { databaseUrl: new Secret(debian.url) };
      const store = await open({ ...at, dataDir: folder.path, log: silentLog });
      try {
        return await recentUsage(store.database, { limit: 10_000 });
      } finally {
        await store.close();
      }
    }

    before(async () => {
      debian = await start();
      gateway = await begin();
    });
    after(async () => {
      await gateway.stop();
      await debian?.stop();
      folder.remove();
    });

    test('a key that is blocked calls nothing, and calls again when it is not; nobody but the master may say so', async () => {
      const made = await call(gateway, '/key/generate', {});
      const key = String(made.json['key']);
      assert.equal((await ask(gateway, key)).status, 200);
      assert.notEqual((await call(gateway, '/key/block', { key }, key)).status, 200);
      const blocked = await call(gateway, '/key/block', { key });
      assert.deepEqual([blocked.status, blocked.json['blocked']], [200, true]);
      const refused = await ask(gateway, key);
      assert.equal(refused.status, 401);
      assert.match(refused.json.error?.message ?? '', /blocked/);
      const hash = String(blocked.json['token']);
      assert.equal((await call(gateway, '/key/unblock', { key: hash })).json['blocked'], false);
      assert.equal((await ask(gateway, key)).status, 200);
      assert.equal((await call(gateway, '/key/block', { key: 'sk-nobody' })).status, 404);
      assert.equal((await call(gateway, '/key/block', {})).status, 400);
    });

    test('a key may call what it may call, look at itself and at nobody else, until it is deleted', async () => {
      const made = await call(gateway, '/key/generate', {
        models: ['canned'],
        duration: '1h',
        key_alias: `one of ${name}`,
      });
      assert.equal(made.status, 200);
      const key = String(made.json.key);
      assert.match(key, /^sk-[\w-]{22}$/);
      const other = await call(gateway, '/key/generate', {});
      assert.equal((await ask(gateway, key)).status, 200);
      const forbidden = await ask(gateway, key, 'other');
      assert.equal(forbidden.status, 401);
      assert.equal(forbidden.json.error?.type, 'key_model_access_denied');
      for (const path of ['/key/info', `/key/info?key=${key}`, `/key/info?key=${made.json.token}`]) {
        assert.equal((await call(gateway, path, undefined, key)).status, 200, path);
      }
      assert.equal((await call(gateway, `/key/info?key=${other.json.key}`, undefined, key)).status, 403);
      assert.equal((await call(gateway, '/key/list', undefined, key)).status, 401);
      const listed = (await call(gateway, '/key/list')).json.keys as string[];
      assert.ok(listed.includes(String(made.json.token)));
      const models = (await call(gateway, '/v1/models', undefined, key)).json.data as { id: string }[];
      assert.deepEqual(
        models.map(({ id }) => id),
        ['canned'],
      );
      assert.deepEqual(
        (await call(gateway, '/key/delete', { keys: [key, String(other.json.key)] })).json.deleted_keys,
        [key, other.json.key],
      );
      assert.equal((await ask(gateway, key)).status, 401);
    });

    test('a key and the models outlive kill -9 of the gateway', async () => {
      const key = String((await call(gateway, '/key/generate', {})).json.key);
      await gateway.stop('SIGKILL');
      gateway = await begin();
      assert.equal((await ask(gateway, key)).status, 200);
    });

    test('every answered request has its row after SIGTERM under load', async () => {
      const answered: string[] = [];
      let going = true;
      const loops = Array.from({ length: 8 }, async () => {
        while (going) {
          const { status, id } = await ask(gateway).catch(() => ({ status: 0, id: '' }));
          if (status === 200) answered.push(id);
          else going = false;
        }
      });
      while (answered.length < 300) await new Promise((resolve) => setImmediate(resolve));
      const { code } = await gateway.stop('SIGTERM');
      await Promise.all(loops);
      assert.equal(code, 0);
      const written = await rows();
      const ids = new Set(written.map(({ requestId }) => requestId));
      assert.deepEqual(
        answered.filter((id) => !ids.has(id)),
        [],
      );
      assert.ok(written.every(({ outcome, alias }) => outcome !== 'success' || alias !== null));
      gateway = await begin();
    });
  });
}

test('a second gateway on the same data folder is refused by name', async () => {
  const folder = temporaryFolder();
  const first = await startGateway({ config, dataDirectory: folder.path });
  await assert.rejects(startGateway({ config, dataDirectory: folder.path }), (error: Error) => {
    assert.match(error.message, new RegExp(`${first.child.pid}`));
    return true;
  });
  await first.stop();
  folder.remove();
});

test('asked to stop twice, it still stops in its own way', async () => {
  const gateway = await startGateway({ config });
  gateway.child.kill('SIGTERM');
  gateway.child.kill('SIGTERM');
  assert.equal((await gateway.stop('SIGTERM')).code, 0);
});

test('a configuration file with a typo starts nothing, and says where it is and what was meant', async () => {
  const typo = `${config}router_settings:\n  coldown_time: 5\n`;
  await assert.rejects(startGateway({ config: typo }), /config\.yaml:8:3.*coldown_time.*cooldown_time/s);
});
