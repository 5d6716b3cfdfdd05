// Credentials, aliases and routing by the management API: LiteLLM's shapes where it has them, refusals that name the owner or the field.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Secret } from '../../src/kit/secret.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { readSettingRows } from '../../src/store/setting-rows.ts';
import { readAliases } from '../../src/store/tables/aliases.ts';
import { readCredentials } from '../../src/store/tables/credentials.ts';
import { declared } from '../store/rows.ts';
import { question, type Told } from './house.ts';
import { type ManagedHouse, openManagedHouse, sealer } from './managed-house.ts';

let managed: ManagedHouse;

before(async () => {
  managed = await openManagedHouse({ variables: { MY_KEY: 'sk-referred-to' } });
});
after(() => managed.close());
beforeEach(async () => {
  for (const table of ['settings', 'deployments', 'aliases', 'credentials', 'tool_servers'])
    await managed.database.query(`delete from plumbline.${table}`);
});

async function well(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const told = await managed.send(method, path, body);
  assert.equal(told.status, 200, told.text);
  assert.doesNotMatch(told.text, /canary|pl1:/);
  return told.json as Record<string, unknown>;
}

async function refused(told: Promise<Told>, status: number, says: RegExp): Promise<void> {
  const { status: actual, text } = await told;
  assert.equal(actual, status, text);
  assert.match(text, says);
}

const addModel = (name: string, params: object = {}): Promise<Record<string, unknown>> =>
  well('POST', '/model/new', { model_name: name, litellm_params: { model: `openai/${name}`, ...params } });

async function keyShown(name: string): Promise<string | undefined> {
  await managed.house.ask('/v1/chat/completions', { ...question, model: name });
  return managed.house.received.at(-1)?.headers['authorization'];
}

test('a credential is stored sealed, shown by marks, changed field by field, and deleted', async () => {
  const values = { api_key: 'sk-canary', aws_session_token: 'canary-token' };
  const stored = await well('POST', '/credentials', {
    credential_name: 'team/mine',
    credential_values: values,
    credential_info: { custom_llm_provider: 'openai' },
  });
  assert.deepEqual(stored, {
    success: true,
    message: 'Credential created successfully',
    plumbline: { did: 'added', dry_run: false, notes: ['credential_info only describes, and is not kept'] },
  });
  const { model_id: id } = await addModel('m', { litellm_credential_name: 'team/mine' });
  const item = {
    credential_name: 'team/mine',
    credential_values: { api_key: '[secret]', aws_session_token: '[secret]' },
    credential_info: {},
    plumbline: { owner: 'api', used_by: [id] },
  };
  assert.deepEqual(await well('GET', '/credentials'), { success: true, credentials: [item] });
  assert.deepEqual(await well('GET', '/credentials/by_name/team%2Fmine'), item);
  assert.deepEqual(await well('GET', '/credentials/by_name/team/mine'), item);
  assert.deepEqual(await well('GET', `/credentials/by_model/${String(id)}`), item);

  const before = (await readCredentials(managed.database))[0]?.sealed;
  await well('PATCH', '/credentials/team%2Fmine', {
    credential_name: 'team/mine',
    credential_values: { api_key: '[secret]', aws_session_token: null },
  });
  assert.deepEqual((await readCredentials(managed.database))[0]?.sealed, { api_key: before?.['api_key'] });
  await well('PATCH', '/credentials/team%2Fmine', { credential_values: { api_key: 'os.environ/MY_KEY' } });
  assert.equal(await keyShown('m'), 'Bearer sk-referred-to');

  await refused(managed.send('DELETE', '/credentials/team%2Fmine'), 400, /is what m \(.+\) is called with/);
  await well('POST', '/model/delete', { id });
  await well('DELETE', '/credentials/team%2Fmine');
  assert.deepEqual(await readCredentials(managed.database), []);
});

test('credentials that could not be kept as they are meant are refused by field', async () => {
  const post = (name: string, values: object): Promise<Told> =>
    managed.send('POST', '/credentials', { credential_name: name, credential_values: values });
  await refused(
    post('x', { api_key: 'k', api_base: 'http://x.test' }),
    400,
    /api_base is no secret: give it with each model/,
  );
  await refused(post('x', { api_key: 'file:/etc/shadow' }), 400, /files are read for the configuration file only/);
  await refused(post('x', { api_key: '[secret]' }), 400, /is a mark that stands for a secret/);
  await refused(
    post('x', { vertex_credentials: { type: 'external_account' } }),
    400,
    /must be the JSON of a service account/,
  );
  await refused(
    post('deployment/x', { api_key: 'k' }),
    400,
    /names that begin with deployment\/ are given by Plumbline/,
  );
  await refused(managed.send('GET', '/credentials/by_name/none'), 404, /credential_not_found/);
  await refused(managed.send('GET', '/credentials/by_model/none'), 404, /no deployment has the id none/);
  await refused(
    managed.send('PATCH', '/credentials/none', { credential_values: { api_key: 'k' } }),
    404,
    /no such credential/,
  );
  await well('POST', '/credentials', { credential_name: 'x', credential_values: { api_key: 'canary' } });
  await refused(post('x', { api_key: 'other' }), 400, /is there already; change that one/);
  await refused(managed.send('PATCH', '/credentials/x', { credential_name: 'y' }), 400, /keeps its name/);
});

test('an alias stands for a name with deployments, is routed as it says, and cannot lead nowhere', async () => {
  await addModel('one');
  await addModel('wild/*', { model: 'openai/*' });
  const post = (body: object): Promise<Told> => managed.send('POST', '/aliases', body);
  assert.deepEqual(await well('POST', '/aliases', { name: 'a/b', target: 'one', fallbacks: ['wild/x'] }), {
    name: 'a/b',
    plumbline: { did: 'added', dry_run: false },
  });
  const again = await well('POST', '/aliases', { name: 'a/b', target: 'one', fallbacks: ['wild/x'] });
  assert.deepEqual(again['plumbline'], { did: 'there-already', dry_run: false });
  await refused(post({ name: 'a/b', target: 'one' }), 400, /is there already and is another/);
  assert.equal((await managed.house.ask('/v1/chat/completions', { ...question, model: 'a/b' })).status, 200);
  for (const [body, says] of [
    [{ name: 'c', target: 'nobody' }, /there is no model nobody/],
    [{ name: 'c', target: 'a/b' }, /is no name with deployments of its own/],
    [{ name: 'c', target: 'wild/*' }, /is no name with deployments of its own/],
    [{ name: 'c', target: 'c' }, /there is no model c/],
    [{ name: 'c', target: 'one', strategy: 'luck' }, /strategy/],
    [{ name: 'c', target: 'one', fallbacks: ['nobody'] }, /there is no model nobody/],
    [{ name: 'c' }, /target is required/],
    [{ name: 'c', target: 'one', colour: 'red' }, /colour is not a known field/],
  ] as const)
    await refused(post(body), 400, says);
  await refused(managed.send('PATCH', '/aliases/one', { target: 'a/b' }), 400, /has deployments of its own/);
  await well('PATCH', '/aliases/a%2Fb', { hidden: true, strategy: 'least-busy', fallbacks: [] });
  const shown = await well('GET', '/aliases/a/b');
  assert.deepEqual(
    [shown['owner'], shown['hidden'], shown['strategy'], shown['fallbacks'], shown['served']],
    ['api', true, 'least-busy', [], true],
  );
  await refused(managed.send('DELETE', '/aliases/one'), 400, /has deployments; delete those/);
  await well('DELETE', '/aliases/a%2Fb');
  await refused(managed.send('DELETE', '/aliases/a%2Fb'), 404, /there is no alias a\/b/);
});

test('/config/update brings routing in force, in LiteLLM’s words, all of it or nothing', async () => {
  for (const name of ['one', 'two']) await addModel(name);
  const answer = await well('POST', '/config/update', {
    router_settings: {
      routing_strategy: 'least-busy',
      num_retries: 4,
      timeout: 45,
      fallbacks: [{ one: ['two'] }],
      model_group_alias: { short: 'one', quiet: { model: 'two', hidden: true } },
      model_group_retry_policy: { two: { TimeoutErrorRetries: 3 } },
    },
    litellm_settings: { drop_params: true, cache: true },
  });
  assert.equal(answer['message'], 'Config updated successfully');
  assert.match(JSON.stringify(answer['plumbline']), /litellm_settings\.cache: not in force/);
  const settings = (
    (await well('GET', '/config'))['settings'] as { name: string; value: unknown; owner: string | null }[]
  )
    .filter(({ owner }) => owner !== null)
    .map(({ name, value, owner }) => [name, value, owner]);
  assert.deepEqual(settings, [
    ['router.strategy', 'least-busy', 'api'],
    ['router.retries', 4, 'api'],
    ['router.timeoutMs', 45_000, 'api'],
    ['router.dropParameters', true, 'api'],
  ]);
  const aliases = await readAliases(managed.database);
  assert.deepEqual(
    aliases.map(({ name, target, hidden, fallbacks, retryPolicy }) => [name, target, hidden, fallbacks, retryPolicy]),
    [
      ['one', null, false, ['two'], {}],
      ['quiet', 'two', true, [], {}],
      ['short', 'one', false, [], {}],
      ['two', null, false, [], { TimeoutError: 3 }],
    ],
  );
  const pages = await well('GET', '/get/config/callbacks');
  assert.deepEqual((pages['router_settings'] as Record<string, unknown>)['num_retries'], 4);
  const bad = { router_settings: { num_retries: 1, fallbacks: [{ one: ['nobody'] }] } };
  await refused(managed.send('POST', '/config/update', bad), 400, /there is no model nobody/);
  await refused(
    managed.send('POST', '/config/update', { router_settings: { num_retrys: 1 } }),
    400,
    /did you mean num_retries/,
  );
  assert.deepEqual(await readAliases(managed.database), aliases);
  assert.match((await managed.send('GET', '/config')).text, /"router.retries","value":4/);
});

test('a list that is posted is the whole list, and what is shown can be posted back, also where a file owns it', async () => {
  await replaceOwned(managed.database, declared(), sealer);
  await addModel('one');
  const update = (router_settings: object): Promise<Record<string, unknown>> =>
    well('POST', '/config/update', { router_settings });
  await update({ fallbacks: [{ one: ['fast'] }], model_group_alias: { short: 'one', quiet: 'fast' } });
  const shown = (await well('GET', '/get/config/callbacks'))['router_settings'] as Record<string, unknown>;
  const before = await readAliases(managed.database);
  await update(shown);
  assert.deepEqual(await readAliases(managed.database), before);
  assert.deepEqual(
    (await readSettingRows(managed.database)).map(({ name, owner }) => [name, owner]),
    [
      ['router.defaultFallbacks', 'file'],
      ['router.retries', 'file'],
    ],
  );
  await update({ fallbacks: [], default_fallbacks: ['fast'], model_group_alias: { quiet: 'fast' } });
  const after = await readAliases(managed.database);
  assert.deepEqual(
    after.map(({ name, target, fallbacks }) => [name, target, fallbacks]),
    [
      ['fast', null, []],
      ['one', null, []],
      ['quiet', 'fast', []],
    ],
  );
  await refused(
    managed.send('POST', '/config/update', { router_settings: { ...shown, num_retries: 7 } }),
    400,
    /belongs to the configuration file/,
  );
  const stars = { router_settings: { context_window_fallbacks: [{ '*': ['fast'] }] } };
  await refused(managed.send('POST', '/config/update', stars), 400, /for \* are taken from a file only/);
});

test('boot options are told and not changed: who owns them, and how to change them, is said', async () => {
  const list = (await managed.send('GET', '/config/list?config_type=general_settings')).json as {
    field_name: string;
    field_value: unknown;
  }[];
  assert.deepEqual(
    list.map(({ field_name: name, field_value: value }) => [name, value]),
    [
      ['master_key', null],
      ['database_url', null],
      ['database_connection_pool_limit', 10],
      ['max_request_size_mb', 64],
    ],
  );
  assert.deepEqual(await well('GET', '/config/field/info?field_name=max_request_size_mb'), {
    field_name: 'max_request_size_mb',
    field_value: 64,
  });
  const update = { field_name: 'max_request_size_mb', field_value: 1, config_type: 'general_settings' };
  for (const path of ['/config/field/update', '/config/field/delete'])
    await refused(
      managed.send('POST', path, update),
      400,
      /is the boot option bodyLimit, which comes from default; change it by --body-limit/,
    );
  await refused(managed.send('GET', '/config/field/info?field_name=moon'), 400, /moon is no general setting/);
  await refused(managed.send('GET', '/config/list?config_type=moon'), 400, /config_type moon is not listed/);
  const general = { general_settings: { max_request_size_mb: 1 } };
  await refused(managed.send('POST', '/config/update', general), 400, /general_settings are boot options here/);
  const variables = { environment_variables: { OPENAI_API_KEY: 'sk-canary' } };
  await refused(managed.send('POST', '/config/update', variables), 400, /store a secret as a credential/);
});

test('tool servers are shown with whom they belong to, their secrets by marks', async () => {
  await replaceOwned(
    managed.database,
    declared({
      toolServers: [
        {
          name: 'exa',
          alias: null,
          transport: 'http',
          url: 'https://mcp.exa.test',
          command: null,
          arguments: [],
          auth: 'bearer_token',
          settings: { headers: { 'x-plain': 'text' } },
          secrets: {
            url: new Secret('https://mcp.exa.test/?key=canary'),
            auth_value: new Secret('canary'),
            'header:x-key': new Secret('canary'),
          },
        },
      ],
    }),
    sealer,
  );
  assert.deepEqual((await well('GET', '/config'))['tool_servers'], [
    {
      name: 'exa',
      value: {
        url: 'https://mcp.exa.test/[secret]',
        static_headers: { 'x-plain': 'text', 'x-key': '[secret]' },
        auth_type: 'bearer_token',
        auth_value: '[secret]',
      },
      source: 'table',
      owner: 'file',
      served: false,
    },
  ]);
  await managed.database.query('alter table plumbline.tool_servers rename to gone');
  try {
    const { tool_servers: none, settings } = await well('GET', '/config');
    assert.equal(none, null);
    assert.ok(Array.isArray(settings) && settings.length > 0);
  } finally {
    await managed.database.query('alter table plumbline.gone rename to tool_servers');
  }
});
