// What a key may see is what it may call: lists, single models, health and the counting of tokens.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashKey } from '../../src/core/key-hash.ts';
import type { VirtualKey } from '../../src/core/records.ts';
import { completion, openHouse, question } from './house.ts';

const secret = 'sk-of-a-virtual-key';
const keyFor = (...models: string[]): VirtualKey => ({
  id: 'k1',
  hash: hashKey(secret),
  preview: 'sk-...-key',
  alias: null,
  models,
  expiresAt: null,
  blocked: false,
  userId: null,
  teamId: null,
  metadata: {},
  createdAt: 0,
  createdBy: null,
});
const asKey = { key: secret };

const names = (told: { json: unknown }): string[] => (told.json as { data: { id: string }[] }).data.map(({ id }) => id);

test('a model none of whose deployments could be built is not listed, for it cannot be called', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'broken', credential: 'missing' }],
    upstream: () => ({ body: completion('x') }),
  });
  assert.deepEqual(names(await house.ask('/v1/models')), ['chat']);
  assert.equal((await house.ask('/v1/chat/completions', { ...question, model: 'broken' })).status, 400);
});

test('wildcards are listed only for a key that may call them', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'team/*', model: '*' }, { alias: 'other/*', model: '*' }],
    keys: [keyFor('chat', 'team/*')],
  });
  const query = { ...asKey, query: 'return_wildcard_routes=true' };
  assert.deepEqual(names(await house.ask('/v1/models', undefined, query)), ['chat', 'team/*']);
});

test('a deployment is checked for those who may call its model', async () => {
  const house = openHouse({
    deployments: [{ alias: 'chat' }, { alias: 'dear' }],
    keys: [keyFor('chat')],
    upstream: () => ({ body: completion('x') }),
  });
  const report = (await house.ask('/health', undefined, asKey)).json as { healthy_endpoints: { model: string }[] };
  assert.deepEqual(
    report.healthy_endpoints.map(({ model }) => model),
    ['chat'],
  );
  assert.equal(house.received.length, 1);
});

test('a deployment is called by what it is for, and how long that took is told', async () => {
  const house = openHouse({
    deployments: [
      { alias: 'chat', info: { mode: 'chat' } },
      { alias: 'vectors', info: { mode: 'embedding' } },
      { alias: 'ranks', provider: 'hosted_vllm', info: { mode: 'rerank' } },
      { alias: 'wild/*', model: '*' },
    ],
    upstream: ({ path }) => {
      if (path.endsWith('/chat/completions')) return { body: completion('x') };
      if (path.endsWith('/embeddings')) return { body: { data: [{ embedding: [0.1], index: 0 }] } };
      return { status: 401, body: { message: 'no such key' } };
    },
  });
  type Tried = { model: string; operation: string; latency_ms: number; error?: string };
  const report = (await house.ask('/health')).json as Record<string, Tried[]>;
  const shown = (kind: string) => report[kind]?.map(({ model, operation, latency_ms: ms }) => [model, operation, ms]);
  assert.deepEqual(shown('healthy_endpoints'), [
    ['chat', 'chat', 0],
    ['vectors', 'embedding', 0],
  ]);
  assert.deepEqual(shown('unhealthy_endpoints'), [['ranks', 'rerank', 0]]);
  assert.match(report['unhealthy_endpoints']?.[0]?.error ?? '', /AuthenticationError.*no such key/);
  assert.deepEqual(shown('skipped_endpoints'), [['wild/*', undefined, undefined]]);
  const query = 'model=wild/some-embedder';
  const one = (await house.ask('/health', undefined, { query })).json as Record<string, Tried[]>;
  assert.deepEqual(
    one['healthy_endpoints']?.map(({ model, operation }) => [model, operation]),
    [['wild/some-embedder', 'embedding']],
  );
});

test('tokens are counted for every model, whatever it is for, and the count is recorded as one', async () => {
  const house = openHouse({
    deployments: [
      { alias: 'vectors', provider: 'cohere', baseUrl: 'http://cohere.test' },
      { alias: 'broken', credential: 'missing' },
      { alias: 'tagged', parameters: { tags: ['paid'] } },
    ],
    router: { tagFiltering: true },
  });
  for (const [model, tags] of [['vectors'], ['broken'], ['tagged', ['gold']]]) {
    const told = await house.ask('/v1/messages/count_tokens', { ...question, model, tags });
    assert.equal(told.status, 200, told.text);
    assert.equal((told.json as { estimated: boolean }).estimated, true);
  }
  assert.equal((await house.ask('/v1/messages/count_tokens', { ...question, model: 'nobody' })).status, 400);
  assert.deepEqual(
    house.rows.map(({ operation, outcome, route }) => [operation, outcome, route]),
    [
      ...Array.from({ length: 3 }, () => ['count-tokens', 'success', '/v1/messages/count_tokens']),
      ['count-tokens', 'refused', '/v1/messages/count_tokens'],
    ],
  );
});

test('a count of what is no conversation names the field', async () => {
  const house = openHouse({ deployments: [{ alias: 'chat' }] });
  const told = await house.ask('/v1/messages/count_tokens', { model: 'chat' });
  assert.equal(told.status, 400);
  assert.match(told.text, /messages/);
});
