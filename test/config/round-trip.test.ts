// Whatever a file declares, written out in either form and read again declares the same: names, ways to be called, routing, each secret.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type InForce, type Written, writeLitellmFile } from '../../src/config/litellm-write.ts';
import { writePlumblineFile } from '../../src/config/plumbline-write.ts';
import { type AliasRecord, type Declaration, routerSettings, strategyNames } from '../../src/core/records.ts';
import type { Secret } from '../../src/kit/secret.ts';
import { read } from './reading.ts';

/** Texts that YAML, or somebody's reading of it, takes for something else. */
const words = fc.constantFrom(
  'chat',
  'yes',
  'Off',
  'null',
  '~',
  '1',
  '1_000',
  '0x1f',
  '1e3',
  '2026-11-23',
  '12:30',
  'a b',
  'a: b',
  '# c',
  '- d',
  '"quoted"',
  "it's",
  '{e}',
  '&f',
  '*',
  '!g',
  'é/ü',
  'two\nlines',
  ' blank ',
  'env:production',
  '__proto__',
);
const alias = words.filter((word) => word !== '*');
const amount = fc.integer({ min: 0, max: 1000 });
const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 1, maxLength: 3 });
const secret = fc.constantFrom('os.environ/KEY_ONE', 'os.environ/KEY_TWO', 'literal-canary');

const params = fc.record(
  {
    model: fc.constantFrom('ollama/a', 'ollama/b', 'openai/gpt', 'openai/vendor/model', 'together_ai/x'),
    api_base: fc.constantFrom('http://127.0.0.1:9/v1', 'https://x.test'),
    api_key: secret,
    weight: amount,
    rpm: amount,
    tpm: amount,
    order: amount,
    timeout: fc.constantFrom(30, 0.25, '2m'),
    stream_timeout: amount,
    num_retries: amount,
    cooldown_time: amount,
    max_parallel_requests: amount,
    tags: some(words),
    drop_params: fc.boolean(),
    additional_drop_params: some(words),
    extra_headers: fc.dictionary(fc.constantFrom('x-plain', 'x-other', 'x-auth-token'), words.filter(fits), {
      maxKeys: 3,
    }),
    extra_body: fc.dictionary(words, fc.oneof(words, amount), { maxKeys: 2 }),
    mock_response: words,
    api_version: words,
    organization: words,
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    stop: some(words),
    keep_alive: words,
    litellm_credential_name: fc.constant('team'),
    aws_session_token: secret,
    input_cost_per_token: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ['model'] },
);

/** Where a secret stands `env:` is a reference. */
function fits(word: string): boolean {
  return !word.startsWith('env:');
}

const entry = fc.record(
  {
    model_name: alias,
    litellm_params: params,
    model_info: fc.record(
      { id: fc.uuid(), mode: fc.constantFrom('chat', 'embedding'), team: words },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['model_name', 'litellm_params'] },
);
const kinds = fc.constantFrom('RateLimitError', 'TimeoutError', 'BadRequestError');
const policy = (ending: string) =>
  fc.dictionary(
    kinds.map((kind) => kind + ending),
    amount,
    { maxKeys: 2 },
  );
const router = fc.record(
  {
    routing_strategy: fc.constantFrom(...strategyNames),
    num_retries: amount,
    retry_policy: policy('Retries'),
    retry_after: amount,
    timeout: amount,
    stream_timeout: amount,
    cooldown_time: amount,
    disable_cooldowns: fc.boolean(),
    allowed_fails: amount,
    allowed_fails_policy: policy('AllowedFails'),
    max_fallbacks: amount,
    enable_tag_filtering: fc.boolean(),
  },
  { requiredKeys: [] },
);
const server = fc.record(
  {
    url: fc.constantFrom('https://x.test/mcp', 'https://x.test/mcp?key=canary', 'os.environ/PLACE'),
    transport: fc.constantFrom('http', 'sse'),
    auth_type: fc.constantFrom('none', 'api_key', 'oauth2'),
    auth_value: secret,
    static_headers: fc.dictionary(fc.constantFrom('x-plain', 'Authorization'), words.filter(fits), { maxKeys: 2 }),
    description: words,
    allowed_tools: some(words),
    allow_all_keys: fc.boolean(),
  },
  { requiredKeys: ['url'] },
);
const started = fc.record({
  command: words,
  args: some(fc.oneof(words, fc.constantFrom('os.environ/KEY_ONE', '--token=literal-canary'))),
  env: fc.dictionary(fc.constantFrom('MODE', 'A_TOKEN'), words.filter(fits)),
});
const file = fc
  .record({
    model_list: fc.array(entry, { minLength: 1, maxLength: 5 }),
    credential_list: fc.constant([
      {
        credential_name: 'team',
        credential_values: {
          api_key: 'os.environ/KEY_TWO',
          other_token: 'literal-canary',
          'header:x-team-auth': 'header-canary',
        },
      },
    ]),
    router_settings: router,
    mcp_servers: fc.dictionary(fc.constantFrom('one', 'two words', 'yes'), fc.oneof(server, started), { maxKeys: 3 }),
    picks: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
  })
  .map(({ picks, ...rest }) => {
    const names = [...new Set(rest.model_list.map(({ model_name: name }) => name))];
    const [a = '', b = '', c = '', d = ''] = picks.map((pick) => names[pick % names.length] ?? '');
    const fallbacks = a === b ? {} : { fallbacks: [{ [a]: [b] }], context_window_fallbacks: [{ [b]: [a] }] };
    const more = {
      ...fallbacks,
      default_fallbacks: [c],
      model_group_alias: { short: d, quiet: { model: c, hidden: true } },
      model_group_retry_policy: { [a]: { TimeoutErrorRetries: 2 } },
    };
    return { ...rest, router_settings: { ...rest.router_settings, ...more } };
  });

const environment = {
  KEY_ONE: 'one-canary',
  KEY_TWO: 'two-canary',
  PLACE: 'https://y.test/canary',
  OPENAI_API_KEY: 'sk-canary',
  OPENAI_BASE_URL: 'https://base.test/v1',
};

function declared(text: string, variables: Readonly<Record<string, string>>): Declaration | undefined {
  const { declaration, notices } = read(text, { environment: variables });
  return notices.some(({ severity }) => severity === 'error') ? undefined : declaration;
}

/** What is to be written, and the variables that stand for its secrets. */
function inForce(declaration: Declaration): { readonly state: InForce; readonly variables: Record<string, string> } {
  const variables: Record<string, string> = {};
  const named = (of: string, values: Readonly<Record<string, Secret>>): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(values).map(([field, value]) => {
        const given = field === 'api_key' ? /^variable\/(.+)$/.exec(of)?.[1] : undefined;
        const variable = given ?? `V${Object.keys(variables).length}`;
        variables[variable] = value.reveal();
        return [field, `os.environ/${variable}`];
      }),
    );
  const credentials = declaration.credentials.map(({ name, values }) => ({ name, references: named(name, values) }));
  const toolServers = declaration.toolServers.map(({ secrets, ...record }) => {
    return { record: { ...record, owner: 'file' as const }, references: named(record.name, secrets) };
  });
  return { state: { ...declaration, credentials, toolServers }, variables };
}

const revealed = (values: Readonly<Record<string, Secret>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, value.reveal()]));

/** All that a request can tell: of each alias its deployments in their order, each with its secrets. */
function effect({ aliases, deployments, credentials, router: settings, toolServers }: Declaration): unknown {
  const secrets = new Map(credentials.map(({ name, values }) => [name, revealed(values)]));
  const called = deployments.map(({ position: _, credential, ...rest }) => {
    return { ...rest, secrets: credential === null ? {} : secrets.get(credential) };
  });
  return {
    aliases: aliases.toSorted((one, other) => (one.name < other.name ? -1 : 1)),
    deployments: Object.fromEntries(Map.groupBy(called, (record) => record.alias)),
    settings: routerSettings(settings),
    toolServers: toolServers
      .map(({ secrets: own, ...rest }) => ({ ...rest, secrets: revealed(own) }))
      .toSorted((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

const strategies = fc.array(fc.constantFrom(null, ...strategyNames), { minLength: 8, maxLength: 8 });
const forms: readonly {
  readonly form: string;
  readonly write: (state: InForce) => Written;
  /** What this form alone can say. */
  readonly more: (alias: AliasRecord, index: number, picked: readonly AliasRecord['strategy'][]) => AliasRecord;
}[] = [
  { form: "LiteLLM's", write: writeLitellmFile, more: (record) => record },
  {
    form: 'our own',
    write: writePlumblineFile,
    more: (record, index, picked) => ({
      ...record,
      strategy: picked[index] ?? null,
      hidden: record.hidden || index % 2 === 0,
    }),
  },
];

for (const { form, write, more } of forms) {
  test(`what is written in ${form} form is read as it was, and no secret stands in it`, () => {
    let compared = 0;
    fc.assert(
      fc.property(file, strategies, (value, picked) => {
        const first = declared(JSON.stringify(value), environment);
        if (first === undefined) return;
        const all = { ...first, aliases: first.aliases.map((record, index) => more(record, index, picked)) };
        const { state, variables } = inForce(all);
        const { yaml, unsaid } = write(state);
        assert.deepEqual(unsaid, []);
        assert.doesNotMatch(yaml, /canary/);
        const second = declared(yaml, { ...environment, ...variables });
        assert.ok(
          second,
          `${yaml}\n${JSON.stringify(read(yaml, { environment: { ...environment, ...variables } }).notices)}`,
        );
        assert.deepEqual(effect(second), effect(all), yaml);
        compared++;
      }),
      { numRuns: 150 },
    );
    assert.ok(compared > 75, `only ${compared} files were fit to be compared`);
  });
}
