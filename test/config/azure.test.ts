// What configuration knows of Azure: address, version and token, from the file or from the environment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import { declarationOf, discoverFromEnvironment } from '../../src/config/discover.ts';
import type { FileReading } from '../../src/config/file-reading.ts';
import { providers, resolveProvider } from '../../src/providers/index.ts';
import { brief, modelsOf } from './reading.ts';

const address = 'https://mine.openai.azure.com';

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

function declared(params: string, environment: Readonly<Record<string, string>> = {}) {
  const { declaration, notices } = read(params, environment);
  assert.deepEqual(brief(notices), []);
  const [deployment] = declaration.deployments;
  assert.ok(deployment);
  const held = declaration.credentials.find(({ name }) => name === deployment.credential)?.values ?? {};
  return { deployment, fields: Object.keys(held).toSorted() };
}

test('a deployment of the file has its address, version and key', () => {
  const { deployment, fields } = declared(
    `model: azure/my-gpt, api_base: "${address}/", api_key: k, api_version: 2024-10-21, base_model: azure/gpt-4o`,
  );
  assert.deepEqual(
    [deployment.provider, deployment.model, deployment.baseUrl, deployment.parameters, deployment.info],
    ['azure', 'my-gpt', address, { apiVersion: '2024-10-21' }, { base_model: 'azure/gpt-4o' }],
  );
  assert.deepEqual(fields, ['api_key']);
});

const environment = { AZURE_API_KEY: 'k', AZURE_API_BASE: address, AZURE_API_VERSION: '2025-01-01' };

test('address, version and key come from the environment where the file says none', () => {
  const { deployment, fields } = declared('model: azure/my-gpt', environment);
  assert.deepEqual(
    [deployment.baseUrl, deployment.parameters, fields],
    [address, { apiVersion: '2025-01-01' }, ['api_key']],
  );
  assert.deepEqual(declared('model: azure/a, api_version: v1', environment).deployment.parameters, {
    apiVersion: 'v1',
  });
});

test('the environment’s version of Azure’s API is nobody else’s', () => {
  assert.deepEqual(declared('model: openai/gpt-4o, api_key: k', environment).deployment.parameters, {});
});

test('a token of Entra’s is a credential, from the file or from the environment', () => {
  assert.deepEqual(declared(`model: azure/a, api_base: "${address}", azure_ad_token: t`).fields, ['azure_ad_token']);
  const variables = { AZURE_API_BASE: address, AZURE_AD_TOKEN: 't' };
  assert.deepEqual(declared('model: azure/a', variables).fields, ['azure_ad_token']);
});

test('an Azure deployment without an address says what to set', () => {
  assert.match(brief(read('model: azure/a, api_key: k').notices).join(), /azure has no address of its own/);
});

test('Entra’s client secrets are named as not yet in force, and not kept', () => {
  const { declaration, notices } = read(`model: azure/a, api_base: "${address}", api_key: k, client_secret: s`);
  assert.match(brief(notices).join(), /not in force: tokens are not fetched from Entra/);
  assert.deepEqual(
    declaration.credentials.flatMap(({ values }) => Object.keys(values)),
    ['api_key'],
  );
});

test('without a file, key and address in the environment are enough, and its version goes along', () => {
  const [deployment] = declarationOf(discoverFromEnvironment(environment, providers), []).deployments;
  assert.deepEqual(
    [deployment?.alias, deployment?.baseUrl, deployment?.parameters],
    ['azure/*', address, { apiVersion: '2025-01-01' }],
  );
});
