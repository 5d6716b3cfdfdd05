import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { readFile } from '../../src/admin/read-file.ts';
import type { FileReading } from '../../src/config/file-reading.ts';
import { hasErrors, renderNotices } from '../../src/config/notices.ts';
import { Secret } from '../../src/kit/secret.ts';

const path = fileURLToPath(new URL('fixtures/forty-eight-models.yaml', import.meta.url));

const keys = `OPENAI_API_KEY ANTHROPIC_API_KEY GROQ_API_KEY MISTRAL_API_KEY DEEPSEEK_API_KEY OPENROUTER_API_KEY
  PERPLEXITYAI_API_KEY XAI_API_KEY TOGETHER_API_KEY VOYAGE_API_KEY COHERE_API_KEY JINA_AI_API_KEY ACME_KEY
  LITELLM_MASTER_KEY`.split(/\s+/);
const environment = {
  ...Object.fromEntries(keys.map((name) => [name, `canary-${name}`])),
  DATABASE_URL: 'postgresql://mia:canary@db.internal:5434/gateway',
};

const reading: FileReading = readFile(path, environment);

test('forty-eight models of a real team are read without an error', () => {
  const behindWildcard = 1;
  assert.equal(reading.declaration.deployments.length, 48 + behindWildcard);
  assert.ok(!hasErrors(reading.notices), renderNotices(reading.notices));
  assert.deepEqual(
    reading.notices.map(({ severity, path: at }) => `${severity} ${at}`),
    [
      'not-yet router_settings.redis_host',
      'warning router_settings.redis_host',
      'not-yet litellm_settings.callbacks[0]',
      'not-yet mcp_servers',
      'not-yet general_settings.background_health_checks',
    ],
  );
});

test('the primary alias is shuffled over four deployments and falls back', () => {
  const { declaration } = reading;
  const chat = declaration.aliases.find(({ name }) => name === 'chat-default');
  assert.equal(declaration.router.strategy, 'simple-shuffle');
  assert.deepEqual(chat?.fallbacks, ['local-qwen', 'openrouter-auto']);
  assert.deepEqual(chat?.contentPolicyFallbacks, ['claude-opus']);
  assert.deepEqual(
    declaration.deployments.filter(({ alias }) => alias === 'chat-default').map(({ provider }) => provider),
    ['openai', 'anthropic', 'groq', 'openai'],
  );
});

test('embeddings-default stands for the embedder on the machine with Ollama', () => {
  const alias = reading.declaration.aliases.find(({ name }) => name === 'embeddings-default');
  const deployment = reading.declaration.deployments.find((one) => one.alias === alias?.target);
  assert.deepEqual(
    [deployment?.provider, deployment?.model, deployment?.baseUrl, deployment?.info.mode],
    ['ollama', 'nomic-embed-text', 'http://ollama.internal:11434', 'embedding'],
  );
});

test('an alias of a name behind a wildcard has a deployment of its own', () => {
  const deployment = reading.declaration.deployments.find((one) => one.alias === 'anthropic/claude-sonnet-4-5');
  assert.deepEqual([deployment?.provider, deployment?.model], ['anthropic', 'claude-sonnet-4-5']);
});

test('each key is declared once', () => {
  const names = reading.declaration.credentials.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(names.filter((name) => name === 'variable/OPENAI_API_KEY').length, 1);
  assert.ok(names.includes('acme'));
});

test('ids are the same with every key rotated', () => {
  const rotated = Object.fromEntries(
    Object.entries(environment).map(([name, text]) => [name, text.replace('canary', 'new')]),
  );
  const ids = (one: FileReading): string[] => one.declaration.deployments.map(({ id }) => id);
  assert.deepEqual(ids(readFile(path, rotated)), ids(reading));
  assert.equal(new Set(ids(reading)).size, ids(reading).length);
});

test('no secret shows in what is printed of the reading, and each is in a Secret', () => {
  const { environmentVariables, ...rest } = reading;
  assert.doesNotMatch(inspect(rest, { depth: 20 }) + JSON.stringify(rest), /canary/);
  assert.deepEqual(Object.keys(environmentVariables), ['OLLAMA_BOX', 'VLLM_BOX']);
  const acme = reading.declaration.credentials.find(({ name }) => name === 'acme');
  assert.ok(acme?.values['api_key']?.equals(new Secret('canary-ACME_KEY')));
});
