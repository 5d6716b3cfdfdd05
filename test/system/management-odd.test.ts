// Whatever is posted to the management API is taken or refused by name: nothing is a fault of ours, and no secret comes back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { litellmParams, litellmSettings, modelInfoFields, routerSettings } from '../../src/config/litellm-keys.ts';
import { readDeployments } from '../../src/store/tables/deployments.ts';
import { type ManagedHouse, openManagedHouse } from './managed-house.ts';

let managed: ManagedHouse;
before(async () => {
  managed = await openManagedHouse({ variables: { OPENAI_API_KEY: 'sk-environment-canary', AWS_REGION: 'eu-west-1' } });
});
after(() => managed.close());

const odd = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '[secret]',
    'sk-canary',
    'os.environ/OPENAI_API_KEY',
    'file:/etc/passwd',
    'pl1:x',
    '*',
    '\0',
    '\ud800',
    '__proto__',
  ),
  fc.constantFrom(
    'openai/gpt-4o',
    'ollama/x',
    'bedrock/x',
    'vertex_ai/x',
    'azure/x',
    'openai/*',
    '/',
    'http://127.0.0.1:9',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const sectionOf = (names: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.dictionary(fc.constantFrom(...names, 'constructor', 'colour'), odd, { maxKeys: 6 }) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) },
  );
const params = sectionOf([...Object.keys(litellmParams), 'temperature', 'model', 'model', 'api_key', 'api_base']);
const info = sectionOf(modelInfoFields);
const bodies: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'POST /model/new': fc.record({ model_name: odd, litellm_params: params, model_info: info }, { requiredKeys: [] }),
  'POST /model/update': fc.record(
    { id: fc.constantFrom('stored', 'nobody'), litellm_params: params, model_info: info, unset: odd },
    { requiredKeys: ['id'] },
  ),
  'POST /model/delete': fc.record({ id: odd }),
  'POST /model/decommission': fc.record({ id: odd, decommissioned: odd }, { requiredKeys: [] }),
  'POST /credentials': fc.record({
    credential_name: odd,
    credential_values: sectionOf(['api_key', 'vertex_credentials', 'api_base', 'header:x']),
  }),
  'POST /aliases': fc.record({ name: odd, target: odd, fallbacks: odd, strategy: odd }, { requiredKeys: ['name'] }),
  'POST /config/update': fc.record(
    {
      router_settings: sectionOf(Object.keys(routerSettings)),
      litellm_settings: sectionOf(Object.keys(litellmSettings)),
    },
    { requiredKeys: [] },
  ),
  'POST /config/field/update': fc.record({ field_name: odd }),
};

for (const [route, body] of Object.entries(bodies)) {
  test(`${route} takes or refuses whatever comes, by name`, async () => {
    const [method = '', path = ''] = route.split(' ');
    await managed.send('POST', '/model/new', {
      model_name: 'stored',
      litellm_params: { model: 'openai/m', api_key: 'sk-stored-canary' },
      model_info: { id: 'stored' },
    });
    const property = fc.asyncProperty(body, async (posted) => {
      const told = await managed.send(method, `${path}?dry_run=true`, posted);
      assert.ok([200, 400, 404].includes(told.status), `${told.status} ${told.text}`);
      assert.doesNotMatch(told.text, /environment-canary|stored-canary|pl1:[0-9a-f]{8}:/);
      if (told.status !== 200) assert.match(told.text, /"reason":"\w+"/);
    });
    await fc.assert(property, { numRuns: 150 });
  });
}

test('a name in a path that no row can have is refused', async () => {
  for (const [method, path] of [
    ['DELETE', '/aliases/a%00'],
    ['PATCH', '/aliases/a%00'],
    ['DELETE', '/credentials/a%00'],
    ['PATCH', '/credentials/a%00'],
    ['GET', '/credentials/by_name/a%00'],
    ['PATCH', '/model/a%00/update'],
  ] as const) {
    const told = await managed.send(method, path, method === 'PATCH' ? {} : undefined);
    assert.ok([400, 404].includes(told.status), `${method} ${path}: ${told.status} ${told.text}`);
  }
});

const texts = fc.constantFrom('a', 'b c', '2024-02-01', '7', 'true', 'x/y', 'é"\\');
const numbers = fc.constantFrom(0, 1, 0.25, 7, 60, 1e-6);
const headers = fc.dictionary(fc.constantFrom('x-plain', 'x-api-key'), texts, { maxKeys: 2 });
const models = fc.constantFrom(
  { model: 'openai/gpt-4o' },
  { model: 'gpt-4o' },
  { model: 'm', custom_llm_provider: 'groq' },
  { model: 'hosted_vllm/some/model', api_base: 'http://127.0.0.1:9/v1/' },
  { model: 'ollama_chat/qwen3' },
  { model: 'azure/gpt', api_base: 'https://x.openai.azure.com', api_version: '2025-01-01' },
  { model: 'bedrock/anthropic.claude-v2', aws_region_name: 'eu-west-1' },
  { model: 'vertex_ai/gemini-2.5-pro', vertex_project: 'p', vertex_location: 'europe-west1' },
  { model: 'openai/none', mock_response: 'canned' },
);
const valid = fc.record(
  {
    api_key: texts,
    rpm: numbers,
    weight: numbers,
    timeout: numbers,
    stream_timeout: numbers,
    cooldown_time: numbers,
    num_retries: fc.nat(5),
    max_parallel_requests: fc.nat(9),
    tags: fc.array(texts, { maxLength: 2 }),
    drop_params: fc.boolean(),
    additional_drop_params: fc.array(texts, { maxLength: 2 }),
    extra_headers: headers,
    headers,
    extra_body: fc.dictionary(texts, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 2 }),
    input_cost_per_token: numbers,
    organization: texts,
    temperature: numbers,
    top_p: numbers,
    metadata: fc.dictionary(texts, texts, { maxKeys: 1 }),
  },
  { requiredKeys: [] },
);
const known = fc.record(
  { mode: fc.constantFrom('chat', 'embedding'), base_model: texts, max_input_tokens: fc.nat(9999), team: texts },
  { requiredKeys: [] },
);

test('a model that is changed in nothing stays as it was, whatever it says', async () => {
  const property = fc.asyncProperty(models, valid, known, async (model, params, info) => {
    const body = { model_name: 'kept', litellm_params: { ...params, ...model }, model_info: info };
    const added = await managed.send('POST', '/model/new', body);
    assert.equal(added.status, 200, added.text);
    const { model_id: id } = added.json as { model_id: string };
    const before = await readDeployments(managed.database);
    const changed = await managed.send('PATCH', `/model/${id}/update`, {});
    assert.match(changed.text, /"did":"as-it-was"/);
    assert.deepEqual(await readDeployments(managed.database), before);
    assert.equal((await managed.send('POST', '/model/delete', { id })).status, 200);
  });
  await fc.assert(property, { numRuns: 100 });
});
