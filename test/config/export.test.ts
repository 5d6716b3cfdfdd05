// A file that is read, written and read again declares the same: what is exported brings about what was in force.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigurationFile } from '../../src/config/configuration-file.ts';
import type { FileReading } from '../../src/config/file-reading.ts';
import { writeLitellmFile } from '../../src/config/litellm-write.ts';
import { type Declaration, defaultRouterSettings, type RouterSettings } from '../../src/core/records.ts';
import { providers, resolveProvider } from '../../src/providers/index.ts';

const secrets = {
  OPENAI_KEY: 'sk-of-openai',
  TEAM_KEY: 'sk-of-the-team',
  HIDDEN: 'token-of-the-test',
  GROQ_API_KEY: 'gsk-of-groq',
  SHOP_URL: 'https://shop.test/secret-path/mcp',
};

const file = `
model_list:
  - model_name: chat
    litellm_params:
      model: openai/gpt-4.1
      api_key: os.environ/OPENAI_KEY
      weight: 2
      rpm: 100
      timeout: 30
      stream_timeout: 7.5
      num_retries: 3
      cooldown_time: 12
      max_parallel_requests: 4
      tags: [fast, paid]
      drop_params: true
      additional_drop_params: [logit_bias]
      temperature: 0.2
      extra_body: {seed: 7}
      input_cost_per_token: 0.000001
    model_info: {id: one, mode: chat, max_input_tokens: 1000, team: blue}
  - model_name: chat
    litellm_params: {model: azure/gpt-4.1, api_base: "https://x.openai.azure.com", api_version: 2025-04-01, api_key: os.environ/TEAM_KEY, order: 2}
  - model_name: small
    litellm_params: {model: groq/llama-3.1-8b-instant}
  - model_name: named
    litellm_params: {model: openai/gpt-4o, litellm_credential_name: ours, extra_headers: {x-plain: yes please}}
  - model_name: tokened
    litellm_params: {model: vllm/some/model, api_base: "http://127.0.0.1:8000/v1", extra_headers: {x-auth-token: os.environ/HIDDEN}}
  - model_name: canned
    litellm_params: {model: openai/none, mock_response: hello}
  - model_name: "openai/*"
    litellm_params: {model: "openai/*", api_key: os.environ/OPENAI_KEY}
credential_list:
  - credential_name: ours
    credential_values: {api_key: os.environ/TEAM_KEY}
mcp_servers:
  exa:
    url: https://mcp.exa.test/mcp?exaApiKey=token-of-the-test
    alias: search
    auth_type: bearer_token
    auth_value: os.environ/HIDDEN
    description: Searches the web
    static_headers: {X-Plain: "yes", X-Api-Key: os.environ/HIDDEN}
    extra_headers: [x-user]
    client_id: ours
    client_secret: os.environ/TEAM_KEY
    scopes: [read]
    authorization_url: https://auth.test/authorize
    token_url: https://auth.test/token
    registration_url: https://auth.test/register
    access_groups: [everyone]
    allowed_tools: [search]
    disallowed_tools: [delete]
    allowed_params: {search: [query]}
    allow_all_keys: true
    mcp_info: {logo_url: https://x.test/logo.png, mcp_server_cost_info: {default_cost_per_query: 0.01}}
  files: {command: npx, args: [-y, files, --token, os.environ/HIDDEN], env: {MODE: "1_000", FILES_TOKEN: abc}}
  shop: {url: os.environ/SHOP_URL, transport: sse, spec_path: /etc/shop.json}
router_settings:
  routing_strategy: latency-based-routing
  num_retries: 1
  retry_policy: {TimeoutErrorRetries: 4}
  timeout: 90
  allowed_fails: 2
  allowed_fails_policy: {RateLimitErrorAllowedFails: 9}
  fallbacks: [{chat: [small, named]}]
  context_window_fallbacks: [{small: [chat]}]
  default_fallbacks: [small]
  model_group_alias: {gpt: chat, quiet: {model: small, hidden: true}}
  model_group_retry_policy: {chat: {BadRequestErrorRetries: 1}}
`;

function read(text: string): FileReading {
  return readConfigurationFile('config.yaml', {
    environment: { ...secrets, ...references },
    knownProviders: providers,
    resolveProvider: (model, custom, base) => {
      const found = resolveProvider(model, custom, base);
      return found === undefined ? undefined : { provider: found.provider.name, model: found.model };
    },
    readText: () => text,
  });
}

/** Variables that stand for the secrets of the export, by the reference each has in it. */
let references: Record<string, string> = {};

function write({ aliases, deployments, credentials, router, toolServers }: Declaration) {
  references = {};
  const named = credentials.map(({ name, values }) => {
    const fields = Object.entries(values).map(([field, secret]) => {
      const given = /^variable\/(.+)$/.exec(name)?.[1];
      const variable = given ?? `${name}_${field}`.toUpperCase().replace(/[^A-Z0-9]+/g, '_');
      references[variable] = secret.reveal();
      return [field, `os.environ/${variable}`] as const;
    });
    return { name, references: Object.fromEntries(fields) };
  });
  const servers = toolServers.map(({ secrets, ...record }) => {
    const fields = Object.entries(secrets).map(([field, secret]) => {
      const variable = `TOOL_${record.name}_${field}`.replace(/[^A-Za-z0-9]+/g, '_');
      references[variable] = secret.reveal();
      return [field, `os.environ/${variable}`] as const;
    });
    return { record: { ...record, owner: 'file' as const }, references: Object.fromEntries(fields) };
  });
  return writeLitellmFile({ aliases, deployments, credentials: named, router, toolServers: servers });
}

const plain = ({ aliases, deployments, router }: Declaration) => ({
  aliases: aliases.toSorted((a, b) => a.name.localeCompare(b.name)),
  deployments: deployments.map(({ credential, ...rest }) => rest),
  router,
});
const tools = ({ toolServers }: Declaration) =>
  toolServers.map(({ secrets, ...rest }) => ({
    ...rest,
    secrets: Object.fromEntries(Object.entries(secrets).map(([field, secret]) => [field, secret.reveal()])),
  }));
/** The secrets each deployment calls with, whatever their credential is named. */
const used = ({ deployments, credentials }: Declaration) =>
  deployments.map(({ id, credential }) => {
    const values = credentials.find(({ name }) => name === credential)?.values ?? {};
    return [id, Object.entries(values).map(([field, secret]) => `${field}=${secret.reveal()}`)];
  });

test('what is written declares what was read: models, aliases, routing, tool servers, and each secret where it was', () => {
  references = {};
  const first = read(file);
  assert.deepEqual(
    first.notices.filter(({ severity }) => severity === 'error'),
    [],
  );
  const { yaml, unsaid } = write(first.declaration);
  assert.deepEqual(unsaid, []);
  const second = read(yaml);
  assert.deepEqual(
    second.notices.filter(({ severity }) => severity === 'error'),
    [],
    yaml,
  );
  assert.deepEqual(plain(second.declaration), plain(first.declaration));
  assert.deepEqual(used(second.declaration), used(first.declaration));
  assert.equal(first.declaration.toolServers.length, 3);
  assert.deepEqual(tools(second.declaration), tools(first.declaration));
});

test('no secret stands in it', () => {
  references = {};
  const { yaml } = write(read(file).declaration);
  for (const secret of [...Object.values(secrets), 'exaApiKey', 'abc']) assert.ok(!yaml.includes(secret), secret);
});

test('what a file cannot say is named', () => {
  const alias = {
    owner: 'api',
    target: null,
    hidden: false,
    fallbacks: [],
    contextWindowFallbacks: [],
    contentPolicyFallbacks: [],
    retryPolicy: {},
  } as const;
  const { unsaid } = writeLitellmFile({
    aliases: [{ ...alias, name: 'empty', strategy: 'least-busy' }],
    deployments: [],
    credentials: [],
    router: {},
    toolServers: [],
  });
  assert.deepEqual(unsaid, [
    'the alias empty has a strategy of its own (least-busy); in a file all share routing_strategy',
    'the alias empty has no deployment, and a file cannot declare it',
  ]);
});

test('every routing setting that is written is read as it was', () => {
  const empty = read('model_list: []').declaration;
  const router: RouterSettings = {
    strategy: 'least-busy',
    retries: 7,
    retryPolicy: { TimeoutError: 1 },
    retryAfterMs: 1500,
    timeoutMs: 45_000,
    streamTimeoutMs: 9_000,
    cooldownMs: 20_000,
    disableCooldowns: true,
    allowedFails: 3,
    allowedFailsPolicy: { RateLimitError: 2 },
    defaultFallbacks: [],
    maxFallbacks: 2,
    tagFiltering: true,
    dropParameters: true,
  };
  assert.deepEqual(Object.keys(router).sort(), Object.keys(defaultRouterSettings).sort());
  const second = read(write({ ...empty, router }).yaml);
  assert.deepEqual(
    second.notices.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.deepEqual({ defaultFallbacks: [], ...second.declaration.router }, router);
});
