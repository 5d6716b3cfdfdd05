// LiteLLM's databases as they are found in the field, brought over.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hashKey } from '../../src/core/key-hash.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { readAliases } from '../../src/store/tables/aliases.ts';
import { readCredentials } from '../../src/store/tables/credentials.ts';
import { readDeployments } from '../../src/store/tables/deployments.ts';
import { readKeys } from '../../src/store/tables/keys.ts';
import { sealer } from '../store/rows.ts';
import { addModels, addRow, dump, makeTables, sealed } from './litellm-database.ts';
import { adoptInto, noEmbedded, openStage, planInto, type Stage } from './stage.ts';

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
});
