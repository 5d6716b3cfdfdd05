import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declarationOf, demo, discoverFromEnvironment, discoveryTable } from './discover.ts';
import type { KnownProvider } from './provider-facts.ts';

const facts = { prefixes: [], keyRequired: true, defaultBaseUrl: 'https://api.test', baseUrlVariables: [] };
const known: readonly KnownProvider[] = [
  { ...facts, name: 'openai', keyVariables: ['OPENAI_API_KEY'], baseUrlVariables: ['OPENAI_BASE_URL'] },
  { ...facts, name: 'anthropic', keyVariables: ['ANTHROPIC_API_KEY'] },
  { ...facts, name: 'gemini', keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'] },
  { ...facts, name: 'infinity', keyVariables: ['INFINITY_API_KEY'], defaultBaseUrl: null },
  { ...facts, name: 'ollama', keyVariables: [], keyRequired: false },
];

const find = (environment: Readonly<Record<string, string>>) => discoverFromEnvironment(environment, known);

test('each provider with a key in the environment gives a wildcard alias', () => {
  const declaration = declarationOf(find({ OPENAI_API_KEY: 'sk-1', GOOGLE_API_KEY: 'g' }), []);
  assert.deepEqual(
    declaration.aliases.map((alias) => alias.name),
    ['openai/*', 'gemini/*'],
  );
  assert.deepEqual(
    declaration.deployments.map(({ provider, model, credential, owner }) => [provider, model, credential, owner]),
    [
      ['openai', '*', 'discovered/openai', 'environment'],
      ['gemini', '*', 'discovered/gemini', 'environment'],
    ],
  );
  assert.deepEqual(
    declaration.credentials.map(({ name, values }) => [name, Object.keys(values)]),
    [
      ['discovered/openai', ['api_key']],
      ['discovered/gemini', ['api_key']],
    ],
  );
});

test('a base address in the environment goes along', () => {
  const [found] = find({ OPENAI_API_KEY: 'sk-1', OPENAI_BASE_URL: 'http://proxy.test/v1/' });
  assert.equal(found?.baseUrl, 'http://proxy.test/v1');
});

test('an empty key, and a key for a provider without an address, find nothing', () => {
  assert.deepEqual(find({ OPENAI_API_KEY: '', INFINITY_API_KEY: 'x' }), []);
});

test('the models of a local server are named one by one, and behind a wildcard', () => {
  const server = { provider: 'ollama', baseUrl: 'http://127.0.0.1:11434', models: ['llama3.2:latest', 'nomic'] };
  const { deployments } = declarationOf([], [server]);
  assert.deepEqual(
    deployments.map(({ alias, model, baseUrl }) => [alias, model, baseUrl]),
    [
      ['ollama/*', '*', server.baseUrl],
      ['ollama/llama3.2:latest', 'llama3.2:latest', server.baseUrl],
      ['ollama/nomic', 'nomic', server.baseUrl],
    ],
  );
});

test('one model on two servers is balanced; the wildcard means the first', () => {
  const servers = ['1', '2'].map((port) => ({
    provider: 'ollama',
    baseUrl: `http://127.0.0.1:${port}`,
    models: ['m'],
  }));
  const { deployments } = declarationOf([], servers);
  assert.deepEqual(
    deployments.map(({ alias, baseUrl }) => `${alias} ${baseUrl}`),
    ['ollama/* http://127.0.0.1:1', 'ollama/m http://127.0.0.1:1', 'ollama/m http://127.0.0.1:2'],
  );
  assert.equal(new Set(deployments.map((deployment) => deployment.id)).size, 3);
});

const demos = [
  ['auto', false, true],
  ['auto', true, false],
  ['on', true, true],
  ['off', false, false],
] as const;

for (const [wanted, isSomethingElse, isThere] of demos) {
  const beside = isSomethingElse ? 'beside others' : 'with nothing else';
  test(`demo ${wanted}, ${beside}: ${isThere ? 'there' : 'not there'}`, () => {
    const found = find(isSomethingElse ? { ANTHROPIC_API_KEY: 'k' } : {});
    const canned = declarationOf(found, [], wanted).deployments.filter(({ alias }) => alias === 'demo');
    assert.deepEqual(
      canned.map(({ parameters }) => parameters.mockResponse),
      isThere ? [demo.answer] : [],
    );
  });
}

test('ids are the same at every start, and survive a rotated key', () => {
  const ids = ['sk-1', 'sk-2'].map((key) => declarationOf(find({ OPENAI_API_KEY: key }), []).deployments[0]?.id);
  assert.equal(ids[0], ids[1]);
});

test('the table says what was found, what to set for more, and no secret', () => {
  const table = discoveryTable(
    find({ OPENAI_API_KEY: 'sk-swordfish' }),
    [{ provider: 'ollama', baseUrl: 'http://127.0.0.1:11434', models: ['m'] }],
    known,
  );
  assert.equal(
    table,
    [
      'PROVIDER   FOUND                               CALL IT, OR SET',
      'openai     key in OPENAI_API_KEY               openai/*',
      'ollama     1 models at http://127.0.0.1:11434  ollama/m',
      'anthropic  not found                           set ANTHROPIC_API_KEY',
      'gemini     not found                           set GEMINI_API_KEY or GOOGLE_API_KEY',
    ].join('\n'),
  );
});
