// LiteLLM's databases as they are found in the field, brought over.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hashKey } from '../../src/core/key-hash.ts';
import { silentLog } from '../../src/kit/log.ts';
import { Secret } from '../../src/kit/secret.ts';
import { openLitellm, schemaIn, shownAddress } from '../../src/store/litellm/open-litellm.ts';
import { replaceOwned } from '../../src/store/replace-owned.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { readAliases } from '../../src/store/tables/aliases.ts';
import { readCredentials } from '../../src/store/tables/credentials.ts';
import { readDeployments } from '../../src/store/tables/deployments.ts';
import { insertKey, readKeys } from '../../src/store/tables/keys.ts';
import { declared, newKey, sealer } from '../store/rows.ts';
import { addModels, addRow, dump, makeTables, type Sealing, sealed } from './litellm-database.ts';
import { adoptInto, noEmbedded, openStage, planInto, type Stage, saltKey } from './stage.ts';

describe('adoption', { skip: noEmbedded }, () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  const openai = (index: number) => ({
    id: `m${index}`,
    name: `model-${index}`,
    params: { model: `openai/upstream-${index}`, api_base: 'http://127.0.0.1:9/v1', api_key: `sk-upstream-${index}` },
  });

  test('a healthy deployment: 48 models, two skills, keys that work at once; a second run brings nothing', async () => {
    const theirs = await stage.make('healthy');
    await makeTables(theirs.database);
    await addModels(
      theirs.database,
      Array.from({ length: 48 }, (_, index) => openai(index)),
    );
    for (const title of ['one', 'two'])
      await addRow(theirs.database, 'LiteLLM_SkillsTable', { skill_id: title, display_title: title });
    await addRow(theirs.database, 'LiteLLM_CredentialsTable', {
      credential_id: 'c1',
      credential_name: 'shared',
      credential_values: sealed({ api_key: 'sk-shared', api_base: 'http://127.0.0.1:9/v1' }),
    });
    await addModels(theirs.database, [
      { id: 'named', name: 'by-name', params: { model: 'openai/x', litellm_credential_name: 'shared' } },
    ]);
    await addRow(theirs.database, 'LiteLLM_Config', {
      param_name: 'router_settings',
      param_value: {
        routing_strategy: 'simple-shuffle',
        num_retries: 3,
        model_group_alias: { 'chat-default': 'model-1' },
        fallbacks: [{ 'model-1': ['model-2'] }],
      },
    });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', {
      token: hashKey('sk-old-client'),
      key_name: 'sk-...ient',
      key_alias: 'old-client',
      spend: 12.5,
      models: ['model-1', 'chat-default'],
      user_id: 'default_user_id',
      created_at: '2026-01-13T00:00:00.000',
    });
    await addRow(theirs.database, 'LiteLLM_UserTable', { user_id: 'default_user_id', user_role: 'proxy_admin' });
    const ours = await stage.ours('healthy_ours');
    const before = await dump(theirs.database);

    const plan = await planInto(theirs, ours);
    assert.equal((await readDeployments(ours.database)).length, 0, 'a plan changes nothing');
    const done = await adoptInto(theirs, ours);
    assert.deepEqual(done.outcome.counts, plan.outcome.counts);
    assert.deepEqual(done.outcome.findings, []);
    const { counts } = done.outcome;
    assert.deepEqual(
      [counts.model.found, counts.model.brought, counts.key.brought, counts.alias.brought],
      [49, 49, 1, 1],
    );
    assert.equal(done.survey.counted['skills'], 2);

    const deployments = await readDeployments(ours.database);
    assert.equal(deployments.length, 49);
    const first = deployments.find(({ id }) => id === 'm1');
    assert.deepEqual(
      [first?.alias, first?.provider, first?.model, first?.owner, first?.credential],
      ['model-1', 'openai', 'upstream-1', 'api', 'deployment/m1'],
    );
    const named = deployments.find(({ id }) => id === 'named');
    assert.deepEqual([named?.credential, named?.baseUrl], ['shared', 'http://127.0.0.1:9/v1']);
    const secret = (await readCredentials(ours.database)).find(({ name }) => name === 'deployment/m1')?.sealed[
      'api_key'
    ];
    assert.equal(sealer.unseal(secret ?? '', credentialPlace('deployment/m1', 'api_key')).reveal(), 'sk-upstream-1');
    const aliases = new Map((await readAliases(ours.database)).map((alias) => [alias.name, alias]));
    assert.equal(aliases.get('chat-default')?.target, 'model-1');
    assert.deepEqual(aliases.get('model-1')?.fallbacks, ['model-2']);
    const [key] = await readKeys(ours.database);
    assert.deepEqual([key?.hash, key?.blocked, key?.alias], [hashKey('sk-old-client'), false, 'old-client']);

    const again = await adoptInto(theirs, ours);
    assert.deepEqual(again.outcome.changes, []);
    assert.equal(again.outcome.balances, 0);
    assert.equal(again.outcome.counts.model.unchanged, 49);
    assert.equal(await dump(theirs.database), before, 'not a byte of LiteLLM is written');
  });

  test("the audit report's own: no skills table, models twice, values sealed twice, an alias to a decommissioned model", async () => {
    const theirs = await stage.make('audited');
    await makeTables(theirs.database, { without: ['LiteLLM_SkillsTable'] });
    const ollama = (model: string) => ({ model: `ollama/${model}`, api_base: 'http://127.0.0.1:11434' });
    await addModels(
      theirs.database,
      [
        { id: 'l1', name: 'local-embeddings', params: ollama('nomic-embed-text'), info: { mode: 'embedding' } },
        { id: 'l2', name: 'local-embeddings', params: ollama('nomic-embed-text'), info: { mode: 'embedding' } },
        { id: 'a1', name: 'arctic-embed', params: { ...ollama('arctic'), rpm: 10 }, info: { mode: 'embedding' } },
      ],
      { layers: ['box', 'box'] },
    );
    await addModels(theirs.database, [
      { id: 'a2', name: 'arctic-embed', params: { ...ollama('arctic'), rpm: 5 } },
      { id: 'o1', name: 'ollama-embed-text', params: ollama('embed-text'), info: { mode: 'embedding' } },
      { id: 'd1', name: 'bge-embed', params: ollama('bge'), info: { mode: 'embedding', decommissioned: true } },
    ]);
    const file = {
      path: 'config.yaml',
      names: [],
      aliases: [{ name: 'embeddings-default', target: 'bge-embed', hidden: false }],
    };
    const ours = await stage.ours('audited_ours');
    const before = await dump(theirs.database);
    const { outcome, survey } = await adoptInto(theirs, ours, { file });
    assert.equal(survey.counted['skills'], null);
    assert.deepEqual(outcome.counts.model, { found: 6, brought: 3, unchanged: 0, merged: 2, refused: 1, disabled: 0 });
    assert.deepEqual(outcome.counts.alias, { found: 1, brought: 0, unchanged: 0, merged: 0, refused: 1, disabled: 0 });
    assert.deepEqual([survey.seals.peeled, survey.seals.layers], [6, 6]);
    const kept = await readDeployments(ours.database);
    assert.deepEqual(kept.map(({ id }) => id).sort(), ['a1', 'l1', 'o1']);
    assert.equal(kept.find(({ id }) => id === 'a1')?.parameters.rpm, 15);
    const says = outcome.findings.map((finding) => `${finding.row} ${finding.field}: ${finding.says}; ${finding.mend}`);
    assert.deepEqual(says.slice(-1), [
      'router_settings model_group_alias.embeddings-default: it leads to bge-embed, which is decommissioned; point it at local-embeddings, or remove it',
    ]);
    assert.equal(says.filter((line) => /the same as the row/.test(line)).length, 2);
    assert.equal(await dump(theirs.database), before);
  });

  test('a wrong salt: no model and no ciphertext comes over, each value is named, keys come all the same', async () => {
    const theirs = await stage.make('wrong_salt');
    await makeTables(theirs.database);
    await addModels(theirs.database, [openai(1), openai(2)], { key: 'another salt' });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: hashKey('sk-client'), key_name: 'sk-...ient' });
    const ours = await stage.ours('wrong_salt_ours');
    const { outcome, survey } = await adoptInto(theirs, ours);
    assert.deepEqual(outcome.counts.model, { found: 2, brought: 0, unchanged: 0, merged: 0, refused: 2, disabled: 0 });
    assert.equal(survey.seals.unopened, 6);
    const fields = outcome.findings.map(({ table, row, field }) => `${table} ${row} ${field}`);
    assert.ok(fields.includes('LiteLLM_ProxyModelTable model-1 (m1) litellm_params.api_key'), fields.join('\n'));
    assert.equal((await readDeployments(ours.database)).length, 0);
    assert.equal(outcome.counts.key.brought, 1);

    const right = { name: 'found again', key: new Secret('another salt') };
    const mended = await adoptInto(theirs, ours, { keys: [saltKey, right] });
    assert.deepEqual([mended.outcome.counts.model.brought, mended.outcome.counts.key.unchanged], [2, 1]);
    assert.deepEqual(mended.survey.seals.byKey, { 'found again': 6 });
  });

  test('mixed forms, both alphabets, plain rows, two keys and any nesting are opened in one table', async () => {
    const theirs = await stage.make('mixed');
    await makeTables(theirs.database);
    const master = { name: 'LITELLM_MASTER_KEY', key: new Secret('sk-master-of-the-litellm') };
    const ways: readonly Sealing[] = [
      { layers: [] },
      { layers: ['standard'] },
      { layers: ['v2'] },
      { layers: ['v3'] },
      { layers: ['box', 'v2', 'v3', 'standard'] },
      { layers: ['box'], key: 'sk-master-of-the-litellm' },
    ];
    for (const [index, way] of ways.entries()) await addModels(theirs.database, [openai(index)], way);
    const ours = await stage.ours('mixed_ours');
    const { outcome, survey } = await adoptInto(theirs, ours, { keys: [saltKey, master] });
    assert.deepEqual(outcome.findings, []);
    assert.equal(outcome.counts.model.brought, ways.length);
    assert.deepEqual(
      (await readDeployments(ours.database)).map(({ provider, model }) => `${provider}/${model}`).sort(),
      ways.map((_, index) => `openai/upstream-${index}`),
    );
    assert.deepEqual([survey.seals.peeled, survey.seals.layers, survey.seals.byKey['LITELLM_MASTER_KEY']], [3, 9, 3]);
  });

  test('half migrated: tables and columns missing, others nobody knows; what is there comes over, rights are not widened', async () => {
    const theirs = await stage.make('half');
    await makeTables(theirs.database, {
      without: [
        'LiteLLM_CredentialsTable',
        'LiteLLM_Config',
        'LiteLLM_UserTable',
        'LiteLLM_SkillsTable',
        'LiteLLM_SpendLogs',
      ],
      altered: {
        LiteLLM_VerificationToken:
          'drop column organization_id, drop column rotation_count, drop column created_at, add column allowed_planets text[]',
        LiteLLM_ProxyModelTable: 'drop column model_info, drop column created_at, add column mood text',
      },
    });
    await theirs.database.query(
      `insert into public."LiteLLM_ProxyModelTable" (model_id, model_name, litellm_params) values ('x', 'chat', $1::jsonb)`,
      [JSON.stringify(sealed({ model: 'openai/x', api_key: 'sk-x' }))],
    );
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: hashKey('sk-free'), spend: 1 });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', {
      token: hashKey('sk-held'),
      allowed_planets: ['mars'],
    });
    const ours = await stage.ours('half_ours');
    const { outcome, survey } = await adoptInto(theirs, ours, { since: 0 });
    assert.deepEqual(
      [outcome.counts.model.brought, outcome.counts.key.brought, outcome.counts.key.disabled],
      [1, 2, 1],
    );
    assert.deepEqual(survey.missing, ['LiteLLM_CredentialsTable', 'LiteLLM_Config']);
    assert.match(outcome.findings.at(-1)?.says ?? '', /comes over disabled: allowed_planets is not enforced here yet/);
    const held = (await readKeys(ours.database)).find(({ hash }) => hash === hashKey('sk-held'));
    assert.equal(held?.blocked, true);
  });

  test('a second run brings what changed there, undoes nothing that changed here, and disables keys that are gone', async () => {
    const theirs = await stage.make('changing');
    await makeTables(theirs.database);
    await addModels(theirs.database, [openai(1), openai(2)]);
    for (const name of ['sk-one', 'sk-two', 'sk-three'])
      await addRow(theirs.database, 'LiteLLM_VerificationToken', {
        token: hashKey(name),
        key_alias: name.slice(3),
        spend: 2,
      });
    const ours = await stage.ours('changing_ours');
    await adoptInto(theirs, ours);
    await ours.database.query(`update plumbline.deployments set parameters = '{"weight": 7}' where id = 'm2'`);
    await ours.database.query(`update plumbline.keys set blocked = true where hash = $1`, [hashKey('sk-one')]);
    await theirs.database.query(
      `update public."LiteLLM_ProxyModelTable" set litellm_params = litellm_params || '{"rpm": 3}' where model_id = 'm1'`,
    );
    await theirs.database.query(
      `update public."LiteLLM_VerificationToken" set spend = 5, models = '{model-1}', user_id = 'ann' where key_alias = 'one'`,
    );
    await theirs.database.query(`delete from public."LiteLLM_VerificationToken" where key_alias = 'three'`);
    const { outcome } = await adoptInto(theirs, ours);
    assert.deepEqual(outcome.changes, ['model model-1 (openai/upstream-1)', 'key one']);
    assert.equal(outcome.balances, 1);
    const [spent] = await ours.database.query<{ cost: number }>('select sum(cost) as cost from plumbline.usage_daily');
    assert.equal(spent?.cost, 2 + 2 + 5);
    const deployments = await readDeployments(ours.database);
    assert.equal(deployments.find(({ id }) => id === 'm1')?.parameters.rpm, 3);
    assert.equal(deployments.find(({ id }) => id === 'm2')?.parameters.weight, 7);
    const keys = new Map((await readKeys(ours.database)).map((key) => [key.alias, key]));
    assert.deepEqual([keys.get('one')?.models, keys.get('one')?.blocked], [['model-1'], true]);
    assert.deepEqual([keys.get('two')?.blocked, keys.get('three')?.blocked], [false, true]);
  });

  test('routing that leads nowhere, a name of the file, variables and references: each is brought or named', async () => {
    const theirs = await stage.make('routed');
    await makeTables(theirs.database);
    const base = 'http://127.0.0.1:9/v1';
    await addModels(theirs.database, [
      {
        id: 'v',
        name: 'from-variable',
        params: { model: 'openai/v', api_base: base, api_key: 'os.environ/STORED_KEY' },
      },
      { id: 'r', name: 'by-reference', params: { model: 'openai/r', api_base: base, api_key: 'os.environ/OUTER_KEY' } },
      { id: 'b', name: 'lost-address', params: { model: 'openai/b', api_base: 'os.environ/NOWHERE' } },
      { id: 'f', name: 'in-the-file', params: { model: 'openai/f', api_base: base, api_key: 'sk-f' } },
      { id: 'u', name: 'unknown-provider', params: { model: 'nobody/u', api_key: 'sk-u' } },
      { id: 'm', name: 'budgeted', params: { model: 'openai/m', api_key: 'sk-m', max_budget: 5 } },
    ]);
    await addRow(theirs.database, 'LiteLLM_Config', {
      param_name: 'environment_variables',
      param_value: sealed({ STORED_KEY: 'sk-from-the-database', LANGFUSE_SECRET: 'sk-of-another' }),
    });
    await addRow(theirs.database, 'LiteLLM_Config', {
      param_name: 'router_settings',
      param_value: {
        model_group_alias: { lost: 'from-variabel' },
        fallbacks: [{ 'by-reference': ['nothing', 'from-variable'] }],
      },
    });
    await addRow(theirs.database, 'LiteLLM_Config', {
      param_name: 'general_settings',
      param_value: { allowed_ips: ['10.0.0.1'], alerting: ['slack'], proxy_batch_write_at: null },
    });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: hashKey('sk-free') });
    const ours = await stage.ours('routed_ours');
    const file = {
      path: 'config.yaml',
      names: ['in-the-file'],
      aliases: [{ name: 'nice', target: 'by-reference', hidden: true }],
    };
    const { outcome } = await adoptInto(theirs, ours, { file });
    assert.deepEqual([outcome.counts.model.brought, outcome.counts.model.refused], [2, 4]);
    const credentials = new Map(
      (await readCredentials(ours.database)).map(({ name, sealed: fields }) => [name, fields]),
    );
    const opened = (name: string) =>
      sealer.unseal(credentials.get(name)?.['api_key'] ?? '', credentialPlace(name, 'api_key')).reveal();
    assert.deepEqual(
      [opened('deployment/v'), opened('deployment/r')],
      ['sk-from-the-database', 'os.environ/OUTER_KEY'],
    );
    const aliases = new Map((await readAliases(ours.database)).map((alias) => [alias.name, alias]));
    assert.deepEqual([aliases.get('nice')?.target, aliases.get('nice')?.hidden], ['by-reference', true]);
    assert.deepEqual(aliases.get('by-reference')?.fallbacks, ['from-variable']);
    const says = outcome.findings.map(({ says, mend }) => `${says}; ${mend}`).join('\n');
    assert.match(says, /it leads to from-variabel, which is no model; point it at from-variable/);
    assert.match(says, /the variable NOWHERE is not set/);
    assert.match(says, /the configuration file declares this name too/);
    assert.match(says, /budgets are not enforced yet/);
    assert.match(says, /not brought over: LANGFUSE_SECRET; no model draws on them/);
    assert.match(says, /not brought over: alerting, allowed_ips; write into config.yaml/);
    const everybody = outcome.findings.at(-1)?.says ?? '';
    assert.match(everybody, /it comes over disabled: general_settings.allowed_ips is not in force here/);
    const accepted = ['general_settings.allowed_ips', 'model_list.litellm_params.max_budget'];
    const plan = await planInto(theirs, ours, { file, accepted });
    assert.deepEqual([plan.outcome.counts.key.disabled, plan.outcome.counts.model.brought], [0, 1]);
    assert.doesNotMatch(JSON.stringify(outcome.findings), /sk-/);
  });

  test('what reads LiteLLM is refused when it writes there, by the server', async () => {
    const theirs = await stage.make('read_only');
    await makeTables(theirs.database);
    const litellm = await openLitellm(theirs.address, 'public', silentLog);
    try {
      for (const sql of [`insert into public."LiteLLM_Config" values ('x', '{}')`, 'create table public.mine (a int)'])
        await assert.rejects(litellm.query(sql), sql);
      const [setting] = await litellm.query<{ on: string }>(
        `select current_setting('default_transaction_read_only') as on`,
      );
      assert.equal(setting?.on, 'on');
    } finally {
      await litellm.close();
    }
    assert.deepEqual(await theirs.database.query('select 1 from public."LiteLLM_Config"'), []);
  });

  test('tables in another schema, a spend log without its index, keys of an older and of a newer release', async () => {
    const theirs = await stage.make('elsewhere');
    await makeTables(theirs.database, {
      altered: {
        LiteLLM_VerificationToken: `add column router_settings jsonb default '{}', add column policies text[] default '{}', add column last_active timestamp(3) default now()`,
      },
    });
    await theirs.database.query('drop index public."LiteLLM_SpendLogs_startTime_idx"');
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: 'sk-kept-in-the-clear', key_alias: 'ancient' });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', {
      token: hashKey('sk-new'),
      key_alias: 'ancient',
      policies: ['p'],
    });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: 'no hash at all' });
    await theirs.database.query(
      `insert into public."LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, "startTime", "endTime", status)
       select md5(n::text), 'aembedding', $1, 0.5, now() at time zone 'UTC' - n * interval '10 minutes',
         now() at time zone 'UTC' - n * interval '10 minutes', case when n % 2 = 0 then 'success' else 'failure' end
       from generate_series(1, 5000) as n`,
      [hashKey('sk-new')],
    );
    await theirs.database.query('alter schema public rename to litellm');
    const ours = await stage.ours('elsewhere_ours');
    const address = `${theirs.address.reveal()}&schema=litellm&connection_limit=5&pgbouncer=true`;
    const prisma = { ...theirs, address: new Secret(address) };
    assert.equal(schemaIn(prisma.address), 'litellm');
    assert.doesNotMatch(shownAddress(prisma.address), /@|connection_limit/);
    const { outcome, history } = await adoptInto(prisma, ours, {
      schema: 'litellm',
      since: Date.now() - 20 * 86_400_000,
    });
    assert.deepEqual(outcome.counts.key, { found: 3, brought: 2, unchanged: 0, merged: 0, refused: 1, disabled: 1 });
    const keys = await readKeys(ours.database);
    const hashes = [hashKey('sk-kept-in-the-clear'), hashKey('sk-new')];
    assert.deepEqual(keys.map(({ hash }) => hash).sort(), hashes.sort());
    assert.equal(keys.filter(({ alias }) => alias === 'ancient').length, 1);
    assert.doesNotMatch(JSON.stringify([outcome, keys]), /sk-kept/);
    assert.equal(history?.brought, 20 * 144 - 1);
    const [kinds] = await ours.database.query<{ kinds: string[] }>(
      'select array_agg(distinct operation || outcome) as kinds from plumbline.usage',
    );
    assert.deepEqual(kinds?.kinds, ['embeddingfailure', 'embeddingsuccess']);
  });

  test('names that are taken here: what belongs to others is left alone and told; the same model is one', async () => {
    const theirs = await stage.make('taken');
    await makeTables(theirs.database);
    await addModels(theirs.database, [openai(1), openai(2)]);
    await addRow(theirs.database, 'LiteLLM_CredentialsTable', {
      credential_id: 'c',
      credential_name: 'groq',
      credential_values: sealed({ api_key: 'sk-other' }),
    });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: hashKey('sk-a'), key_alias: 'taken' });
    await addRow(theirs.database, 'LiteLLM_VerificationToken', {
      token: hashKey('sk-b'),
      key_alias: 'free',
      models: ['x'],
    });
    const ours = await stage.ours('taken_ours');
    await replaceOwned(ours.database, declared(), sealer);
    await insertKey(ours.database, newKey('1', { alias: 'taken' }));
    await insertKey(ours.database, newKey('2', { hash: hashKey('sk-b'), models: ['y'] }));
    const { outcome } = await adoptInto(theirs, ours);
    assert.deepEqual([outcome.counts.credential.refused, outcome.counts.model.brought], [1, 2]);
    assert.deepEqual([outcome.counts.key.brought, outcome.counts.key.merged], [1, 1]);
    const says = outcome.findings.map((finding) => finding.says).join('\n');
    assert.match(says, /the credential groq belongs to the configuration file/);
    assert.match(says, /another key here has the alias taken; this one comes over without/);
    const [mine] = (await readKeys(ours.database)).filter(({ hash }) => hash === hashKey('sk-b'));
    assert.deepEqual(mine?.models, ['y']);
    const again = await adoptInto(theirs, ours);
    assert.deepEqual([again.outcome.changes, again.outcome.counts.key.unchanged], [[], 2]);
  });

  test('a model that stands in the file and in the database is one; another under the same name stands beside it', async () => {
    const theirs = await stage.make('two_homes');
    await makeTables(theirs.database);
    const groq = { model: 'groq/llama', api_key: 'gsk-plain', weight: 0.5, tags: ['x'] };
    await addModels(theirs.database, [
      { id: 'same', name: 'fast', params: groq },
      { id: 'other', name: 'fast', params: { ...groq, model: 'groq/larger' } },
    ]);
    const ours = await stage.ours('two_homes_ours');
    const file = { path: 'config.yaml', names: ['fast'], aliases: [] };
    const early = await adoptInto(theirs, ours, { file });
    assert.equal(early.outcome.counts.model.refused, 2);
    await replaceOwned(ours.database, declared(), sealer);
    const { outcome } = await adoptInto(theirs, ours, { file });
    assert.deepEqual([outcome.counts.model.brought, outcome.counts.model.merged], [1, 1]);
    const under = (await readDeployments(ours.database)).map(({ id, owner, position }) => [id, owner, position]);
    assert.deepEqual(under, [
      ['one', 'file', 0],
      ['other', 'api', 1],
    ]);
  });
});
