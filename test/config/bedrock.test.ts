// What a file says of Bedrock: where it is called, as whom, and what is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import { declarationOf, discoverFromEnvironment } from '../../src/config/discover.ts';
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

const model = 'model: "bedrock/us.amazon.nova-lite-v1:0"';
const at = (region: string): string => `https://bedrock-runtime.${region}.amazonaws.com`;

const places: readonly (readonly [params: string, environment: Readonly<Record<string, string>>, base: string])[] = [
  [`${model}, aws_region_name: eu-west-1`, { AWS_REGION: 'us-east-1' }, at('eu-west-1')],
  [model, { AWS_REGION: 'us-east-1' }, at('us-east-1')],
  [model, { AWS_REGION_NAME: 'us-west-2', AWS_REGION: 'us-east-1' }, at('us-west-2')],
  ['model: "bedrock/eu-west-3/amazon.nova-lite-v1:0"', { AWS_REGION: 'us-east-1' }, at('eu-west-3')],
  [
    'model: "bedrock/converse/arn:aws:bedrock:ap-south-1:1:inference-profile/x"',
    { AWS_REGION: 'us-east-1' },
    at('ap-south-1'),
  ],
  [`${model}, aws_region_name: cn-north-1`, {}, `${at('cn-north-1')}.cn`],
  [`${model}, aws_bedrock_runtime_endpoint: "http://vpc.test"`, { AWS_REGION: 'us-east-1' }, 'http://vpc.test'],
  [model, { AWS_BEDROCK_RUNTIME_ENDPOINT: 'http://vpc.test', AWS_REGION: 'us-east-1' }, 'http://vpc.test'],
];

for (const [params, environment, base] of places) {
  test(`${params} with ${JSON.stringify(environment)} is at ${base}`, () => {
    assert.equal(deployment(params, environment).record.baseUrl, base);
  });
}

test('keys are sealed, and profile, role and region stand among the defaults', () => {
  const keys = 'aws_access_key_id: A, aws_secret_access_key: B, aws_session_token: C, aws_web_identity_token: D';
  const settings = 'aws_region_name: eu-west-1, aws_role_name: "arn:aws:iam::1:role/r", aws_profile_name: team';
  const { record, secrets } = deployment(`${model}, ${keys}, ${settings}, temperature: 0`);
  assert.deepEqual(secrets, [
    ['aws_access_key_id', 'aws_secret_access_key', 'aws_session_token', 'aws_web_identity_token'],
  ]);
  assert.deepEqual(record.parameters.defaults, {
    temperature: 0,
    aws_region_name: 'eu-west-1',
    aws_profile_name: 'team',
    aws_role_name: 'arn:aws:iam::1:role/r',
  });
});

test('without a region the mend says which field names one', () => {
  const { notices } = read(model);
  const [notice] = notices.filter(({ severity }) => severity === 'error');
  assert.match(notice?.says ?? '', /bedrock has no address of its own/);
  assert.match(JSON.stringify(notice), /give aws_region_name or api_base/);
});

test('a region means nothing to a provider without regions, and is not sent to it', () => {
  const { notices, declaration } = read('model: openai/gpt-4o, api_key: k, aws_region_name: eu-west-1');
  assert.ok(brief(notices).some((notice) => /warning .*aws_region_name means nothing to openai/.test(notice)));
  assert.equal(declaration?.deployments[0]?.parameters.defaults, undefined);
});

test('a Bedrock key and a region in the environment are found', () => {
  const environment = { AWS_BEARER_TOKEN_BEDROCK: 'key', AWS_REGION: 'eu-west-1' };
  const [record] = declarationOf(discoverFromEnvironment(environment, providers), []).deployments;
  assert.deepEqual([record?.alias, record?.baseUrl], ['bedrock/*', at('eu-west-1')]);
  assert.deepEqual(discoverFromEnvironment({ AWS_BEARER_TOKEN_BEDROCK: 'key' }, providers), []);
});
