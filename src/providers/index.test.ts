import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from '../core/chat.ts';
import { providerByName, providers, resolveProvider } from './index.ts';

/** What LiteLLM calls the providers this catalogue must have (contracts section 13). */
const promised = [
  ...[
    'openai',
    'anthropic',
    'cohere',
    'ollama',
    'groq',
    'together_ai',
    'fireworks_ai',
    'deepseek',
    'mistral',
    'xai',
    'openrouter',
  ],
  ...['perplexity', 'cerebras', 'sambanova', 'nvidia_nim', 'deepinfra', 'hyperbolic', 'novita', 'moonshot', 'zai'],
  ...['dashscope', 'github', 'huggingface', 'jina_ai', 'voyage', 'infinity', 'hosted_vllm', 'vllm', 'llamafile'],
  ...['lm_studio', 'litellm_proxy', 'tei', 'text-embeddings-inference', 'openai_like', 'custom_openai', 'nebius'],
  ...['friendliai', 'featherless_ai', 'lambda_ai', 'baseten', 'volcengine', 'codestral', 'meta_llama', 'nscale'],
  ...['ovhcloud', 'wandb', 'vercel_ai_gateway', 'ai21_chat', 'ai21', 'gemini', 'xinference', 'docker_model_runner'],
  ...['lemonade', 'text-completion-openai'],
];

for (const name of promised) {
  test(`${name} is in the catalogue`, () => {
    assert.ok(providerByName(name));
  });
}

test('no name or prefix means two providers', () => {
  const names = providers.flatMap(({ name, prefixes }) => [name, ...prefixes]);
  assert.deepEqual(
    names.filter((name, at) => names.indexOf(name) !== at),
    [],
  );
});

test('every provider can be reached and serves something', () => {
  for (const { name, defaultBaseUrl, baseUrlVariables, keyVariables, wires, local } of providers) {
    assert.ok(Object.keys(wires).length > 0, name);
    assert.ok(
      Object.keys(wires).every((operation) => operations.some((known) => known === operation)),
      name,
    );
    assert.ok(baseUrlVariables.length > 0 && keyVariables.length > 0, name);
    for (const address of [defaultBaseUrl, local?.baseUrl]) {
      if (typeof address !== 'string') continue;
      assert.ok(URL.canParse(address) && !address.endsWith('/'), `${name}: ${address}`);
    }
    for (const variable of [...keyVariables, ...baseUrlVariables]) assert.match(variable, /^[A-Z][A-Z0-9_]+$/, name);
  }
});

const resolved: readonly (readonly [
  text: string,
  named: string | undefined,
  baseUrl: string | undefined,
  provider: string | undefined,
  model: string | undefined,
])[] = [
  ['groq/llama-3.3-70b', undefined, undefined, 'groq', 'llama-3.3-70b'],
  ['openrouter/anthropic/claude-sonnet-4', undefined, undefined, 'openrouter', 'anthropic/claude-sonnet-4'],
  ['vllm/meta-llama/Llama-3', undefined, undefined, 'hosted_vllm', 'meta-llama/Llama-3'],
  ['llama-3.3-70b', 'groq', undefined, 'groq', 'llama-3.3-70b'],
  ['groq/llama-3.3-70b', 'groq', undefined, 'groq', 'llama-3.3-70b'],
  ['openai/gpt-oss-120b', 'groq', undefined, 'groq', 'openai/gpt-oss-120b'],
  ['gpt-4o', 'nobody', undefined, undefined, undefined],
  ['openai/gpt-4o', undefined, 'https://api.groq.com/openai/v1', 'openai', 'gpt-4o'],
  ['llama-3.3-70b', undefined, 'https://api.groq.com/openai/v1', 'groq', 'llama-3.3-70b'],
  ['meta-llama/Llama-3-70b', undefined, 'https://api.together.xyz/v1/', 'together_ai', 'meta-llama/Llama-3-70b'],
  ['qwen3', undefined, 'http://127.0.0.1:8080/v1', undefined, undefined],
  ['gpt-4o', undefined, 'http://127.0.0.1:8080/v1', 'openai', 'gpt-4o'],
  ['gpt-5.1', undefined, undefined, 'openai', 'gpt-5.1'],
  ['o3', undefined, undefined, 'openai', 'o3'],
  ['o4-mini', undefined, undefined, 'openai', 'o4-mini'],
  ['ft:gpt-4o-mini:acme::x', undefined, undefined, 'openai', 'ft:gpt-4o-mini:acme::x'],
  ['text-embedding-3-small', undefined, undefined, 'openai', 'text-embedding-3-small'],
  ['command-r-plus', undefined, undefined, 'cohere', 'command-r-plus'],
  ['rerank-v3.5', undefined, undefined, 'cohere', 'rerank-v3.5'],
  ['rerank-2.5', undefined, undefined, 'voyage', 'rerank-2.5'],
  ['mistral-large-latest', undefined, undefined, 'mistral', 'mistral-large-latest'],
  ['open-mixtral-8x7b', undefined, undefined, 'mistral', 'open-mixtral-8x7b'],
  ['claude-sonnet-4-5', undefined, undefined, 'anthropic', 'claude-sonnet-4-5'],
  ['gemini-2.5-flash', undefined, undefined, 'gemini', 'gemini-2.5-flash'],
  ['*', undefined, undefined, 'openai', '*'],
  ['openai/*', undefined, undefined, 'openai', '*'],
  ['orca-mini', undefined, undefined, undefined, undefined],
  ['somebody/something', undefined, undefined, undefined, undefined],
  ['', undefined, undefined, undefined, undefined],
];

for (const [text, named, baseUrl, provider, model] of resolved) {
  test(`'${text}'${named ? ` by ${named}` : ''}${baseUrl ? ` at ${baseUrl}` : ''} is ${provider ?? 'nobody'}'s`, () => {
    const found = resolveProvider(text, named, baseUrl);
    assert.equal(found?.provider.name, provider);
    assert.equal(found?.model, model);
  });
}
