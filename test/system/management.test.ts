// Models by the management API, as LiteLLM's clients add, change and delete them: what is answered is what is served from then on.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { optionNames, optionRow, variablesOf } from '../../src/config/options.ts';
import { hashKey } from '../../src/core/key-hash.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { readAliases } from '../../src/store/tables/aliases.ts';
import { readCredentials } from '../../src/store/tables/credentials.ts';
import { readDeployments } from '../../src/store/tables/deployments.ts';
import { declared, newKey } from '../store/rows.ts';
import { question, type Told } from './house.ts';
import { type ManagedHouse, openManagedHouse, sealer } from './managed-house.ts';

let managed: ManagedHouse;
const key = 'sk-of-a-virtual-key';
const variables = { OPENAI_API_KEY: 'sk-of-the-environment', MY_KEY: 'sk-referred-to', PLUMBLINE_MASTER_KEY: 'sk-m' };

before(async () => {
  managed = await openManagedHouse({
    variables,
    keys: [{ ...newKey('k', { hash: hashKey(key) }), id: 'k', createdAt: 0 }],
  });
});
after(() => managed.close());
beforeEach(async () => {
  for (const table of ['settings', 'deployments', 'aliases', 'credentials'])
    await managed.database.query(`delete from plumbline.${table}`);
  managed.house.received.length = 0;
});

const post = (path: string, body: unknown): Promise<Told> => managed.send('POST', path, body);
const model = (name: string, params: object = {}, info: object = {}): object => ({
  model_name: name,
  litellm_params: { model: 'openai/gpt-4o', api_key: 'sk-posted-canary', ...params },
  model_info: info,
});

interface Row {
  readonly model_id: string;
  readonly litellm_params: Record<string, unknown>;
  readonly model_info: Record<string, unknown>;
  readonly plumbline: { readonly did: string; readonly notes?: readonly string[] };
}

async function added(body: object, path = '/model/new'): Promise<Row> {
  const told = await post(path, body);
  assert.equal(told.status, 200, told.text);
  assert.doesNotMatch(told.text, /canary|pl1:/);
  return told.json as Row;
}

async function refused(told: Promise<Told>, says: RegExp, status = 400): Promise<void> {
  const { status: actual, text } = await told;
  assert.equal(actual, status, text);
  assert.match(text, says);
}

async function chat(name: string): Promise<string | undefined> {
  managed.house.received.length = 0;
  const told = await managed.house.ask('/v1/chat/completions', { ...question, model: name });
  return told.status === 200 ? managed.house.received[0]?.headers['authorization'] : undefined;
}

test('a model that is added answers at once, with its own key, and its secret is told nowhere', async () => {
  const row = await added(model('new', { rpm: 60 }, { mode: 'chat' }));
  assert.deepEqual(row.litellm_params, { model: 'openai/gpt-4o', rpm: 60 });
  assert.equal(row.plumbline.did, 'added');
  assert.equal(await chat('new'), 'Bearer sk-posted-canary');
  for (const path of ['/model/info', '/v2/model/info', '/credentials', '/model_group/info', '/aliases']) {
    const told = await managed.house.ask(path);
    assert.doesNotMatch(told.text, /canary|pl1:/, path);
    assert.match(told.text, /new|deployment\//, path);
  }
  const info = await managed.house.ask('/model/info', undefined, { query: `litellm_model_id=${row.model_id}` });
  const [entry] = (info.json as { data: { model_info: Record<string, unknown> }[] }).data;
  assert.deepEqual([entry?.model_info['db_model'], entry?.model_info['mode']], [true, 'chat']);
});

test('the same model added again, also with another rpm or after a lost reply, is one row and says so', async () => {
  const first = await added(model('twice'));
  const again = await added(model('twice', { rpm: 5 }));
  assert.deepEqual([again.model_id, again.plumbline.did], [first.model_id, 'there-already']);
  const other = await added(model('twice', { api_key: 'sk-another-canary' }));
  assert.notEqual(other.model_id, first.model_id);
  assert.equal((await readDeployments(managed.database)).length, 2);
  assert.equal((await readCredentials(managed.database)).length, 2);
});

test('many at once add one', async () => {
  const rows = await Promise.all(Array.from({ length: 8 }, () => added(model('rush'))));
  assert.equal(new Set(rows.map(({ model_id: id }) => id)).size, 1);
  assert.deepEqual(rows.map(({ plumbline }) => plumbline.did).sort(), ['added', ...Array(7).fill('there-already')]);
});

test('a change of one field leaves the rest and the secret alone, a hundred times', async () => {
  const { model_id: id } = await added(model('edit', { rpm: 1, temperature: 0.5 }));
  const sealed = (await readCredentials(managed.database))[0]?.sealed;
  for (let rpm = 2; rpm <= 100; rpm++) {
    const body = { litellm_params: { rpm, api_key: rpm % 2 === 0 ? '[secret]' : 'sk-p****nary' } };
    const told = await managed.send('PATCH', `/model/${id}/update`, body);
    assert.equal(told.status, 200, told.text);
  }
  assert.deepEqual((await readCredentials(managed.database))[0]?.sealed, sealed);
  const [row] = await readDeployments(managed.database);
  assert.deepEqual([row?.parameters.rpm, row?.parameters.defaults], [100, { temperature: 0.5 }]);
  assert.equal(await chat('edit'), 'Bearer sk-posted-canary');
});

test("LiteLLM's whole form posted back changes nothing", async () => {
  const { model_id: id } = await added(model('form', { rpm: 1 }, { mode: 'chat' }));
  const before = await readDeployments(managed.database);
  const shown = (await managed.house.ask('/model/info')).json as { data: Record<string, object>[] };
  const form = {
    model_name: 'form',
    litellm_params: { ...shown.data[0]?.['litellm_params'], api_key: null, tpm: null },
    model_info: { ...shown.data[0]?.['model_info'] },
  };
  const row = await added({ ...form }, '/model/update');
  assert.deepEqual([row.model_id, row.plumbline.did], [id, 'as-it-was']);
  assert.deepEqual(await readDeployments(managed.database), before);
});

test('a key, a name, a credential and a field to take away can be changed, and switch together', async () => {
  const { model_id: id } = await added(model('old', { rpm: 3 }));
  await added({ model_info: { id }, litellm_params: { api_key: 'sk-rotated' } }, '/model/update');
  assert.equal(await chat('old'), 'Bearer sk-rotated');
  await post('/credentials', { credential_name: 'shared', credential_values: { api_key: 'sk-shared' } });
  const row = await added(
    { id, model_name: 'renamed', litellm_params: { litellm_credential_name: 'shared' }, unset: ['litellm_params.rpm'] },
    '/model/update',
  );
  assert.deepEqual([row.model_id, row.litellm_params['rpm']], [id, undefined]);
  assert.equal(await chat('renamed'), 'Bearer sk-shared');
  await added(
    { id, litellm_params: { api_key: 'sk-s****ared', extra_headers: { 'x-key': '[secret]' } } },
    '/model/update',
  );
  assert.equal(await chat('renamed'), 'Bearer sk-shared');
  assert.equal(await chat('old'), undefined, 'the old name went with its last deployment');
  assert.deepEqual(
    (await readCredentials(managed.database)).map(({ name }) => name),
    ['shared'],
    'and so did the key of its own',
  );
});

test('a deleted model is gone with its name and its key; LiteLLM’s sentence is kept', async () => {
  const { model_id: id } = await added(model('gone'));
  const told = await post('/model/delete', { id });
  assert.equal((told.json as { message: string }).message, `Model: ${id} deleted successfully`);
  assert.equal(await chat('gone'), undefined);
  assert.deepEqual(await readCredentials(managed.database), []);
  await refused(post('/model/delete', { id }), /no deployment has the id/, 404);
  await refused(post('/model/update', { id }), /no deployment has the id/, 404);
});

test('a name that others lead to is not taken away under them', async () => {
  const { model_id: id } = await added(model('end'));
  await post('/aliases', { name: 'short', target: 'end' });
  await refused(post('/model/delete', { id }), /the alias short would point at it/);
  assert.equal(await chat('short'), 'Bearer sk-posted-canary');
  await managed.send('DELETE', '/aliases/short');
  assert.equal((await post('/model/delete', { id })).status, 200);
});

test('a model at an address that its region gave can be changed, and stays there', async () => {
  const params = { model: 'bedrock/anthropic.claude-3-5-haiku-20241022-v1:0', aws_region_name: 'eu-west-1' };
  const { model_id: id } = await added({ model_name: 'cloud', litellm_params: params });
  const before = await readDeployments(managed.database);
  assert.match(before[0]?.baseUrl ?? '', /eu-west-1/);
  const row = await added({ id, litellm_params: { rpm: 5 } }, '/model/update');
  assert.equal(row.plumbline.did, 'changed');
  const [after] = await readDeployments(managed.database);
  assert.deepEqual({ ...after, parameters: before[0]?.parameters }, before[0]);
  await refused(post('/model/update', { id, litellm_params: { api_base: 'http://x.test' } }), /credentials of its own/);
  await refused(post('/model/update', { id, unset: ['litellm_params.api_key'] }), /is sealed with the model/);
});

test('what belongs to the file is refused by naming the file', async () => {
  await replaceOwned(managed.database, declared(), sealer);
  for (const told of [
    post('/model/delete', { id: 'one' }),
    post('/model/update', { id: 'one', litellm_params: { rpm: 1 } }),
    managed.send('PATCH', '/model/one/update', { model_info: { mode: 'chat' }, litellm_params: { rpm: 2 } }),
    managed.send('DELETE', '/credentials/groq'),
    managed.send('PATCH', '/credentials/groq', { credential_values: { api_key: 'x' } }),
    post('/credentials', { credential_name: 'groq', credential_values: { api_key: 'x' } }),
    managed.send('PATCH', '/aliases/fast', { hidden: true }),
    managed.send('DELETE', '/aliases/fast'),
    post('/config/update', { router_settings: { num_retries: 9 } }),
  ])
    await refused(told, /belongs to the configuration file; change it there/);
  assert.deepEqual(await readDeployments(managed.database), declared().deployments);
});

test('what the API has added keeps no file from being brought in, nor from letting go', async () => {
  await post('/credentials', { credential_name: 'groq', credential_values: { api_key: 'sk-of-the-api' } });
  await added(model('fast'));
  await post('/aliases', { name: 'short', target: 'fast' });
  await post('/config/update', { router_settings: { num_retries: 9 } });
  const brought = await replaceOwned(managed.database, declared(), sealer);
  assert.deepEqual(
    [brought.aliases.changed, brought.credentials.changed, brought.settings.changed],
    [['fast'], ['groq'], ['router.retries']],
  );
  const owners = async (): Promise<unknown> =>
    (await readAliases(managed.database)).map(({ name, owner }) => [name, owner]);
  assert.deepEqual(await owners(), [
    ['fast', 'file'],
    ['short', 'api'],
  ]);
  assert.equal((await readDeployments(managed.database)).length, 2, "the file's and the API's stand under one name");
  await added({ model_name: 'other', litellm_params: { model: 'groq/x', litellm_credential_name: 'groq' } });

  const nothing = { ...declared(), aliases: [], deployments: [], credentials: [], router: {} };
  const left = await replaceOwned(managed.database, nothing, sealer);
  assert.deepEqual([left.aliases.passedOn, left.credentials.passedOn], [['fast'], ['groq']]);
  assert.deepEqual(await owners(), [
    ['fast', 'api'],
    ['other', 'api'],
    ['short', 'api'],
  ]);
  assert.equal(await chat('short'), 'Bearer sk-posted-canary');
  assert.equal(await chat('other'), 'Bearer gsk-plain');
  assert.equal((await readDeployments(managed.database)).length, 2);
});

test('a key of the environment is referred to, unless the address is given too', async () => {
  await added({ model_name: 'usual', litellm_params: { model: 'openai/gpt-4o' } });
  assert.equal(await chat('usual'), 'Bearer sk-of-the-environment');
  await added({ model_name: 'away', litellm_params: { model: 'openai/x', api_base: 'http://elsewhere.test/v1' } });
  assert.equal((await managed.house.ask('/v1/chat/completions', { ...question, model: 'away' })).status, 200);
  assert.equal(managed.house.received.at(-1)?.headers['authorization'], undefined);
  await added(model('referred', { api_key: 'os.environ/MY_KEY' }));
  assert.equal(await chat('referred'), 'Bearer sk-referred-to');
});

test('what would read our environment, our files or a place where credentials are handed out is refused', async () => {
  for (const [params, says] of [
    [{ api_key: 'os.environ/PLUMBLINE_MASTER_KEY' }, /is a secret of the gateway itself/],
    [{ api_key: 'env:DATABASE_URL' }, /is a secret of the gateway itself/],
    [{ api_key: 'file:/etc/passwd' }, /files are read for the configuration file only/],
    [{ api_base: 'os.environ/MY_KEY' }, /references stand for secrets only/],
    [{ model: 'os.environ/MY_KEY' }, /references stand for secrets only/],
    [{ extra_body: { token: 'os.environ/MY_KEY' } }, /references stand for secrets only/],
    [{ api_base: 'http://169.254.169.254/latest' }, /this address may not be called/],
    [{ api_base: 'http://metadata.google.internal/' }, /where a cloud hands out credentials/],
    [
      { model: 'bedrock/x', aws_region_name: 'us-east-1', aws_sts_endpoint: 'http://169.254.169.254' },
      /may not be called/,
    ],
    [
      { model: 'vertex_ai/g', vertex_project: 'p', vertex_location: 'l', vertex_credentials: '/etc/key.json' },
      /must be the JSON/,
    ],
    [
      { model: 'vertex_ai/g', vertex_project: 'p', vertex_location: 'l', api_base: 'http://x.test', api_key: null },
      /needs credentials of its own/,
    ],
    [{ api_key: '[secret]' }, /is a mark that stands for a secret, and none is stored/],
    [{ api_key: `pl1:00000000:${'A'.repeat(40)}` }, /is sealed already/],
  ] as const)
    await refused(post('/model/new', model('bad', params)), says);
  assert.deepEqual(await readDeployments(managed.database), []);
  assert.deepEqual(await readCredentials(managed.database), []);
});

test('no secret option of the gateway can be referred to, by none of its variables', async () => {
  const secret = optionNames.filter((name) => optionRow(name).kind === 'secret').flatMap(variablesOf);
  assert.ok(secret.includes('DATABASE_URL') && secret.includes('https_proxy'));
  for (const name of secret)
    await refused(
      post('/model/new', model('bad', { api_key: `os.environ/${name}` })),
      /is a secret of the gateway itself/,
    );
});

test('it is read as an entry of a file is: unknown keys, wrong types and refused settings are named, odd ones are noted', async () => {
  for (const [params, says] of [
    [{ rmp: 3 }, /litellm_params\.rmp: unknown key rmp \(did you mean rpm\?/],
    [{ rpm: 'many' }, /litellm_params\.rpm: expected a number/],
    [{ model: 'nobody/x' }, /unknown provider in nobody\/x/],
    [{ max_budget: 3 }, /litellm_params\.max_budget: not in force: budgets are not enforced yet/],
    [{ model: undefined }, /litellm_params\.model is missing/],
  ] as const)
    await refused(post('/model/new', model('bad', params)), says);
  await refused(post('/model/new', { ...model('bad'), colour: 1 }), /colour is not a known field/);
  await refused(post('/model/new', { model_name: 'x' }), /litellm_params is required/);
  await refused(post('/model/new', model('b\0d')), /zero character/);
  const row = await added(model('odd', { house_style: 'plain' }));
  assert.match(row.plumbline.notes?.join() ?? '', /house_style is not known, and is passed on to the provider/);
});

test('a rehearsal says what would be done and does nothing', async () => {
  const row = await added(model('maybe'), '/model/new?dry_run=true');
  assert.deepEqual(row.plumbline, { did: 'added', dry_run: true });
  assert.deepEqual(await readDeployments(managed.database), []);
  assert.equal(await chat('maybe'), undefined);
  await refused(post('/model/new?dry_run=1', model('maybe')), /dry_run must be true or false/);
});

test('models are sorted by when they were stored', async () => {
  for (const name of ['b', 'a']) await added(model(name));
  const told = await managed.house.ask('/v2/model/info', undefined, { query: 'sortBy=created_at&sortOrder=desc' });
  const { data } = told.json as { data: { model_name: string; model_info: { created_at: string } }[] };
  assert.deepEqual(
    data.map(({ model_name: name }) => name),
    ['a', 'b'],
  );
});

test('only the master key may see or change anything of it', async () => {
  const { house } = managed;
  let asked = 0;
  for (const route of house.site.routes) {
    const [path = ''] = route.paths;
    if (!/^\/(model\/(new|update|delete|decommission|:id)|credentials|aliases|config|get\/config)/.test(path)) continue;
    const told = await house.ask(path.replace(':id', 'x').replace('*', 'x'), {}, { key, method: route.method });
    assert.match(told.text, /Only proxy admin can be used to call this route/, `${route.method} ${path}`);
    asked++;
  }
  assert.equal(asked, 24);
});
