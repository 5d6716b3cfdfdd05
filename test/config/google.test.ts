// Google in config.yaml: where Vertex AI is, in which project and as whom; and Gemini's key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import type { FileReading } from '../../src/config/file-reading.ts';
import { providers, resolveProvider } from '../../src/providers/index.ts';
import { brief, modelsOf } from './reading.ts';

function read(params: string, environment: Readonly<Record<string, string>> = {}): FileReading {
  return readConfigurationFile('config.yaml', {
    environment,
    accepted: [],
    knownProviders: providers,
    resolveProvider: (model, custom, base) => {
      const found = resolveProvider(model, custom, base);
      return found === undefined ? undefined : { provider: found.provider.name, model: found.model };
    },
    readText: () => modelsOf(params),
  });
}

function deployment(params: string, environment?: Readonly<Record<string, string>>) {
  const { declaration, notices } = read(params, environment);
  assert.deepEqual(
    brief(notices).filter((notice) => notice.includes('error')),
    [],
  );
  const [record] = declaration?.deployments ?? [];
  assert.ok(record);
  return { record, secrets: declaration?.credentials.map(({ values }) => Object.keys(values)) };
}

const model = 'model: vertex_ai/gemini-2.5-flash';
const at = (location: string): string => `https://${location}-aiplatform.googleapis.com`;

const places: readonly (readonly [
  params: string,
  environment: Readonly<Record<string, string>>,
  base: string | null,
])[] = [
  [`${model}, vertex_location: europe-west4`, { VERTEXAI_LOCATION: 'us-east1' }, at('europe-west4')],
  [model, { VERTEXAI_LOCATION: 'us-east1' }, at('us-east1')],
  [model, { VERTEX_LOCATION: 'global' }, 'https://aiplatform.googleapis.com'],
  [`${model}, api_base: "http://vpc.test"`, { VERTEXAI_LOCATION: 'us-east1' }, 'http://vpc.test'],
  // The provider's own, LiteLLM's us-central1.
  [model, {}, null],
];

for (const [params, environment, base] of places) {
  test(`${params} with ${JSON.stringify(environment)} is at ${base ?? 'its usual place'}`, () => {
    assert.equal(deployment(params, environment).record.baseUrl, base);
  });
}

test('a project and a location stand among the defaults, credentials are sealed', () => {
  const settings = 'vertex_project: mine, vertex_location: global, vertex_credentials: /etc/google.json';
  const { record, secrets } = deployment(`${model}, ${settings}, temperature: 0`);
  assert.deepEqual(record.parameters.defaults, { temperature: 0, vertex_project: 'mine', vertex_location: 'global' });
  assert.deepEqual(secrets, [['vertex_credentials']]);
});

test('credentials may be written out as a dictionary', () => {
  const { secrets } = deployment(
    `${model}, vertex_project: mine, vertex_credentials: {type: authorized_user, client_id: c}`,
  );
  assert.deepEqual(secrets, [['vertex_credentials']]);
});

test('project and credentials may stand in the environment', () => {
  const environment = { VERTEXAI_PROJECT: 'mine', GOOGLE_APPLICATION_CREDENTIALS: '/etc/google.json' };
  const { record, secrets } = deployment(model, environment);
  assert.deepEqual(record.parameters.defaults, { vertex_project: 'mine' });
  assert.deepEqual(secrets, [['vertex_credentials']]);
});

test('Gemini takes its key from either name', () => {
  for (const name of ['GEMINI_API_KEY', 'GOOGLE_API_KEY']) {
    assert.deepEqual(deployment('model: gemini/gemini-2.5-flash', { [name]: 'k' }).secrets, [['api_key']]);
  }
});
