// What clients are told of models: LiteLLM's shapes, real sizes and prices, and where each comes from.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashKey } from '../../src/core/key-hash.ts';
import type { VirtualKey } from '../../src/core/records.ts';
import { openSealer } from '../../src/kit/seal.ts';
import { Secret } from '../../src/kit/secret.ts';
import { credentialPlace } from '../../src/store/sealed-place.ts';
import { newKey } from '../store/rows.ts';
import { type House, openHouse, type Received } from './house.ts';

interface Entry {
  readonly model_name: string;
  readonly litellm_params: Record<string, unknown>;
  readonly model_info: Record<string, unknown>;
  readonly plumbline: Record<string, unknown>;
}

const secret = 'sk-of-a-virtual-key';
const keyFor = (...models: string[]): VirtualKey =>
  ({ ...newKey('k', { hash: hashKey(secret), models }), id: 'k1', createdAt: 0 }) as VirtualKey;

async function entries(house: House, path = '/model/info', query = '', key?: string): Promise<readonly Entry[]> {
  const told = await house.ask(path, undefined, { query, ...(key === undefined ? {} : { key }) });
  assert.equal(told.status, 200, told.text);
  return (told.json as { data: Entry[] }).data;
}

const show = { model_info: { 'general.architecture': 'qwen3', 'qwen3.context_length': 40_960 } };

function backend({ origin, path }: Received): { status?: number; body: object } {
  if (path === '/api/show')
    return { body: { ...show, capabilities: ['completion', 'tools'], parameters: 'stop "x"\nnum_ctx 16384' } };
  if (origin === 'http://vllm.test') return { body: { data: [{ id: 'served', max_model_len: 8192 }] } };
  if (path === '/props')
    return { body: { default_generation_settings: { n_ctx: 4096 }, modalities: { vision: true } } };
  return { status: 404, body: {} };
}

const own = [
  { alias: 'vllm', provider: 'hosted_vllm', model: 'served', baseUrl: 'http://vllm.test/v1' },
  { alias: 'ollama', provider: 'ollama', model: 'qwen3', baseUrl: 'http://ollama.test' },
  { alias: 'llama', provider: 'llamafile', model: 'any', baseUrl: 'http://llama.test/v1' },
];

test('a context size comes from the server that has the model, and is asked for once', async () => {
  const house = openHouse({ settings: [], deployments: own, upstream: backend });
  const told = await entries(house);
  assert.deepEqual(
    told.map(({ model_name: name, model_info: info, plumbline }) => [
      name,
      info['max_input_tokens'],
      plumbline['context_from'],
      plumbline['backend'],
    ]),
    [
      ['vllm', 8192, 'backend', 'told'],
      ['ollama', 16_384, 'backend', 'told'],
      ['llama', 4096, 'backend', 'told'],
    ],
  );
  assert.equal(told[1]?.model_info['supports_function_calling'], true);
  assert.equal(told[2]?.model_info['supports_vision'], true);
  assert.match(String(told[0]?.plumbline['backend_asked_at']), /^2027-/);
  assert.deepEqual(house.received.map(({ path, text }) => `${path} ${text}`).sort(), [
    '/api/show {"model":"qwen3"}',
    '/props ',
    '/v1/models ',
  ]);
  await entries(house);
  assert.equal(house.received.length, 3, 'what was told is remembered');
  house.clock.pass(11 * 60_000);
  await entries(house);
  assert.equal(house.received.length, 6, 'and asked for again when it is old');
});

test('a server that is away leaves the size unknown and says so, and is asked again soon', async () => {
  let isAway = true;
  const house = openHouse({
    settings: [],
    deployments: own.slice(0, 1),
    upstream: (received) => {
      if (isAway) throw new Error('nobody there');
      return backend(received);
    },
  });
  const [entry] = await entries(house);
  assert.equal(entry?.model_info['max_input_tokens'], null);
  assert.deepEqual([entry?.plumbline['context_from'], entry?.plumbline['backend']], ['unknown', 'away']);
  isAway = false;
  house.clock.pass(20_000);
  assert.equal((await entries(house))[0]?.model_info['max_input_tokens'], 8192);
});

test('a server that answers without a size is told from one that is away', async () => {
  const house = openHouse({
    settings: [],
    deployments: [{ alias: 'chat' }],
    upstream: () => ({ status: 404, body: 'no such page' }),
  });
  const [entry] = await entries(house);
  assert.deepEqual([entry?.plumbline['context_from'], entry?.plumbline['backend']], ['unknown', 'untold']);
});

test('what the row says goes before the server, and the server before the table', async () => {
  const house = openHouse({
    settings: [],
    deployments: [
      { ...own[0], alias: 'row', info: { max_input_tokens: 1000, input_cost_per_token: 1 } },
      { ...own[1], alias: 'asked', parameters: { defaults: { num_ctx: 2048 } } },
      { alias: 'table', provider: 'anthropic', model: 'claude-sonnet-4-5', baseUrl: null },
      { alias: 'priced', provider: 'openai', model: 'x', parameters: { prices: { input_cost_per_token: 0.5 } } },
    ],
    upstream: backend,
  });
  const [row, asked, table, priced] = await entries(house);
  assert.deepEqual([row?.model_info['max_input_tokens'], row?.plumbline['context_from']], [1000, 'row']);
  assert.deepEqual([asked?.model_info['max_input_tokens'], asked?.plumbline['context_from']], [2048, 'row']);
  assert.deepEqual([table?.model_info['max_input_tokens'], table?.plumbline['context_from']], [200_000, 'table']);
  assert.equal(table?.model_info['input_cost_per_token'], 3e-6);
  assert.equal(table?.plumbline['price_from'], 'table');
  assert.deepEqual([priced?.model_info['input_cost_per_token'], priced?.plumbline['price_from']], [0.5, 'row']);
  assert.ok(!house.received.some(({ origin }) => origin.includes('anthropic')), 'a vendor is not asked what we know');
});

const sealed = openSealer(new Secret('salt-of-the-test-house')).seal(
  new Secret('sk-provider-canary'),
  credentialPlace('mine', 'api_key'),
);

test('no secret is told, neither open nor sealed, and a virtual key is told neither address nor owner', async () => {
  const house = openHouse({
    settings: [],
    deployments: [
      { alias: 'chat', credential: 'mine' },
      { alias: 'broken', credential: 'missing' },
    ],
    credentials: [{ name: 'mine', owner: 'file', sealed: { api_key: sealed } }],
    keys: [keyFor('chat')],
    upstream: backend,
  });
  const all = await house.ask('/v1/model/info');
  assert.doesNotMatch(all.text, /canary|pl1:/);
  const [chat, broken] = (all.json as { data: Entry[] }).data;
  assert.deepEqual(chat?.litellm_params, {
    model: 'openai/upstream-model',
    api_base: 'http://upstream-1.test/v1',
    litellm_credential_name: 'mine',
  });
  assert.deepEqual([chat?.plumbline['served'], broken?.plumbline['served']], [true, false]);
  assert.equal(house.received[0]?.headers['authorization'], 'Bearer sk-provider-canary');

  const seen = await house.ask('/v1/model/info', undefined, { key: secret });
  assert.doesNotMatch(seen.text, /upstream-1|owner|mine/);
  assert.deepEqual(
    (seen.json as { data: Entry[] }).data.map(({ model_name: name }) => name),
    ['chat'],
  );
});

test('a key that names what only a wildcard covers is told of that model', async () => {
  const house = openHouse({
    settings: [],
    deployments: [
      { alias: 'claude/*', provider: 'anthropic', model: '*', baseUrl: null },
      { alias: 'own/*', provider: 'hosted_vllm', model: '*', baseUrl: 'http://vllm.test/v1' },
    ],
    keys: [keyFor('claude/claude-sonnet-4-5', 'own/served', 'nobody/x')],
    upstream: backend,
  });
  const told = await entries(house, '/model/info', '', secret);
  assert.deepEqual(
    told.map(({ model_name: name, litellm_params: params, model_info: info }) => [
      name,
      params['model'],
      info['max_input_tokens'],
    ]),
    [
      ['claude/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5', 200_000],
      ['own/served', 'hosted_vllm/served', 8192],
    ],
  );
});

test('one model is shown by its id, and an unknown id is named', async () => {
  const house = openHouse({ settings: [], deployments: [{ alias: 'one' }, { alias: 'two' }], upstream: backend });
  const [entry, ...more] = await entries(house, '/model/info', 'litellm_model_id=d2');
  assert.deepEqual([entry?.model_name, entry?.model_info['id'], more], ['two', 'd2', []]);
  const unknown = await house.ask('/model/info', undefined, { query: 'litellm_model_id=d9' });
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /no deployment has the id d9/);
});

test('/v2/model/info pages, searches and sorts', async () => {
  const dear = { prices: { input_cost_per_token: 1 } };
  const house = openHouse({
    settings: [],
    deployments: [
      { alias: 'beta', parameters: dear },
      { alias: 'Alpha', owner: 'api' },
      { alias: 'alphabet', parameters: dear },
    ],
    upstream: backend,
  });
  const page = async (query: string): Promise<unknown> => {
    const told = await house.ask('/v2/model/info', undefined, { query });
    const { data, ...rest } = told.json as { data: Entry[] };
    return [data.map(({ model_name: name }) => name), rest];
  };
  const sums = { total_count: 3, current_page: 1, total_pages: 2, size: 2 };
  assert.deepEqual(await page('size=2'), [['beta', 'Alpha'], sums]);
  assert.deepEqual(await page('size=2&page=2'), [['alphabet'], { ...sums, current_page: 2 }]);
  assert.deepEqual(await page('search=ALPHA&size=2'), [
    ['Alpha', 'alphabet'],
    { ...sums, total_count: 2, total_pages: 1 },
  ]);
  assert.deepEqual(await page('sortBy=model_name&size=2'), [['Alpha', 'alphabet'], sums]);
  assert.deepEqual(await page('sortBy=model_name&sortOrder=desc&size=2'), [['beta', 'alphabet'], sums]);
  assert.deepEqual(await page('sortBy=costs&size=2'), [['Alpha', 'beta'], sums]);
  assert.deepEqual(await page('sortBy=status&sortOrder=desc&size=2'), [['Alpha', 'beta'], sums]);
  for (const query of ['sortBy=moon', 'sortOrder=up&sortBy=costs', 'page=0', 'size=x', 'user_models_only=true'])
    assert.equal((await house.ask('/v2/model/info', undefined, { query })).status, 400, query);
});

test('/model_group/info joins the deployments of a name', async () => {
  const house = openHouse({
    settings: [],
    deployments: [
      { ...own[0], alias: 'chat', parameters: { rpm: 10, tpm: 100 } },
      { ...own[1], alias: 'chat', parameters: { rpm: 5, prices: { input_cost_per_token: 2 } } },
    ],
    aliases: [
      { name: 'other', target: 'chat' },
      { name: 'hidden', target: 'chat', hidden: true },
    ],
    upstream: backend,
  });
  const [chat, other, ...more] = await entries(house, '/model_group/info');
  const { model_group: name, ...rest } = chat as unknown as Record<string, unknown>;
  assert.equal(name, 'chat');
  assert.deepEqual(rest, {
    providers: ['hosted_vllm', 'ollama'],
    max_input_tokens: 16_384,
    max_output_tokens: null,
    input_cost_per_token: 2,
    output_cost_per_token: 0,
    mode: 'chat',
    tpm: 100,
    rpm: 15,
    supports_parallel_function_calling: false,
    supports_vision: false,
    supports_web_search: false,
    supports_url_context: false,
    supports_reasoning: false,
    supports_function_calling: true,
    supported_openai_params: null,
    is_public_model_group: false,
  });
  assert.deepEqual({ ...other }, { ...chat, model_group: 'other' });
  assert.deepEqual(more, []);
  assert.equal((await entries(house, '/model_group/info', 'model_group=other')).length, 1);
});
