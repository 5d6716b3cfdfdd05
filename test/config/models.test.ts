import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeploymentRecord } from '../../src/core/records.ts';
import { Secret } from '../../src/kit/secret.ts';
import { brief, marked, modelsOf, read } from './reading.ts';

const environment = { OPENAI_API_KEY: 'sk-environment', OTHER_KEY: 'sk-other' };

function only(text: string, variables: Readonly<Record<string, string>> = environment): DeploymentRecord {
  const { declaration, notices } = read(text, { environment: variables });
  assert.deepEqual(brief(notices), []);
  const [deployment] = declaration.deployments;
  assert.ok(deployment !== undefined && declaration.deployments.length === 1);
  return deployment;
}

const parameters = [
  ['rpm: 10, tpm: 20, weight: 2, order: 1', { weight: 2, rpm: 10, tpm: 20, order: 1 }],
  ['rpm: "10"', { rpm: 10 }],
  ['timeout: 30, stream_timeout: 0.5', { timeoutMs: 30_000, streamTimeoutMs: 500 }],
  ['timeout: 30s, cooldown_time: 2m', { timeoutMs: 30_000, cooldownMs: 120_000 }],
  ['num_retries: 3, max_retries: 1', { retries: 3 }],
  ['max_retries: 1', { retries: 1 }],
  ['max_parallel_requests: 4', { maxParallel: 4 }],
  ['tags: [free, "1"]', { tags: ['free', '1'] }],
  ['drop_params: yes, additional_drop_params: [user]', { dropParameters: true, dropNamed: ['user'] }],
  ['mock_response: hello', { mockResponse: 'hello' }],
  ['api_version: 2024-10-21, organization: org-1', { apiVersion: '2024-10-21', organization: 'org-1' }],
  [
    'input_cost_per_token: 1e-6, output_cost_per_token: "0.000002"',
    { prices: { input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 } },
  ],
  ['logprobs: yes, echo: off, suffix: "no"', { defaults: { logprobs: true, echo: false, suffix: 'no' } }],
  ['temperature: 0.2, stop: [a, b]', { defaults: { temperature: 0.2, stop: ['a', 'b'] } }],
  ['extra_body: {top_m: 1}, extra_headers: {x-team: red}', { headers: { 'x-team': 'red' }, extraBody: { top_m: 1 } }],
  ['rpm: null, timeout:', {}],
] as const;

for (const [text, expected] of parameters) {
  test(`litellm_params {${text}}`, () => {
    assert.deepEqual(only(modelsOf(`model: openai/gpt-4o, ${text}`)).parameters, expected);
  });
}

test('model_info is kept open, its id apart, and its prices count where litellm_params has none', () => {
  const text = `
model_list:
  - model_name: a
    litellm_params: {model: openai/gpt-4o, base_model: gpt-4o, input_cost_per_token: 1}
    model_info: {id: mine, mode: chat, colour: red, input_cost_per_token: 5, output_cost_per_token: 2}
`;
  const deployment = only(text);
  assert.equal(deployment.id, 'mine');
  assert.deepEqual(deployment.info, {
    base_model: 'gpt-4o',
    mode: 'chat',
    colour: 'red',
    input_cost_per_token: 5,
    output_cost_per_token: 2,
  });
  assert.deepEqual(deployment.parameters.prices, { input_cost_per_token: 1, output_cost_per_token: 2 });
});

const places = [
  ['model: openai/gpt-4o', ['openai', 'gpt-4o', null]],
  ['model: openai/org/model, api_base: "http://vllm.test/v1/"', ['openai', 'org/model', 'http://vllm.test/v1']],
  ['model: org/model, custom_llm_provider: openai', ['openai', 'org/model', null]],
  ['model: ollama_chat/llama3.2', ['ollama', 'llama3.2', null]],
  ['model: hosted_vllm/qwen, base_url: http://h.test', ['hosted_vllm', 'qwen', 'http://h.test']],
] as const;

for (const [text, expected] of places) {
  test(`the place of {${text}}`, () => {
    const { provider, model, baseUrl } = only(modelsOf(text));
    assert.deepEqual([provider, model, baseUrl], expected);
  });
}

test("the provider's address in the environment is used where the file gives none, and does not change the id", () => {
  const text = modelsOf('model: openai/gpt-4o');
  const elsewhere = only(text, { ...environment, OPENAI_BASE_URL: 'http://proxy.test/' });
  assert.equal(elsewhere.baseUrl, 'http://proxy.test');
  assert.equal(elsewhere.id, only(text).id);
});

test('an id outlives a rotated key, a changed limit and a line moved, and tells different models apart', () => {
  const ids = [
    'model: openai/gpt-4o, api_key: sk-one',
    'model: openai/gpt-4o, api_key: sk-two, rpm: 3',
    'model: openai/gpt-4o-mini, api_key: sk-one',
    'model: openai/gpt-4o, api_base: http://other.test',
  ].map((text) => only(modelsOf(text)).id);
  assert.equal(ids[0], ids[1]);
  assert.equal(new Set(ids).size, 3);
  assert.match(ids[0] ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});

const credentials = [
  [
    'a key in a variable is named after it',
    'model: openai/x, api_key: os.environ/OTHER_KEY',
    'variable/OTHER_KEY',
    'sk-other',
  ],
  [
    'without a key the variables of the provider are looked up',
    'model: openai/x',
    'environment/openai',
    'sk-environment',
  ],
  ['an empty key is none', 'model: openai/x, api_key: ""', 'environment/openai', 'sk-environment'],
] as const;

for (const [name, text, credential, secret] of credentials) {
  test(name, () => {
    const { declaration } = read(modelsOf(text), { environment });
    assert.equal(declaration.deployments[0]?.credential, credential);
    assert.deepEqual(declaration.credentials, [{ name: credential, values: { api_key: new Secret(secret) } }]);
    assert.ok(declaration.credentials[0]?.values['api_key']?.equals(new Secret(secret)));
  });
}

test('a key written out is declared once, under the first deployment that has it', () => {
  const shared = 'api_key: sk-shared';
  const { declaration } = read(
    modelsOf(`model: openai/x, ${shared}`, `model: openai/y, ${shared}`, 'model: openai/z, api_key: sk-z'),
  );
  const [x, y, z] = declaration.deployments;
  assert.equal(x?.credential, `deployment/${x?.id}`);
  assert.equal(y?.credential, x?.credential);
  assert.equal(z?.credential, `deployment/${z?.id}`);
  assert.equal(declaration.credentials.length, 2);
});

test('secrets in headers and in keys nobody knows go to the credential, not to the parameters', () => {
  const text = modelsOf('model: openai/x, extra_headers: {Authorization: Bearer b, x-team: red}, watsonx_apikey: w');
  const { declaration } = read(text, { environment });
  const values = declaration.credentials[0]?.values ?? {};
  assert.deepEqual(Object.keys(values).sort(), ['api_key', 'header:authorization', 'watsonx_apikey']);
  assert.deepEqual(declaration.deployments[0]?.parameters, { headers: { 'x-team': 'red' } });
});

test('a named credential gives its secrets, and what it has beside them lies below the own parameters', () => {
  const text = `
credential_list:
  - credential_name: vllm
    credential_values: {api_key: os.environ/OTHER_KEY, api_base: http://vllm.test}
    credential_info: {description: ours}
model_list:
  - {model_name: a, litellm_params: {model: openai/x, litellm_credential_name: vllm}}
  - {model_name: b, litellm_params: {model: openai/x, litellm_credential_name: vllm, api_base: http://own.test}}
`;
  const { declaration, notices } = read(text, { environment });
  assert.deepEqual(brief(notices), []);
  assert.deepEqual(
    declaration.deployments.map(({ credential, baseUrl }) => [credential, baseUrl]),
    [
      ['vllm', 'http://vllm.test'],
      ['vllm', 'http://own.test'],
    ],
  );
  assert.deepEqual(
    declaration.credentials.map(({ name }) => name),
    ['vllm'],
  );
});

test('default_litellm_params lie below what an entry and its credential say', () => {
  const text = `${modelsOf('model: openai/x, temperature: 1', 'model: openai/y')}
router_settings: {default_litellm_params: {temperature: 0, rpm: 5}}
`;
  const { declaration } = read(text, { environment });
  assert.deepEqual(
    declaration.deployments.map((deployment) => deployment.parameters),
    [
      { rpm: 5, defaults: { temperature: 1 } },
      { rpm: 5, defaults: { temperature: 0 } },
    ],
  );
});

test('entries of one name are one alias, and the same entry twice is kept once and reported with both places', () => {
  const text = `
model_list:
  - {model_name: a, litellm_params: {model: openai/x, rpm: 1}}
  - {model_name: a, litellm_params: {model: openai/y}}
  - {model_name: a, litellm_params: {rpm: 1, model: openai/x}}
`;
  const { declaration, notices } = read(text, { environment });
  assert.deepEqual(
    declaration.aliases.map(({ name }) => name),
    ['a'],
  );
  assert.equal(declaration.deployments.length, 2);
  assert.deepEqual(brief(notices), [
    '5:5 warning model_list[2]: the same deployment as model_list[0] at config.yaml:3:5; kept once',
  ]);
});

test('entries that differ in how much they get to do are one deployment that gets both', () => {
  const text = `
model_list:
  - {model_name: a, litellm_params: {model: openai/x, weight: 1, rpm: 10}, model_info: {id: one}}
  - {model_name: a, litellm_params: {model: openai/x, weight: 3}, model_info: {id: two}}
  - {model_name: a, litellm_params: {model: openai/x, weight: 3, temperature: 0}}
`;
  const { declaration, notices } = read(text, { environment });
  assert.deepEqual(
    declaration.deployments.map(({ id, position, parameters }) => [id === 'one', position, parameters]),
    [
      [true, 0, { weight: 4, rpm: 10 }],
      [false, 1, { weight: 3, defaults: { temperature: 0 } }],
    ],
  );
  assert.deepEqual(brief(notices), [
    '4:5 warning model_list[1]: the same deployment as model_list[0] at config.yaml:3:5; kept once, with weight 4 and rpm 10 of both; nothing has the id two',
  ]);
});

test('two keys for one model are two deployments with ids of their own', () => {
  const text = `
model_list:
  - {model_name: a, litellm_params: {model: openai/x, api_key: sk-1}}
  - {model_name: a, litellm_params: {model: openai/x, api_key: sk-2}}
`;
  const { deployments, credentials: declared } = read(text).declaration;
  assert.equal(new Set(deployments.map(({ id }) => id)).size, 2);
  assert.equal(declared.length, 2);
});

test('every model of every provider: * stands for OpenAI, and a wildcard for each other provider with a key', () => {
  const text = 'model_list: [{model_name: "*", litellm_params: {model: "*"}}]';
  const { declaration } = read(text, { environment: { ...environment, ANTHROPIC_API_KEY: 'k' } });
  assert.deepEqual(
    declaration.deployments.map(({ alias, provider, model }) => [alias, provider, model]),
    [
      ['*', 'openai', '*'],
      ['anthropic/*', 'anthropic', '*'],
    ],
  );
});

const wildcards = [
  ['openai/*', 'openai/*', '*'],
  ['llmengine/*', 'openai/*', '*'],
  ['claude-*', 'anthropic/claude-*', 'claude-*'],
  ['any/*', 'openai/gpt-4o', 'gpt-4o'],
] as const;

for (const [alias, model, stored] of wildcards) {
  test(`the wildcard ${alias} of ${model}`, () => {
    const text = `model_list: [{model_name: "${alias}", litellm_params: {model: "${model}", api_key: k}}]`;
    const deployment = only(text);
    assert.deepEqual([deployment.alias, deployment.model], [alias, stored]);
  });
}

/** § marks the place that the notice must name. */
const faults = [
  ['model: §bedrock/claude', 'not-yet', 'model', 'the provider bedrock is not built yet'],
  ['model: §opnai/gpt', 'error', 'model', 'unknown provider in opnai/gpt'],
  ['model: §gpt-4o', 'error', 'model', 'gpt-4o names no provider'],
  ['model: §"openai/*"', 'error', 'model', 'openai/* has a * to fill in, but model_name has none'],
  [
    'model: openai/x, api_base: §vllm.test',
    'error',
    'api_base',
    'expected an address that begins with http:// or https://',
  ],
  [
    'model: openai/x, api_base: §"http://mia:canary@vllm.test/v1"',
    'error',
    'api_base',
    'the address carries a user name or password',
  ],
  [
    'model: openai/x, api_base: §"http://vllm.test/v1?key=canary"',
    'error',
    'api_base',
    'the address carries a query or fragment',
  ],
  ['model: openai/x, rpm: §abc', 'error', 'rpm', 'expected a number, found a text of 3 letters and digits'],
  ['model: openai/x, rpm: §-1', 'error', 'rpm', 'expected a number from 0, found a number'],
  ['model: openai/x, num_retries: §1.5', 'error', 'num_retries', 'expected a whole number from 0, found a number'],
  [
    'model: openai/x, drop_params: §maybe',
    'error',
    'drop_params',
    'expected true or false, found a text of 5 letters and digits',
  ],
  ['model: openai/x, tags: §free', 'error', 'tags', 'expected a list of texts, found a text of 4 letters and digits'],
  ['model: openai/x, mock_response: §{a: 1}', 'error', 'mock_response', 'expected a text, found a dictionary'],
  ['model: openai/x, timeout: §soon', 'error', 'timeout', 'expected seconds, found a text of 4 letters and digits'],
  ['model: openai/x, §temprature: 1', 'error', 'temprature', 'unknown key temprature'],
  ['model: openai/x, §api_bse: y', 'error', 'api_bse', 'unknown key api_bse'],
  [
    'model: openai/x, §frobnicate: 1',
    'warning',
    'frobnicate',
    'the key frobnicate is not known, and is passed on to the provider',
  ],
  [
    'model: openai/x, api_key: §oidc/google/x',
    'error',
    'api_key',
    'references to identity tokens (oidc/...) are not understood yet',
  ],
  ['model: openai/x, litellm_credential_name: §vlm', 'error', 'litellm_credential_name', 'there is no credential vlm'],
  [
    'model: openai/x, §max_budget: 5',
    'error',
    'max_budget',
    'not in force: budgets are not enforced yet, so spending would be unlimited',
  ],
  [
    'model: openai/x, §ssl_verify: false',
    'not-yet',
    'ssl_verify',
    'not in force: certificates are always checked; name your own authority by --upstream-authorities',
  ],
  [
    'model: openai/x, §input_cost_per_pixel: 5',
    'not-yet',
    'input_cost_per_pixel',
    'not in force: only prices by token, request and query are reckoned with',
  ],
  ['model: openai/x, rpm: §os.environ/LIMIT', 'error', 'rpm', 'the variable LIMIT is not set'],
  ['model: openai/x, tags: [§os.environ/TAG]', 'error', 'tags[0]', 'the variable TAG is not set'],
] as const;

for (const [line, severity, key, says] of faults) {
  test(`a fault in {${line.replace('§', '')}} is placed`, () => {
    const { text, at } = marked(modelsOf(line));
    const notices = read(text, { environment }).notices.filter(({ path }) => path !== 'model_list');
    assert.deepEqual(brief(notices), [`${at} ${severity} model_list[0].litellm_params.${key}: ${says}`]);
  });
}

const entries = [
  ['- §litellm_params: {model: openai/x}', 'error model_list[0]: model_name is missing'],
  ['- §model_name: a', 'error model_list[0]: litellm_params is missing'],
  [
    '- {model_name: a, litellm_params: §{rpm: 1}}',
    'error model_list[0].litellm_params: litellm_params.model is missing',
  ],
  [
    '- {model_name: a, litellm_params: §{model: hosted_vllm/x}}',
    'error model_list[0].litellm_params: hosted_vllm has no address of its own',
  ],
  ['- §just a text', 'error model_list[0]: expected a dictionary, found a text of 11 characters'],
  [
    '- {model_name: §4, litellm_params: {model: openai/x}}',
    'error model_list[0].model_name: expected a text, found a number',
  ],
  [
    '- {model_name: §"a*b*", litellm_params: {model: openai/x}}',
    'error model_list[0].model_name: more than one * in a name is not understood',
  ],
  ['- {§model_nme: a, litellm_params: {model: openai/x}}', 'error model_list[0].model_nme: unknown key model_nme'],
  [
    '- {model_name: a, litellm_params: {model: openai/x}, model_info: {mode: §embeddings}}',
    'error model_list[0].model_info.mode: unknown mode embeddings',
  ],
  [
    '- {model_name: a, litellm_params: {model: openai/x}, model_info: {§team_id: t}}',
    'error model_list[0].model_info.team_id: not in force: teams are not built yet, so every key could call this deployment',
  ],
  [
    '- {model_name: a, litellm_params: {model: openai/x}, model_info: {§base_modle: t}}',
    'warning model_list[0].model_info.base_modle: base_modle is not known; it is kept as it is',
  ],
] as const;

for (const [entry, expected] of entries) {
  test(`a fault in the entry ${entry.replace('§', '')} is placed`, () => {
    const { text, at } = marked(`model_list:\n  ${entry}\n`);
    const notices = brief(read(text, { environment }).notices);
    assert.ok(notices.includes(`${at} ${expected}`), notices.join('\n'));
  });
}

test('a missing key that a provider needs is a warning with the variables to set, and the deployment stays', () => {
  const { declaration, notices } = read(modelsOf('model: together_ai/x'));
  assert.equal(declaration.deployments[0]?.credential, null);
  assert.deepEqual(
    notices.map(({ severity, says, mend }) => [severity, says, mend]),
    [
      [
        'warning',
        'no key for together_ai: calls will fail',
        'give api_key, or set TOGETHER_API_KEY or TOGETHERAI_API_KEY',
      ],
    ],
  );
});

test('no key is asked for where none is needed: local servers, own addresses, canned answers', () => {
  const text = modelsOf(
    'model: ollama/x',
    'model: openai/x, api_base: http://own.test',
    'model: anthropic/x, mock_response: hi',
  );
  assert.deepEqual(read(text).notices, []);
});

test('an id given twice is an error with both places', () => {
  const text = `
model_list:
  - {model_name: a, litellm_params: {model: ollama/x}, model_info: {id: mine}}
  - {model_name: b, litellm_params: {model: ollama/y}, model_info: {id: mine}}
`;
  assert.deepEqual(brief(read(text).notices), [
    '4:5 error model_list[1]: this id is taken by the deployment at config.yaml:3:5',
  ]);
});
