import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageOf } from './usage-of.ts';

const at = Date.UTC(2026, 0, 13);
const row = {
  request_id: 'r1',
  call_type: 'acompletion',
  api_key: 'a'.repeat(64),
  spend: 0.5,
  prompt_tokens: 10,
  completion_tokens: 5,
  startTime: at,
  endTime: at + 2000,
  completionStartTime: at + 300,
  model: 'gpt-4o',
  model_group: 'chat',
  model_id: 'm1',
  custom_llm_provider: 'openai',
  user: 'ann',
  request_tags: ['x'],
  status: 'success',
};

test('a row keeps who asked, what answered, when, its tokens and its cost, and is marked as LiteLLM’s', () => {
  const usage = usageOf(row);
  assert.ok(usage);
  const { keyHash, alias, model, provider, userId, tags, cost, firstMs, totalMs, dialect, outcome } = usage;
  assert.deepEqual(
    { keyHash, alias, model, provider, userId, tags, cost, firstMs, totalMs, dialect, outcome },
    {
      keyHash: row.api_key,
      alias: 'chat',
      model: 'gpt-4o',
      provider: 'openai',
      userId: 'ann',
      tags: ['x'],
      cost: 0.5,
      firstMs: 300,
      totalMs: 2000,
      dialect: 'litellm',
      outcome: 'success',
    },
  );
  assert.deepEqual([usage.usage?.input, usage.usage?.output], [10, 5]);
});

test('tokens without dollars have an unknown price, unless the cache answered; what was never answered cost nothing', () => {
  assert.equal(usageOf({ ...row, spend: 0 })?.cost, null);
  assert.equal(usageOf({ ...row, spend: 0, cache_hit: 'True' })?.cost, 0);
  const failed = usageOf({ ...row, spend: 0, prompt_tokens: 0, completion_tokens: 0, status: 'failure' });
  assert.deepEqual([failed?.cost, failed?.usage, failed?.outcome, failed?.status], [0, null, 'failure', 500]);
  const told = { error_information: { error_code: '429' } };
  assert.equal(usageOf({ ...row, status: 'failure', metadata: told })?.status, 429);
});

test('what an old release does not keep is absent; without a beginning there is no row', () => {
  const bare = usageOf({ request_id: 'r', startTime: at });
  assert.deepEqual([bare?.endedAt, bare?.keyHash, bare?.alias, bare?.session, bare?.tags], [at, null, null, null, []]);
  assert.equal(usageOf({ request_id: 'r' }), undefined);
});
