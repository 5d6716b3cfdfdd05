import assert from 'node:assert/strict';
import { test } from 'node:test';
import { costOf } from '../core/prices.ts';
import { noUsage, type Usage, usageFromAnthropic, usageFromOpenAi } from '../core/usage.ts';
import { freeProviders, vendors } from './price-table.ts';
import { modelFacts, priceOf, pricesAsOf, readPriceFile } from './prices.ts';

/** US cents of a usage at a provider's model, to a thousandth; null when the price is unknown. */
function cents(provider: string, model: string, usage: Usage): number | null {
  const price = priceOf(provider, model, {}, {});
  return price === null ? null : Number((costOf(usage, price) * 100).toFixed(3));
}

test('cached input of OpenAI costs the cached price', () => {
  const usage = usageFromOpenAi({
    prompt_tokens: 100_000,
    completion_tokens: 10_000,
    prompt_tokens_details: { cached_tokens: 60_000 },
  });
  // 40k at 2.50, 60k at 1.25, 10k at 10 dollars per million.
  assert.equal(cents('openai', 'gpt-4o', usage), 27.5);
});

test('reasoning tokens cost what output costs', () => {
  const usage = usageFromOpenAi({
    prompt_tokens: 1_000,
    completion_tokens: 5_000,
    completion_tokens_details: { reasoning_tokens: 4_000 },
  });
  assert.equal(cents('openai', 'o3', usage), 4.2);
});

test('audio is charged as audio', () => {
  const usage = usageFromOpenAi({
    prompt_tokens: 2_000,
    completion_tokens: 1_000,
    prompt_tokens_details: { audio_tokens: 1_000 },
    completion_tokens_details: { audio_tokens: 500 },
  });
  // 1k at 2.50, 1k at 40, 500 at 10, 500 at 80 dollars per million.
  assert.equal(cents('openai', 'gpt-4o-audio-preview', usage), 8.75);
});

test('Anthropic’s five-minute and one-hour caches each cost their own', () => {
  const usage = usageFromAnthropic({
    input_tokens: 1_000,
    output_tokens: 2_000,
    cache_read_input_tokens: 50_000,
    cache_creation_input_tokens: 30_000,
    cache_creation: { ephemeral_5m_input_tokens: 10_000, ephemeral_1h_input_tokens: 20_000 },
  });
  // 1k at 3, 50k at 0.30, 10k at 3.75, 20k at 6, 2k at 15 dollars per million.
  assert.equal(cents('anthropic', 'claude-3-7-sonnet-20250219', usage), 20.55);
});

test('above 200,000 input tokens the whole request costs the higher price', () => {
  const at = (input: number) => cents('gemini', 'gemini-2.5-pro', { ...noUsage, input, output: 1_000 });
  assert.equal(at(200_000), 26);
  assert.equal(at(300_000), 76.5);
});

test('DeepSeek’s cache hits are found in its own field', () => {
  const usage = usageFromOpenAi({ prompt_tokens: 1_000_000, completion_tokens: 0, prompt_cache_hit_tokens: 900_000 });
  assert.equal(cents('deepseek', 'deepseek-chat', usage), 5.32);
});

test('embeddings cost their input, rerank its search units', () => {
  assert.equal(cents('openai', 'text-embedding-3-small', { ...noUsage, input: 1_000_000 }), 2);
  assert.equal(cents('cohere', 'rerank-v3.5', { ...noUsage, searchUnits: 3 }), 0.6);
  assert.equal(cents('voyage', 'rerank-2.5', { ...noUsage, input: 1_000_000 }), 5);
});

test('a search engine’s fee is charged with every request', () => {
  assert.equal(cents('perplexity', 'sonar-pro', { ...noUsage, input: 1_000, output: 1_000 }), 2.4);
});

test('an unknown price is null, and a local one is known to be nought', () => {
  assert.equal(cents('openai', 'gpt-99', { ...noUsage, input: 1 }), null);
  assert.equal(cents('mistral', 'mistral-large-latest', { ...noUsage, input: 1 }), null);
  for (const provider of freeProviders) assert.equal(cents(provider, 'gpt-4o', { ...noUsage, input: 1_000_000 }), 0);
});

test('the deployment’s own price goes first, then base_model, then the provider’s model', () => {
  const own = { input_cost_per_token: 1 };
  const listed = (model: string) => priceOf('openai', model, {}, {});
  assert.equal(priceOf('openai', 'gpt-4o', { base_model: 'o3' }, { prices: own }), own);
  assert.deepEqual(priceOf('openai', 'gpt-4o', { base_model: 'openai/o3' }, { prices: {} }), listed('o3'));
  assert.deepEqual(priceOf('ollama', 'llama3', { base_model: 'gpt-4o' }, {}), listed('gpt-4o'));
  assert.deepEqual(priceOf('azure', 'my-deployment', { base_model: 'azure/gpt-4o' }, {}), listed('gpt-4o'));
  assert.deepEqual(priceOf('azure', 'my-deployment', { base_model: 'gpt-4o' }, {}), listed('gpt-4o'));
  assert.notDeepEqual(
    priceOf('groq', 'openai/gpt-oss-20b', {}, {}),
    priceOf('together_ai', 'openai/gpt-oss-20b', {}, {}),
  );
});

test('a date at the end of a name is left out, unless that very name has a price', () => {
  const price = (provider: string, model: string) => priceOf(provider, model, {}, {});
  assert.deepEqual(price('openai', 'gpt-4o-2024-08-06'), price('openai', 'gpt-4o'));
  assert.notDeepEqual(price('openai', 'gpt-4o-2024-05-13'), price('openai', 'gpt-4o'));
  assert.deepEqual(price('vertex_ai', 'claude-sonnet-4-5@20250929'), price('anthropic', 'claude-sonnet-4-5'));
  assert.deepEqual(price('gemini', 'gemini-2.0-flash-001'), price('gemini', 'gemini-2.0-flash'));
  assert.deepEqual(price('anthropic', 'claude-3-5-haiku-latest'), price('anthropic', 'claude-3-5-haiku'));
});

test('sizes and modes are told', () => {
  const { price, ...facts } = modelFacts('openai', 'gpt-4o') ?? { price: null };
  assert.deepEqual(facts, { mode: 'chat', maxInputTokens: 128_000, maxOutputTokens: 16_384 });
  assert.equal(price?.input_cost_per_token, 2.5e-6);
  assert.equal(modelFacts('cohere', 'rerank-v3.5')?.mode, 'rerank');
  assert.equal(modelFacts('openai', 'gpt-99'), null);
});

test('the table is dated, names no model twice, and cached input is never dearer than input', () => {
  assert.match(pricesAsOf, /^20\d\d-\d\d-\d\d$/);
  for (const vendor of vendors) {
    const { chat = [], completion = [], embedding = [], rerank = [], moderation = [] } = vendor;
    const rows = [...chat, ...completion, ...embedding, ...rerank, ...moderation];
    assert.equal(new Set(rows.map(([model]) => model)).size, rows.length, vendor.providers.join());
    for (const [model, input, , more] of rows) assert.ok((more?.read ?? 0) <= input, model);
  }
});

test('a price file in the shape of LiteLLM’s cost map goes before the shipped table', () => {
  const { models, complaints } = readPriceFile(
    JSON.stringify({
      sample_spec: { input_cost_per_token: 'dollars' },
      'gpt-4o': {
        input_cost_per_token: 1e-6,
        output_cost_per_token: 2e-6,
        max_input_tokens: 9,
        litellm_provider: 'openai',
      },
      'our-model': { input_cost_per_token: 0, output_cost_per_token: 0, mode: 'embedding', supports_vision: true },
      'image-model': { output_cost_per_image: 0.04 },
    }),
  );
  assert.deepEqual(complaints, []);
  assert.deepEqual(priceOf('openai', 'gpt-4o-2024-08-06', {}, {}, models), {
    input_cost_per_token: 1e-6,
    output_cost_per_token: 2e-6,
  });
  assert.equal(modelFacts('openai', 'gpt-4o', models)?.maxInputTokens, 9);
  assert.equal(modelFacts('any', 'our-model', models)?.mode, 'embedding');
  assert.deepEqual(priceOf('any', 'our-model', {}, {}, models), { input_cost_per_token: 0, output_cost_per_token: 0 });
  assert.equal(priceOf('any', 'image-model', {}, {}, models), null);
});

test('a price file is told what is wrong with it, and wrong entries are left out whole', () => {
  const wrong = {
    a: 5,
    b: { input_cost_per_token: '1e-6' },
    c: { input_cost_per_token: 2.5 },
    d: { cache_read_input_token_cost: -1 },
  };
  const { models, complaints } = readPriceFile(JSON.stringify(wrong));
  assert.equal(models.size, 0);
  assert.deepEqual(
    complaints.map((complaint) => complaint.slice(0, complaint.indexOf(':'))),
    ['a', 'b', 'c', 'd'],
  );
  assert.match(readPriceFile('{').complaints.join(), /not JSON/);
  assert.match(readPriceFile('[]').complaints.join(), /JSON object/);
});
