import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { modelsOf, reasonsToDisable } from './key-rights.ts';

const nobody = { user: undefined, tags: new Set<string>() };

/** A key as LiteLLM stores it when nothing was asked for. */
const plain = {
  token: 'a'.repeat(64),
  key_name: 'sk-...abcd',
  key_alias: null,
  soft_budget_cooldown: false,
  spend: 3.5,
  expires: null,
  models: [],
  aliases: {},
  config: {},
  user_id: 'default_user_id',
  team_id: null,
  permissions: {},
  max_parallel_requests: null,
  metadata: {},
  blocked: null,
  tpm_limit: null,
  rpm_limit: null,
  max_budget: null,
  budget_duration: null,
  allowed_cache_controls: [],
  allowed_routes: [],
  model_spend: {},
  model_max_budget: {},
  budget_id: null,
  organization_id: null,
  object_permission_id: null,
  auto_rotate: false,
  rotation_count: 0,
};

test('a key without limits, of a user without limits, comes over as it is', () => {
  assert.deepEqual(reasonsToDisable(plain, nobody), []);
  const user = { user_id: 'default_user_id', user_role: 'proxy_admin', max_budget: null, models: [] };
  assert.deepEqual(reasonsToDisable(plain, { ...nobody, user }), []);
});

test('whatever its rights hang on disables it, each by name', () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ team_id: 'red' }, /^team_id is not enforced/],
    [{ organization_id: 'o' }, /^organization_id/],
    [{ budget_id: 'b' }, /^budget_id/],
    [{ object_permission_id: 'p' }, /^object_permission_id/],
    [{ max_budget: 0 }, /^max_budget/],
    [{ rpm_limit: 1 }, /^rpm_limit/],
    [{ tpm_limit: 1 }, /^tpm_limit/],
    [{ max_parallel_requests: 1 }, /^max_parallel_requests/],
    [{ allowed_routes: ['llm_api_routes'] }, /^allowed_routes/],
    [{ model_max_budget: { x: { budget_limit: 1 } } }, /^model_max_budget/],
    [{ aliases: { a: 'b' } }, /^aliases/],
    [{ access_group_ids: ['g'] }, /^access_group_ids/],
    [{ metadata: { guardrails: ['g'] } }, /^metadata.guardrails/],
    [{ metadata: { model_rpm_limit: { x: 1 } } }, /^metadata.model_rpm_limit/],
    [{ metadata: '{"model_tpm_limit":{"x":1}}' }, /^metadata.model_tpm_limit/],
    [{ models: ['all-team-models'] }, /team's/],
    [{ models: ['no-default-models'] }, /may call none/],
  ];
  for (const [columns, reason] of cases) {
    const reasons = reasonsToDisable({ ...plain, ...columns }, nobody);
    assert.equal(reasons.length, 1, JSON.stringify(columns));
    assert.match(reasons[0] ?? '', reason);
  }
});

test('what its user or a tag is held to disables it; a user without a row does not', () => {
  for (const user of [{ max_budget: 5 }, { models: ['x'] }, { rpm_limit: 1 }, { user_role: 'internal_user_viewer' }])
    assert.equal(reasonsToDisable(plain, { ...nobody, user }).length, 1, JSON.stringify(user));
  const tagged = { ...plain, metadata: { tags: ['free', 'held'] } };
  assert.deepEqual(reasonsToDisable(tagged, { user: undefined, tags: new Set(['held']) }), [
    'the tag held has limits, which are not enforced here yet',
  ]);
});

test('property: a column nobody knows disables the key as soon as it says anything', () => {
  const value = fc.oneof(
    fc.integer(),
    fc.constant(true),
    fc.string({ minLength: 1 }),
    fc.array(fc.integer(), { minLength: 1 }),
  );
  fc.assert(
    fc.property(value, (said) => {
      assert.equal(reasonsToDisable({ ...plain, column_of_tomorrow: said }, nobody).length, 1);
    }),
  );
  for (const nothing of [null, undefined, false, '', [], {}, '{}'])
    assert.deepEqual(reasonsToDisable({ ...plain, column_of_tomorrow: nothing }, nobody), []);
});

test('property: a list of models never becomes every model, but where LiteLLM means every model', () => {
  const groups = new Map([['group', ['one', 'two']]]);
  assert.deepEqual(modelsOf(['group', 'three'], groups), ['one', 'two', 'three']);
  assert.deepEqual(modelsOf(['all-proxy-models', 'x'], groups), []);
  assert.deepEqual(modelsOf(null, groups), []);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('', 'group', 'empty', 'x', 'all-team-models'), { minLength: 1 }), (models) => {
      assert.notDeepEqual(modelsOf(models, new Map([...groups, ['empty', []]])), []);
    }),
  );
});
