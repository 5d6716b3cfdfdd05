// plumbline adopt as people run it: LiteLLM and the gateway share one database; afterwards LiteLLM's keys call LiteLLM's names through
// the gateway, and LiteLLM's tables are as they were to the byte.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { hashKey } from '../../src/core/key-hash.ts';
import { scratch, start } from '../cli/running.ts';
import { startGateway } from '../real/gateway.ts';
import { until } from '../store/until.ts';
import { addModels, addRow, dump, makeTables, salt } from './litellm-database.ts';
import { type MadeDatabase, noEmbedded, openStage, type Stage } from './stage.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('plumbline adopt', { skip: noEmbedded }, () => {
  let stage: Stage;
  let shared: MadeDatabase;
  let upstream: Server;
  const asked: { path: string; authorization: string }[] = [];
  const { folder, remove } = scratch();

  before(async () => {
    stage = await openStage();
    shared = await stage.make('shared');
    upstream = createServer(async (request, response) => {
      const { url = '', headers } = request;
      asked.push({ path: url, authorization: headers.authorization ?? '' });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(url.endsWith('/embeddings') ? embedded : answered(await modelIn(request))));
    });
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
    await makeTables(shared.database, { without: ['LiteLLM_SkillsTable'] });
    await addModels(
      shared.database,
      [
        {
          id: 'c',
          name: 'gpt-local',
          params: { model: 'openai/chat-upstream', api_base: base, api_key: 'sk-up-chat' },
        },
        {
          id: 'e',
          name: 'local-embeddings',
          params: { model: 'openai/embed', api_base: base, api_key: 'sk-up-embed' },
        },
        {
          id: 'e2',
          name: 'local-embeddings',
          params: { model: 'openai/embed', api_base: base, api_key: 'sk-up-embed' },
        },
      ],
      { layers: ['box', 'box'] },
    );
    await addRow(shared.database, 'LiteLLM_Config', {
      param_name: 'router_settings',
      param_value: { model_group_alias: { 'chat-default': 'gpt-local' } },
    });
    const keys = [
      {
        token: hashKey('sk-old-client'),
        key_name: 'sk-...ient',
        key_alias: 'old',
        models: ['chat-default', 'local-embeddings'],
      },
      { token: hashKey('sk-of-a-team'), key_name: 'sk-...team', key_alias: 'team key', team_id: 'red', models: [] },
    ];
    for (const key of keys) await addRow(shared.database, 'LiteLLM_VerificationToken', { ...key, spend: 1.25 });
  });
  after(async () => {
    upstream.close();
    await stage.close();
    remove();
  });

  const startAdopt = (...args: string[]) => {
    const environment = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      DATABASE_URL: shared.address.reveal(),
      LITELLM_SALT_KEY: salt,
      PLUMBLINE_MASTER_KEY: 'sk-master-of-the-test-0123456789',
    };
    return start(process.execPath, [main, 'adopt', '--data-dir', join(folder, 'data'), ...args], environment);
  };
  const adopt = (...args: string[]) => startAdopt(...args).ended;

  test('the plan changes nothing; --yes brings it over; the old keys call the old names; a second run has nothing to do', async () => {
    const config = join(folder, 'config.yaml');
    writeFileSync(config, 'router_settings:\n  model_group_alias: {embeddings-default: local-embeddings}\n');
    const before = await dump(shared.database);
    const plan = await adopt('--config', config, '--history', '7');
    assert.match(plan.output, /^usage rows: those of 7 days would be brought$/m);
    assert.equal(plan.code, 0, plan.errors);
    assert.match(plan.output, /^models +3 +2 +0 +1 +0 +0$/m);
    assert.match(plan.output, /nothing was changed; --yes carries it out/);
    assert.match(plan.output, /9 sealed more than once \(9 layers too many\)/);
    const schemas = await shared.database.query(
      `select 1 from information_schema.schemata where schema_name = 'plumbline'`,
    );
    assert.deepEqual(schemas, []);

    const done = await adopt('--config', config, '--yes', '--json');
    assert.equal(done.code, 0, done.errors);
    const told = JSON.parse(done.output) as {
      counts: Record<string, { brought: number; disabled: number }>;
      balances: number;
    };
    assert.deepEqual(
      [
        told.counts['model']?.brought,
        told.counts['alias']?.brought,
        told.counts['key']?.brought,
        told.counts['key']?.disabled,
      ],
      [2, 2, 2, 1],
    );
    assert.doesNotMatch(plan.output + done.output, /sk-up|sk-old|sk-salt/);

    const gateway = await startGateway({
      env: { PLUMBLINE_DATABASE_URL: shared.address.reveal(), PLUMBLINE_SALT_KEY: salt },
    });
    try {
      const call = async (path: string, key: string, body?: object) => {
        const response = await fetch(gateway.baseUrl + path, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: response.status, json: (await response.json()) as Record<string, unknown> };
      };
      const messages = [{ role: 'user', content: 'hello' }];
      const chat = await call('/v1/chat/completions', 'sk-old-client', { model: 'chat-default', messages });
      assert.equal(chat.status, 200, JSON.stringify(chat.json));
      const embedding = await call('/v1/embeddings', 'sk-old-client', { model: 'local-embeddings', input: 'x' });
      assert.equal(embedding.status, 200, JSON.stringify(embedding.json));
      const authorizations = asked.map(({ authorization }) => authorization);
      assert.deepEqual(authorizations, ['Bearer sk-up-chat', 'Bearer sk-up-embed']);
      const other = await call('/v1/chat/completions', 'sk-old-client', { model: 'gpt-local', messages });
      assert.equal(other.status, 401);
      const team = await call('/v1/chat/completions', 'sk-of-a-team', { model: 'chat-default', messages });
      assert.equal(team.status, 401);
      assert.match(JSON.stringify(team.json), /blocked/);
      const unblocked = await call('/key/unblock', gateway.masterKey, { key: 'sk-of-a-team' });
      assert.equal(unblocked.status, 400);
      assert.match(JSON.stringify(unblocked.json), /came from LiteLLM disabled .*team_id is not enforced here yet/);
      const info = await call('/key/info', 'sk-old-client');
      const { spend } = info.json['info'] as { spend: number };
      assert.ok(spend >= 1.25 && spend < 1.3, String(spend));
    } finally {
      await gateway.stop();
    }
    const again = await adopt('--config', config, '--yes');
    assert.equal(again.code, 0, again.errors);
    assert.match(again.output, /^models +3 +0 +2 +1 +0 +0$/m);
    assert.doesNotMatch(again.output, /^\+ /m);
    assert.equal(await dump(shared.database), before, 'not a byte of LiteLLM is written');
  });

  test("into the gateway's own database: a plan makes no folder; --yes makes what serve then starts with", async () => {
    const data = join(folder, 'own');
    const saltFile = join(folder, 'litellm-salt');
    writeFileSync(saltFile, `${salt}\n`);
    const own = (...more: string[]) => {
      const args = [
        '--data-dir',
        data,
        '--database-url',
        shared.address.reveal(),
        '--salt-key-file',
        saltFile,
        ...more,
      ];
      const environment = { PATH: process.env['PATH'] ?? '', HOME: folder };
      return start(process.execPath, [main, 'adopt', ...args], environment).ended;
    };
    const plan = await own();
    assert.equal(plan.code, 0, plan.errors);
    assert.match(plan.output, /^models +3 +2 +0 +1 +0 +0$/m);
    assert.ok(!existsSync(data));
    const done = await own('--yes');
    assert.equal(done.code, 0, done.errors);
    assert.doesNotMatch(readFileSync(join(data, 'salt-key'), 'utf8'), new RegExp(salt));
    const gateway = await startGateway({
      dataDirectory: data,
      env: { PLUMBLINE_SALT_KEY: '', PLUMBLINE_MASTER_KEY: '' },
    });
    try {
      const beside = await own('--yes');
      assert.equal(beside.code, 0, beside.errors);
      assert.match(beside.output, /^models +3 +0 +2 +1 +0 +0$/m);
      const headers = { authorization: 'Bearer sk-old-client' };
      const listed = (await (await fetch(`${gateway.baseUrl}/v1/models`, { headers })).json()) as {
        data: { id: string }[];
      };
      assert.deepEqual(listed.data.map(({ id }) => id).sort(), ['chat-default', 'local-embeddings']);
    } finally {
      await gateway.stop();
    }
  });

  test('killed in the middle of the history, the next run goes on: each row once, no dollar twice', async () => {
    const rows = 60_000;
    await shared.database.query(
      `insert into public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, prompt_tokens, "startTime", "endTime")
       select 'r' || n, 'acompletion', $1, 0.25, 1, at, at
       from (select n, now() at time zone 'UTC' - interval '2 days' + n * interval '1 second' as at
         from generate_series(1, ${rows}) as n) as made`,
      [hashKey('sk-old-client')],
    );
    const killed = startAdopt('--yes', '--history', '30');
    await until(
      'the first rows',
      async () => (await count(`select count(*) as count from plumbline.usage where dialect = 'litellm'`)) > 0,
    );
    killed.kill('SIGKILL');
    assert.equal((await killed.ended).signal, 'SIGKILL');
    const kept = await count('select count(*) as count from plumbline.usage');
    assert.ok(kept > 0 && kept < rows, String(kept));
    await shared.database.query(
      `update public."LiteLLM_VerificationToken" set spend = ${rows / 4 + 3} where key_alias = 'old'`,
    );
    const done = await adopt('--yes', '--history', '30');
    assert.equal(done.code, 0, done.errors);
    assert.match(done.output, new RegExp(`^usage rows: ${rows} found, \\d+ brought$`, 'm'));
    assert.equal(await count(`select count(*) as count from plumbline.usage where dialect = 'litellm'`), rows);
    const hash = hashKey('sk-old-client');
    const spent = await count(
      `select sum(cost)::float8 as count from plumbline.usage_daily where key_hash = '${hash}'`,
    );
    assert.ok(Math.abs(spent - (rows / 4 + 3)) < 0.1, String(spent));
  });

  const count = async (sql: string): Promise<number> => {
    const [row] = await shared.database.query<{ count: number }>(sql);
    return row?.count ?? Number.NaN;
  };

  test('wrong use is told: no tables, no database, days that are none', async () => {
    const empty = await stage.make('empty');
    const nothing = await adopt('--database-url', empty.address.reveal());
    assert.equal(nothing.code, 1);
    assert.match(nothing.errors, /there are no tables of LiteLLM's in the schema public/);
    const days = await adopt('--yes', '--history', 'many');
    assert.equal(days.code, 2);
    assert.match(days.errors, /--history takes a number of days/);
  });
});

const embedded = {
  object: 'list',
  model: 'embed',
  data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
};

function answered(model: string) {
  const message = { role: 'assistant', content: 'hello' };
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return {
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  };
}

async function modelIn(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return (JSON.parse(text) as { model: string }).model;
}
