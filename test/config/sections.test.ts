import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptPath, hasErrors, noticesAsJson, renderNotices } from '../../src/config/notices.ts';
import { Secret } from '../../src/kit/secret.ts';
import { brief, marked, type ReadingInput, read } from './reading.ts';

const models = 'model_list: [{model_name: chat, litellm_params: {model: ollama/a}}]\n';

function noticesOf(text: string, input: ReadingInput = {}): string[] {
  return brief(read(models + text, input).notices);
}

test('general_settings give boot options, each with its place', () => {
  const text = `${models}general_settings:
  master_key: os.environ/THE_KEY
  database_url: postgresql://mia:swordfish@db/gateway
  database_connection_pool_limit: 20
  max_request_size_mb: 16
  store_prompts_in_spend_logs: true
  maximum_spend_logs_retention_period: 36h
`;
  const reading = read(text, { environment: { THE_KEY: 'sk-mine' } });
  assert.deepEqual(reading.notices, []);
  assert.ok(reading.masterKey?.equals(new Secret('sk-mine')));
  assert.ok(reading.databaseUrl?.equals(new Secret('postgresql://mia:swordfish@db/gateway')));
  assert.equal(reading.settings.masterKey?.at, 'config.yaml:3:15 general_settings.master_key');
  assert.equal(reading.settings.databasePool?.value, 20);
  assert.equal(reading.settings.bodyLimit?.value, 16 * 1024 * 1024);
  assert.equal(reading.settings.storeContents?.value, true);
  assert.equal(reading.settings.usageRetentionDays?.value, 2);
});

test('a file whose messages are not to be logged has none stored, whatever else it says', () => {
  const settings =
    'general_settings: {store_prompts_in_spend_logs: true}\nlitellm_settings: {turn_off_message_logging: true}\n';
  assert.equal(read(models + settings).settings.storeContents?.value, false);
});

test('environment_variables feed the references of the file, win over the environment, and are not exported', () => {
  const text = `
environment_variables: {BASE: "http://mine.test", LITELLM_MASTER_KEY: sk-section, COPY: os.environ/OUTSIDE}
model_list: [{model_name: a, litellm_params: {model: hosted_vllm/x, api_base: os.environ/BASE}}]
`;
  const reading = read(text, { environment: { BASE: 'http://outer.test', OUTSIDE: 'o' } });
  assert.deepEqual(reading.notices, []);
  assert.equal(reading.declaration.deployments[0]?.baseUrl, 'http://mine.test');
  assert.deepEqual(reading.environmentVariables['COPY'], 'o');
  assert.ok(reading.masterKey?.equals(new Secret('sk-section')));
  assert.equal(process.env['BASE'], undefined);
});

/** § marks the place that the notice must name. */
const faults = [
  ['§model_lst: []', 'error model_lst: unknown key model_lst'],
  ['litellm_settings: {§drop_parms: true}', 'error litellm_settings.drop_parms: unknown key drop_parms'],
  ['litellm_settings: §[drop_params]', 'error litellm_settings: expected a dictionary, found a list'],
  ['general_settings: {§master_keys: x}', 'error general_settings.master_keys: unknown key master_keys'],
  [
    'general_settings: {master_key: §os.environ/NONE}',
    'error general_settings.master_key: the variable NONE is not set',
  ],
  [
    'general_settings: {database_url: §"mysql://x"}',
    'error general_settings.database_url: expected a text that begins with postgresql:// or postgres://, found 9 characters',
  ],
  [
    'general_settings: {max_request_size_mb: §0}',
    'error general_settings.max_request_size_mb: expected 0.0009765625 to 1024, found 0',
  ],
  [
    'general_settings: {maximum_spend_logs_retention_period: §soon}',
    'error general_settings.maximum_spend_logs_retention_period: expected a time such as 30d or 12h, found 4 letters and digits',
  ],
  ['environment_variables: {A: §os.environ/NONE}', 'error environment_variables.A: the variable NONE is not set'],
  [
    'environment_variables: {§PORT: 1}',
    'warning environment_variables.PORT: this was read before the file, so it has no effect here',
  ],
  ['litellm_settings: {§cache: true}', 'not-yet litellm_settings.cache: not in force: answers are not cached yet'],
  [
    '§mcp_servers: {exa: {url: "http://x"}}',
    'not-yet mcp_servers: not in force: stored, and shown by `plumbline config`, but MCP servers are not connected yet',
  ],
  [
    'litellm_settings: {callbacks: [§utils.skills.hook]}',
    'not-yet litellm_settings.callbacks[0]: not in force: Python code does not run here',
  ],
  [
    'litellm_settings: {callbacks: [§langfuse]}',
    'not-yet litellm_settings.callbacks[0]: not in force: the callback langfuse is not built yet',
  ],
  [
    'litellm_settings: {success_callback: [§langfus]}',
    'error litellm_settings.success_callback[0]: unknown callback langfus',
  ],
  [
    'litellm_settings: {callbacks: §otel}',
    'warning litellm_settings.callbacks: no collector is named, so nothing is traced',
  ],
  [
    'litellm_settings: {callbacks: [§hide_secrets]}',
    'error litellm_settings.callbacks[0]: not in force: guardrails are not built yet, so content would not be screened by hide_secrets',
  ],
  [
    'guardrails: [§{guardrail_name: g, litellm_params: {guardrail: presidio, mode: pre_call, default_on: true}}]',
    'error guardrails[0]: not in force: guardrails are not built yet, so content would not be screened',
  ],
  [
    'guardrails: [§{guardrail_name: g, litellm_params: {guardrail: presidio, mode: pre_call}}]',
    'not-yet guardrails[0]: not in force: guardrails are not built yet',
  ],
  [
    'litellm_settings: {guardrails: [§{injection: {callbacks: [x], default_on: true}}]}',
    'error litellm_settings.guardrails[0]: not in force: guardrails are not built yet, so content would not be screened',
  ],
  [
    'general_settings: {§custom_auth: my.auth}',
    'error general_settings.custom_auth: not in force: Python code does not run here, so its check would be missing',
  ],
  [
    'general_settings: {§enable_jwt_auth: true}',
    'error general_settings.enable_jwt_auth: not in force: only keys are checked, so callers would not be held to this',
  ],
  [
    'general_settings: {§allowed_ips: [10.0.0.1]}',
    'error general_settings.allowed_ips: not in force: addresses are not checked yet, so anyone with a key could call',
  ],
  [
    'general_settings: {§health_check_details: false}',
    'not-yet general_settings.health_check_details: not in force: health answers carry their details',
  ],
  ['credential_list: [§{credential_values: {api_key: x}}]', 'error credential_list[0]: credential_name is missing'],
  [
    'credential_list: [{credential_name: c}, §{credential_name: c}]',
    'error credential_list[1]: a credential of this name stands at line 2 already',
  ],
  [
    'credential_list: [§{credential_name: variable/x}]',
    'error credential_list[0]: names that begin with variable/ are given by Plumbline',
  ],
] as const;

for (const [line, expected] of faults) {
  test(`${line.replace('§', '')} is reported in its place`, () => {
    const { text, at } = marked(models + line);
    assert.deepEqual(brief(read(text).notices), [`${at} ${expected}`]);
  });
}

test('the callbacks prometheus and otel are in force: metrics are always there, traces where a collector is named', () => {
  const text = `${models}litellm_settings: {callbacks: [prometheus, otel]}`;
  assert.deepEqual(read(text, { environment: { OTEL_ENDPOINT: 'http://collector:4318' } }).notices, []);
});

test('require_auth_for_metrics_endpoint says who may read the metrics', () => {
  const accessOf = (value: string) =>
    read(`${models}litellm_settings: {require_auth_for_metrics_endpoint: ${value}}`).settings.metricsAccess?.value;
  assert.equal(accessOf('true'), 'key');
  assert.equal(accessOf('false'), 'open');
  assert.equal(read(models).settings.metricsAccess, undefined);
});

test('what Plumbline does anyway, and what is off, is no news', () => {
  const text = `
litellm_settings: {turn_off_message_logging: true, telemetry: false, json_logs: true, cache: false, callbacks: [], set_verbose: no}
general_settings: {store_model_in_db: true, litellm_license: x, enable_jwt_auth: false, allowed_ips: [], custom_auth: null, alerting: []}
guardrails: []
mcp_servers:
`;
  assert.deepEqual(noticesOf(text), []);
});

test('a variable missing under a key that is not in force is only a warning', () => {
  assert.deepEqual(noticesOf('router_settings: {redis_password: os.environ/NONE}'), [
    '2:19 not-yet router_settings.redis_password: not in force: instances do not share their counters yet; each counts for itself',
    '2:35 warning router_settings.redis_password: the variable NONE is not set',
  ]);
});

test('a refusal says how to accept it; accepted by path, or by a path above, it is listed as not in force', () => {
  const text = `${models}general_settings: {allowed_ips: [1.2.3.4], custom_auth: a.b, unheard_of: 1}`;
  const refused = read(text).notices;
  assert.deepEqual(
    refused.map(({ severity }) => severity),
    ['error', 'error', 'error'],
  );
  assert.match(refused[0]?.mend ?? '', /start with --accept-not-yet general_settings\.allowed_ips$/);
  const some = read(text, { accepted: ['general_settings.allowed_ips'] }).notices;
  assert.deepEqual(
    some.map(({ severity }) => severity),
    ['not-yet', 'error', 'error'],
  );
  assert.ok(!hasErrors(read(text, { accepted: ['general_settings'] }).notices));
});

test('an accepted path that nothing needs is reported', () => {
  assert.deepEqual(noticesOf('', { accepted: ['general_settings.allowed_ip'] }), [
    '1:1 warning general_settings.allowed_ip: accepted at start, but nothing here needs it',
  ]);
});

test('positions in lists are left out of paths to accept', () => {
  assert.equal(acceptPath('model_list[12].litellm_params.guardrails[0]'), 'model_list.litellm_params.guardrails');
});

test('a file without models is a warning', () => {
  assert.deepEqual(brief(read('general_settings: {master_key: sk-1}').notices), [
    '1:1 warning model_list: the file gives no model that can be called',
  ]);
});

test('notices are printed as a compiler would, by place, with a count; control characters cannot reach a terminal', () => {
  const { notices } = read(
    `${models}router_settings: {coldown_time: 1, "\\e[31mred": 1, routing_strategy: least-bussy}`,
  );
  assert.equal(
    renderNotices(notices),
    [
      'config.yaml:2:19 error router_settings.coldown_time: unknown key coldown_time; did you mean cooldown_time?, or start with --accept-not-yet router_settings.coldown_time',
      'config.yaml:2:36 error router_settings.?[31mred: unknown key ?[31mred; remove it, or start with --accept-not-yet router_settings.?[31mred',
      'config.yaml:2:70 error router_settings.routing_strategy: unknown routing strategy least-bussy; did you mean least-busy? known are simple-shuffle, least-busy, usage-based-routing, usage-based-routing-v2, usage-based, latency-based-routing, latency-based, cost-based-routing, cost-based, in-order',
      '3 errors, 0 warnings, 0 not yet in force',
    ].join('\n'),
  );
});

test('notices for programs carry the verdict and every field', () => {
  const { notices } = read(`${models}router_settings: {coldown_time: 1}`);
  assert.deepEqual(JSON.parse(noticesAsJson(notices)), {
    ok: false,
    notices: [
      {
        severity: 'error',
        file: 'config.yaml',
        line: 2,
        column: 19,
        path: 'router_settings.coldown_time',
        says: 'unknown key coldown_time',
        mend: 'did you mean cooldown_time?, or start with --accept-not-yet router_settings.coldown_time',
      },
    ],
  });
});
