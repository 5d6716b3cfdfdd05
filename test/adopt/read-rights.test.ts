// An account that may not read all of LiteLLM's tables: what it cannot see is not taken for absent.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { hashKey } from '../../src/core/key-hash.ts';
import { Secret } from '../../src/kit/secret.ts';
import { addModels, addRow, makeTables } from './litellm-database.ts';
import { adoptInto, type MadeDatabase, noEmbedded, openStage, planInto, type Stage } from './stage.ts';

describe('adoption by an account with few rights', { skip: noEmbedded }, () => {
  let stage: Stage;
  let theirs: MadeDatabase;
  let reader: MadeDatabase;
  before(async () => {
    stage = await openStage();
    theirs = await stage.make('few_rights');
    await makeTables(theirs.database);
    await theirs.database.query(`create role reader login password 'reader'`);
    await theirs.database.query('grant select on all tables in schema public to reader');
    const address = theirs.address.reveal().replace(/\/\/[^@]*@/, '//reader:reader@');
    reader = { ...theirs, address: new Secret(address) };
    const params = { model: 'openai/x', api_key: 'sk-x' };
    await addModels(theirs.database, [{ id: 'm', name: 'model', params }]);
    await addRow(theirs.database, 'LiteLLM_VerificationToken', { token: hashKey('sk-anns'), user_id: 'ann' });
    await addRow(theirs.database, 'LiteLLM_UserTable', { user_id: 'ann', user_role: 'internal_user' });
  });
  after(() => stage.close());

  test('an account that may select, and nothing else, adopts', async () => {
    const ours = await stage.ours('few_rights_whole');
    const { outcome } = await adoptInto(reader, ours);
    assert.deepEqual(
      [outcome.counts.model.brought, outcome.counts.key.brought, outcome.counts.key.disabled],
      [1, 1, 0],
    );
    assert.deepEqual(outcome.findings, []);
  });

  const left = { 'nothing of them': '', 'their role, and no limits': '(user_id, user_role)' };
  for (const [what, columns] of Object.entries(left))
    test(`users may have limits when not all of them may be read (${what}), so keys come over disabled`, async () => {
      await theirs.database.query('revoke select on public."LiteLLM_UserTable" from reader');
      if (columns !== '')
        await theirs.database.query(`grant select ${columns} on public."LiteLLM_UserTable" to reader`);
      const ours = await stage.ours(`few_rights_${columns.length}`);
      const { outcome } = await planInto(reader, ours);
      assert.deepEqual([outcome.counts.model.brought, outcome.counts.key.disabled], [1, 1]);
      const [finding] = outcome.findings.filter(({ table, field }) => table === 'LiteLLM_UserTable' && field === '');
      assert.match(finding?.says ?? '', /may not read all of it/);
    });

  test('keys that may not be read this time are not taken for deleted', async () => {
    await theirs.database.query('grant select on public."LiteLLM_UserTable" to reader');
    const ours = await stage.ours('few_rights_later');
    await adoptInto(reader, ours);
    await theirs.database.query('revoke select on public."LiteLLM_VerificationToken" from reader');
    await theirs.database.query('grant select (key_alias) on public."LiteLLM_VerificationToken" to reader');
    const { outcome, survey } = await adoptInto(reader, ours);
    assert.deepEqual(survey.missing, ['LiteLLM_VerificationToken']);
    assert.deepEqual(
      outcome.findings.filter(({ table }) => table === 'key'),
      [],
    );
    const [key] = await ours.database.query<{ blocked: boolean }>('select blocked from plumbline.keys');
    assert.equal(key?.blocked, false);
  });
});
