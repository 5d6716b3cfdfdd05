// Our own form of a configuration file: says what a config.yaml says, and leads into the very same declaration.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Declaration } from '../../src/core/records.ts';
import { brief, marked, type ReadingInput, read } from './reading.ts';

const environment = { OPENAI_KEY: 'sk-canary', TEAM_KEY: 'sk-team-canary' };

function declared(text: string, input: ReadingInput = {}): unknown {
  const { declaration, notices } = read(text, { environment, ...input });
  assert.deepEqual(
    notices.filter(({ severity }) => severity === 'error'),
    [],
  );
  return plain(declaration);
}

/** Secrets in the clear, so that they are compared. */
function plain({ credentials, toolServers, ...rest }: Declaration): unknown {
  const reveal = (values: Declaration['credentials'][number]['values']): unknown =>
    Object.fromEntries(Object.entries(values).map(([field, secret]) => [field, secret.reveal()]));
  return {
    ...rest,
    credentials: credentials.map(({ name, values }) => ({ name, values: reveal(values) })),
    toolServers: toolServers.map(({ secrets, ...server }) => ({ ...server, secrets: reveal(secrets) })),
  };
}

const ours = `
models:
  fast: ollama/llama3.2
  chat:
    - {model: openai/gpt-4.1, key: env:OPENAI_KEY, weight: 2, retries: 1, cooldown: 10s, max_parallel: 3}
    - model: together_ai/some/model
      address: https://x.test/v1/
      credential: team
      timeout: 30
      tags: [paid]
      headers: {x-plain: text, Authorization: env:TEAM_KEY}
      parameters: {temperature: 0.2, num_ctx: 8192}
      prices: {input_cost_per_token: 0.000001}
      secrets: {other_token: env:TEAM_KEY}
      info: {mode: chat, max_input_tokens: 1000}
      id: the-second
  small: {model: ollama/tiny, fallbacks: fast, retry_policy: {TimeoutError: 4}}
  big:
    deployments: [ollama/big, openai/big]
    fallbacks: [chat, small]
    context_window_fallbacks: [chat]
    content_policy_fallbacks: small
  gpt: {target: chat}
  quiet: {target: small, hidden: true, fallbacks: [fast]}
credentials:
  team: env:TEAM_KEY
  cloud: {aws_access_key_id: id-canary, aws_secret_access_key: env:OPENAI_KEY}
tool_servers:
  exa: https://exa.test/mcp
  files: {command: npx, args: [-y, files], env: {FILES_TOKEN: env:TEAM_KEY}}
  shop: {address: https://shop.test, auth: api_key, key: env:TEAM_KEY, headers: {x: y}, forward_headers: [z], all_keys: yes, openapi: /a.json, allowed_parameters: {a: [b]}, info: {logo_url: c}}
router:
  strategy: latency-based
  retries: 1
  retry_policy: {RateLimitError: 3}
  timeout: 90
  cooldown: 20
  allowed_fails: 2
  allowed_fails_policy: {TimeoutError: 9}
  fallbacks: fast
  tag_filtering: true
  drop_params: true
`;

const theirs = `
model_list:
  - {model_name: fast, litellm_params: {model: ollama/llama3.2}}
  - model_name: chat
    litellm_params: {model: openai/gpt-4.1, api_key: os.environ/OPENAI_KEY, weight: 2, num_retries: 1, cooldown_time: 10s, max_parallel_requests: 3}
  - model_name: chat
    litellm_params:
      model: together_ai/some/model
      api_base: https://x.test/v1/
      litellm_credential_name: team
      timeout: 30
      tags: [paid]
      extra_headers: {x-plain: text, Authorization: os.environ/TEAM_KEY}
      temperature: 0.2
      num_ctx: 8192
      input_cost_per_token: 0.000001
      other_token: os.environ/TEAM_KEY
    model_info: {mode: chat, max_input_tokens: 1000, id: the-second}
  - {model_name: small, litellm_params: {model: ollama/tiny}}
  - {model_name: big, litellm_params: {model: ollama/big}}
  - {model_name: big, litellm_params: {model: openai/big}}
credential_list:
  - {credential_name: team, credential_values: {api_key: os.environ/TEAM_KEY}}
  - {credential_name: cloud, credential_values: {aws_access_key_id: id-canary, aws_secret_access_key: os.environ/OPENAI_KEY}}
mcp_servers:
  exa: {url: https://exa.test/mcp}
  files: {command: npx, args: [-y, files], env: {FILES_TOKEN: os.environ/TEAM_KEY}}
  shop: {url: https://shop.test, auth_type: api_key, auth_value: os.environ/TEAM_KEY, static_headers: {x: y}, extra_headers: [z], allow_all_keys: true, spec_path: /a.json, allowed_params: {a: [b]}, mcp_info: {logo_url: c}}
litellm_settings: {drop_params: true}
router_settings:
  routing_strategy: latency-based-routing
  num_retries: 1
  retry_policy: {RateLimitErrorRetries: 3}
  timeout: 90
  cooldown_time: 20
  allowed_fails: 2
  allowed_fails_policy: {TimeoutErrorAllowedFails: 9}
  default_fallbacks: [fast]
  enable_tag_filtering: true
  fallbacks: [{small: [fast]}, {big: [chat, small]}, {quiet: [fast]}]
  context_window_fallbacks: [{big: [chat]}]
  content_policy_fallbacks: [{big: [small]}]
  model_group_alias: {gpt: chat, quiet: {model: small, hidden: true}}
  model_group_retry_policy: {small: {TimeoutErrorRetries: 4}}
`;

test('it declares what the same config.yaml declares', () => {
  assert.deepEqual(declared(ours), declared(theirs));
});

test('as JSON, and with its version in front, it is the same', () => {
  const short = '{"plumbline": 1, "models": {"fast": "ollama/llama3.2"}}';
  assert.deepEqual(declared(short), declared('models:\n  fast: ollama/llama3.2\n'));
});

test('a strategy and a name that is not listed are said of any name', () => {
  const text =
    'models: {a: {deployments: [ollama/x, ollama/y], strategy: in-order, hidden: true}, b: {target: a, strategy: least-busy}}';
  const { aliases } = read(text).declaration;
  assert.deepEqual(
    aliases.map(({ name, strategy, hidden, target }) => [name, strategy, hidden, target]),
    [
      ['a', 'in-order', true, null],
      ['b', 'least-busy', false, 'a'],
    ],
  );
});

test('a name behind a wildcard has fallbacks of its own without a deployment of its own', () => {
  const { declaration, notices } = read('models: {"ollama/*": "ollama/*", b: ollama/b, ollama/x: {fallbacks: [b]}}');
  assert.deepEqual(notices, []);
  const own = declaration.deployments.find(({ alias }) => alias === 'ollama/x');
  assert.deepEqual([own?.model, declaration.aliases.find(({ name }) => name === 'ollama/x')?.fallbacks], ['x', ['b']]);
});

test('which form it is shows at its top', () => {
  const mixed = read('models: {a: ollama/a}\nmodel_list: [{model_name: b, litellm_params: {model: ollama/b}}]');
  assert.deepEqual(brief(mixed.notices), ['1:1 error models: unknown key models']);
  const versioned = read('plumbline: 1\nmodel_list: []');
  assert.deepEqual(brief(versioned.notices).slice(0, 2), [
    '1:1 warning models: the file gives no model that can be called',
    '2:1 error model_list: unknown key model_list',
  ]);
});

test('it stands in one file', () => {
  const included = read('include: [more.yaml]\nmodels: {a: ollama/a}', {
    files: { 'more.yaml': 'models: {b: ollama/b}' },
  });
  const errors = included.notices.filter(({ severity }) => severity === 'error');
  assert.deepEqual(brief(errors), ['1:1 error : this form cannot include other files']);
});

const wrong: readonly (readonly [string, string])[] = [
  [
    'models: {a: ollama/a}\nrouter: {strategy: §fastest}',
    'router.strategy: unknown strategy fastest; known are simple-shuffle, least-busy, usage-based, latency-based, cost-based, in-order',
  ],
  ['models: {a: ollama/a}\nplumbline: §2', 'plumbline: this version of the form is not known; write plumbline: 1'],
  ['plumbline: 1\n§modles: {}', 'modles: unknown key modles; did you mean models?'],
  ['models: {a: {§modle: ollama/a}}', 'models.a.modle: unknown key modle; did you mean model?'],
  [
    'models: {a: {model: ollama/a, §api_base: "http://x"}}',
    'models.a.api_base: unknown key api_base; did you mean address?',
  ],
  ['models: {a: [{model: ollama/a, §wieght: 2}]}', 'models.a[0].wieght: unknown key wieght; did you mean weight?'],
  ['models: {a: {model: ollama/a, §fallback: b}}', 'models.a.fallback: unknown key fallback; did you mean fallbacks?'],
  [
    'models: {a: {deployments: [ollama/a], §weight: 2}}',
    'models.a.weight: this is said of a deployment; write it in an entry of deployments',
  ],
  [
    'models: {a: [{model: ollama/a, §fallbacks: [a]}]}',
    'models.a[0].fallbacks: this is said of the name, not of one deployment; write it beside deployments',
  ],
  [
    'models: {b: ollama/b, a: {target: b, §deployments: [ollama/a]}}',
    'models.a.deployments: a name has deployments, or a target for which it stands; keep one of the two',
  ],
  ['models: {a: §}', 'models.a: nothing is said of this name; write a model: provider/name'],
  ['models: {a: §{weight: 2}}', 'models.a: model is missing; write model: provider/name'],
  [
    'models: {a: {model: ollama/a, weight: §much}}',
    'models.a.weight: expected a number, found a text of 4 letters and digits; write a number',
  ],
  ['models: {a: §nothing/a}', 'models.a: unknown provider in nothing/a; write model: provider/name'],
  [
    'models: {a: §hosted_vllm/a}',
    'models.a: hosted_vllm has no address of its own; give address, or set HOSTED_VLLM_API_BASE',
  ],
  [
    'models: {a: {model: ollama/a, strategy: §random}}',
    'models.a.strategy: unknown strategy random; known are simple-shuffle, least-busy, usage-based, latency-based, cost-based, in-order',
  ],
  [
    'models: {a: {model: ollama/a, credential: §none}}',
    'models.a.credential: there is no credential none; add it to credentials',
  ],
  [
    'models: {a: {model: ollama/a, key: §env:NONE}}',
    'models.a.key: the variable NONE is not set; set NONE, or remove this line',
  ],
  [
    'models: {a: {model: ollama/a, parameters: {§rpm: 3}}}',
    'models.a.parameters.rpm: this is no parameter of a request; write it beside parameters, or under secrets',
  ],
  [
    'models: {a: {model: ollama/a, parameters: {§temprature: 3}}}',
    "models.a.parameters.temprature: unknown key temprature; did you mean temperature? A parameter of the provider's own goes into extra_body",
  ],
  [
    'models: {a: {model: ollama/a, secrets: {§region: x}}}',
    'models.a.secrets.region: its name does not say that this is a secret; write it outside of secrets',
  ],
  ['models: {a: {model: ollama/a, prices: {§input_cost: 3}}}', 'models.a.prices.input_cost: unknown key input_cost'],
  [
    'models: {a: {model: ollama/a, retry_policy: {§RateLimitErrors: 3}}}',
    'models.a.retry_policy.RateLimitErrors: unknown kind of error RateLimitErrors; did you mean RateLimitError?',
  ],
  [
    'models: {a: ollama/a}\ncredentials: {x: {§address: "http://x"}}',
    'credentials.x.address: address is no secret; give it with each deployment',
  ],
  [
    'models: {a: ollama/a}\nrouter: {§num_retries: 3}',
    'router.num_retries: unknown key num_retries; did you mean retries?',
  ],
  ['models: {a: ollama/a}\nrouter: {§colldown: 3}', 'router.colldown: unknown key colldown; did you mean cooldown?'],
  [
    'models: {a: ollama/a}\ntool_servers: {x: {§url: "http://x"}}',
    'tool_servers.x.url: unknown key url; did you mean address?',
  ],
  [
    'models: {a: ollama/a}\ntool_servers: {x: {address: §"ftp://x"}}',
    'tool_servers.x.address: expected an address that begins with http:// or https://; write the whole address',
  ],
];
for (const [written, says] of wrong) {
  test(`an error where it stands, and how to mend it: ${written.replaceAll('\n', ' ')}`, () => {
    const { text, at } = marked(written);
    const { notices } = read(text);
    const found = notices
      .filter(({ severity }) => severity === 'error')
      .map(({ line, column, path, says: what, mend }) => [`${line}:${column}`, `${path}: ${what}; ${mend}`] as const);
    const hit = found.find(([place, said]) => place === at && said.startsWith(says));
    assert.ok(hit, JSON.stringify([at, found]));
  });
}
