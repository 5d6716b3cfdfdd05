import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AliasRecord, RouterSettings } from '../../src/core/records.ts';
import { brief, marked, read } from './reading.ts';

const models = `
model_list:
  - {model_name: chat, litellm_params: {model: ollama/a}}
  - {model_name: big, litellm_params: {model: ollama/b}}
  - {model_name: ollama/small, litellm_params: {model: ollama/c}}
  - {model_name: "wild/*", litellm_params: {model: "ollama/*"}}
  - {model_name: cloud, litellm_params: {model: bedrock/d}}
`;

const leftOut = '7:49 not-yet model_list[4].litellm_params.model: the provider bedrock is not built yet';

function aliasesOf(text: string): ReadonlyMap<string, AliasRecord> {
  const { declaration, notices } = read(models + text);
  assert.deepEqual(brief(notices), [leftOut]);
  return new Map(declaration.aliases.map((alias) => [alias.name, alias]));
}

function alias(text: string, name: string): AliasRecord {
  const found = aliasesOf(text).get(name);
  assert.ok(found !== undefined, `there is no alias ${name}`);
  return found;
}

const settings: readonly (readonly [string, Partial<RouterSettings>])[] = [
  ['router_settings: {routing_strategy: simple-shuffle}', { strategy: 'simple-shuffle' }],
  ['router_settings: {routing_strategy: least-busy}', { strategy: 'least-busy' }],
  ['router_settings: {routing_strategy: usage-based-routing}', { strategy: 'usage-based' }],
  ['router_settings: {routing_strategy: usage-based-routing-v2}', { strategy: 'usage-based' }],
  ['router_settings: {routing_strategy: latency-based-routing}', { strategy: 'latency-based' }],
  ['router_settings: {routing_strategy: cost-based-routing}', { strategy: 'cost-based' }],
  ['router_settings: {routing_strategy: in-order}', { strategy: 'in-order' }],
  [
    'router_settings: {num_retries: 3, retry_after: 2, max_fallbacks: 1}',
    { retries: 3, retryAfterMs: 2000, maxFallbacks: 1 },
  ],
  ['router_settings: {timeout: 30, stream_timeout: 1.5}', { timeoutMs: 30_000, streamTimeoutMs: 1500 }],
  ['router_settings: {cooldown_time: 30, disable_cooldowns: true}', { cooldownMs: 30_000, disableCooldowns: true }],
  ['router_settings: {cooldown_time: 500ms}', { cooldownMs: 500 }],
  ['router_settings: {allowed_fails: 3}', { allowedFails: 3 }],
  [
    'router_settings: {allowed_fails_policy: {RateLimitErrorAllowedFails: 9}}',
    { allowedFailsPolicy: { RateLimitError: 9 } },
  ],
  [
    'router_settings: {retry_policy: {TimeoutErrorRetries: 1, BadRequestErrorRetries: 0}}',
    { retryPolicy: { TimeoutError: 1, BadRequestError: 0 } },
  ],
  ['router_settings: {enable_tag_filtering: true}', { tagFiltering: true }],
  ['litellm_settings: {drop_params: on}', { dropParameters: true }],
  [
    'litellm_settings: {num_retries: 4, request_timeout: 600, allowed_fails: 1}',
    { retries: 4, timeoutMs: 600_000, allowedFails: 1 },
  ],
  ['router_settings: {default_fallbacks: [big]}', { defaultFallbacks: ['big'] }],
  ['litellm_settings: {default_fallbacks: [big]}', { defaultFallbacks: ['big'] }],
  ['router_settings: {fallbacks: [{"*": [big]}], default_fallbacks: [chat]}', { defaultFallbacks: ['big', 'chat'] }],
];

for (const [text, expected] of settings) {
  test(text, () => {
    const { declaration, notices } = read(models + text);
    assert.deepEqual(brief(notices), [leftOut]);
    assert.deepEqual(declaration.router, expected);
  });
}

for (const section of ['router_settings', 'litellm_settings']) {
  test(`the three kinds of fallbacks, from ${section}`, () => {
    const text = `${section}:
  fallbacks: [{chat: [big, ollama/small]}]
  context_window_fallbacks: [{chat: [big]}]
  content_policy_fallbacks: [{chat: [ollama/small]}]
`;
    const { fallbacks, contextWindowFallbacks, contentPolicyFallbacks, strategy } = alias(text, 'chat');
    assert.deepEqual(fallbacks, ['big', 'ollama/small']);
    assert.deepEqual(contextWindowFallbacks, ['big']);
    assert.deepEqual(contentPolicyFallbacks, ['ollama/small']);
    assert.equal(strategy, null);
  });
}

test('* in the special fallbacks is for every alias without a rule of its own', () => {
  const aliases = aliasesOf('router_settings: {context_window_fallbacks: [{chat: [big]}, {"*": [ollama/small]}]}');
  assert.deepEqual(aliases.get('chat')?.contextWindowFallbacks, ['big']);
  assert.deepEqual(aliases.get('big')?.contextWindowFallbacks, ['ollama/small']);
});

test('a rule for a bare name is for the alias behind a provider prefix too', () => {
  assert.deepEqual(alias('router_settings: {fallbacks: [{small: [big]}]}', 'ollama/small').fallbacks, ['big']);
});

test('a target behind a wildcard is known', () => {
  assert.deepEqual(alias('router_settings: {fallbacks: [{chat: [wild/x]}]}', 'chat').fallbacks, ['wild/x']);
});

test('a rule for a name behind a wildcard gives that name deployments and fallbacks of its own', () => {
  const { declaration } = read(`${models}router_settings: {fallbacks: [{wild/x: [big]}]}`);
  assert.deepEqual(declaration.aliases.find(({ name }) => name === 'wild/x')?.fallbacks, ['big']);
  const deployment = declaration.deployments.find((one) => one.alias === 'wild/x');
  assert.deepEqual([deployment?.provider, deployment?.model], ['ollama', 'x']);
});

test('of two wildcards the longer one gives a name its deployments', () => {
  const more = '  - {model_name: "wild/x-*", litellm_params: {model: "openai/*", api_key: k}}\n';
  const { declaration } = read(`${models}${more}router_settings: {fallbacks: [{wild/x-1: [big]}]}`);
  const deployment = declaration.deployments.find((one) => one.alias === 'wild/x-1');
  assert.deepEqual([deployment?.provider, deployment?.model], ['openai', '1']);
});

test('router_settings win over litellm_settings', () => {
  const text =
    'litellm_settings: {num_retries: 1, fallbacks: [{chat: [big]}]}\nrouter_settings: {num_retries: 2, fallbacks: []}';
  const { declaration } = read(models + text);
  assert.equal(declaration.router.retries, 2);
  assert.deepEqual(declaration.aliases.find(({ name }) => name === 'chat')?.fallbacks, []);
});

test('retries by kind of error, by alias', () => {
  const text = 'router_settings: {model_group_retry_policy: {chat: {RateLimitErrorRetries: 7}}}';
  assert.deepEqual(alias(text, 'chat').retryPolicy, { RateLimitError: 7 });
});

test('model_group_alias: a name, a hidden one, one behind a wildcard, and an alias of an alias', () => {
  const text =
    'router_settings: {model_group_alias: {gpt: chat, secret: {model: big, hidden: true}, w: wild/y, again: gpt}}';
  const aliases = aliasesOf(text);
  const targets = ['gpt', 'secret', 'w', 'again'].map((name) => [aliases.get(name)?.target, aliases.get(name)?.hidden]);
  assert.deepEqual(targets, [
    ['chat', false],
    ['big', true],
    ['wild/y', false],
    ['chat', false],
  ]);
  assert.ok(aliases.has('wild/y'));
});

test('an alias may be a fallback and have fallbacks', () => {
  const text = 'router_settings: {model_group_alias: {gpt: chat}, fallbacks: [{gpt: [big]}, {big: [gpt]}]}';
  const aliases = aliasesOf(text);
  assert.deepEqual(aliases.get('gpt')?.fallbacks, ['big']);
  assert.deepEqual(aliases.get('big')?.fallbacks, ['gpt']);
});

/** § marks the place that the notice must name. */
const faults = [
  [
    'router_settings: {routing_strategy: §usage-based-routng}',
    'error router_settings.routing_strategy: unknown routing strategy usage-based-routng',
  ],
  ['router_settings: {§coldown_time: 3}', 'error router_settings.coldown_time: unknown key coldown_time'],
  [
    'router_settings: {num_retries: §abc}',
    'error router_settings.num_retries: expected a whole number from 0, found a text of 3 letters and digits',
  ],
  [
    'router_settings: {fallbacks: [{chat: [§bigg]}]}',
    'warning router_settings.fallbacks[0].chat[0]: there is no model bigg, so this is left out',
  ],
  [
    'router_settings: {fallbacks: [{§chatt: [big]}]}',
    'warning router_settings.fallbacks[0].chatt: there is no model chatt, so this is left out',
  ],
  [
    'router_settings: {default_fallbacks: [§bigg]}',
    'warning router_settings.default_fallbacks[0]: there is no model bigg, so this is left out',
  ],
  [
    'router_settings: {fallbacks: [§{chat: [big], big: [chat]}]}',
    'error router_settings.fallbacks[0]: expected one key, found 2',
  ],
  [
    'router_settings: {fallbacks: §{chat: [big]}}',
    'error router_settings.fallbacks: expected a list, found a dictionary',
  ],
  [
    'router_settings: {fallbacks: [{chat: §big}]}',
    'error router_settings.fallbacks[0].chat: expected a list, found a text of 3 letters and digits',
  ],
  [
    'router_settings: {fallbacks: [{chat: [§chat]}]}',
    'warning router_settings.fallbacks[0].chat[0]: chat falls back on itself',
  ],
  [
    'router_settings: {fallbacks: [{chat: [§cloud]}]}',
    'warning router_settings.fallbacks[0].chat[0]: cloud was left out, so nothing leads to it',
  ],
  [
    'router_settings: {fallbacks: [{chat: [big]}, {§chat: [big]}]}',
    'warning router_settings.fallbacks[1].chat: chat has fallbacks already; the first win',
  ],
  [
    'router_settings: {model_group_alias: {§gpt: gpt}}',
    'error router_settings.model_group_alias.gpt: gpt stands for itself',
  ],
  [
    'router_settings: {model_group_alias: {gpt: §chatt}}',
    'warning router_settings.model_group_alias.gpt: there is no model chatt, so this is left out',
  ],
  [
    'router_settings: {fallbacks: [{chat: [§"wild/*"]}]}',
    'warning router_settings.fallbacks[0].chat[0]: wild/* is a wildcard, and no model to call, so this is left out',
  ],
  [
    'router_settings: {model_group_alias: {gpt: §"wild/*"}}',
    'warning router_settings.model_group_alias.gpt: wild/* is a wildcard, and no model to call, so this is left out',
  ],
  [
    'router_settings: {model_group_alias: {§chat: big}}',
    'error router_settings.model_group_alias.chat: chat is a model_name too, and would hide it',
  ],
  [
    'router_settings: {model_group_alias: {gpt: {model: chat, §hiden: true}}}',
    'error router_settings.model_group_alias.gpt.hiden: unknown key hiden',
  ],
  [
    'router_settings: {model_group_alias: {gpt: §{hidden: true}}}',
    'error router_settings.model_group_alias.gpt: model is missing',
  ],
  [
    'router_settings: {retry_policy: {§RateLimitRetries: 1}}',
    'error router_settings.retry_policy.RateLimitRetries: unknown kind of error RateLimitRetries',
  ],
  [
    'router_settings: {retry_policy: {RateLimitErrorRetries: §some}}',
    'error router_settings.retry_policy.RateLimitErrorRetries: expected a whole number from 0, found a text of 4 letters and digits',
  ],
  [
    'router_settings: {model_group_retry_policy: {§chatt: {RateLimitErrorRetries: 7}}}',
    'warning router_settings.model_group_retry_policy.chatt: there is no model chatt, so this is left out',
  ],
  [
    'litellm_settings: {num_retries: §1}\nrouter_settings: {num_retries: 2}',
    'warning litellm_settings.num_retries: router_settings.num_retries at line 9 wins, so this has no effect',
  ],
  [
    'router_settings: {§enable_pre_call_checks: true}',
    'not-yet router_settings.enable_pre_call_checks: not in force: prompts are not measured before the call; order is honoured without it',
  ],
  [
    'router_settings: {§provider_budget_config: {openai: {budget_limit: 1}}}',
    'error router_settings.provider_budget_config: not in force: budgets are not enforced yet, so spending would be unlimited',
  ],
  [
    'router_settings: {§tag_filtering_match_any: false}',
    'not-yet router_settings.tag_filtering_match_any: not in force: a deployment matches when it shares any tag',
  ],
] as const;

for (const [line, expected] of faults) {
  test(`a fault in ${line.replace('§', '').replace('\n', ' ')} is placed`, () => {
    const { text, at } = marked(models + line);
    assert.deepEqual(brief(read(text).notices).slice(1), [`${at} ${expected}`]);
  });
}

test('a name that leads nowhere is left out of what is declared, and the rest of its list stays', () => {
  const text = `router_settings:
  model_group_alias: {gpt: nobody, short: chat}
  fallbacks: [{chat: [nobody, big]}, {big: [gpt, wild/x, "wild/*"]}, {nobody: [chat]}]
  context_window_fallbacks: [{chat: [nobody]}]
  content_policy_fallbacks: [{"*": [nobody, short]}]
  default_fallbacks: [nobody, big]
`;
  const { declaration, notices } = read(models + text);
  const at = (name: string): AliasRecord | undefined => declaration.aliases.find((one) => one.name === name);
  assert.deepEqual([at('gpt'), at('nobody'), at('short')?.target], [undefined, undefined, 'chat']);
  assert.deepEqual([at('chat')?.fallbacks, at('big')?.fallbacks], [['big'], ['wild/x']]);
  assert.deepEqual(at('chat')?.contextWindowFallbacks, []);
  assert.deepEqual(at('chat')?.contentPolicyFallbacks, ['short']);
  assert.deepEqual(declaration.router.defaultFallbacks, ['big']);
  const told = notices.filter(({ severity }) => severity === 'warning');
  assert.deepEqual([told.length, notices.length - told.length], [8, 1], brief(notices).join('\n'));
});

test('an id of a deployment is a fallback, and nothing that an alias may stand for', () => {
  const one = '  - {model_name: one, litellm_params: {model: ollama/x}, model_info: {id: the-one}}\n';
  const text = `${models}${one}router_settings: {model_group_alias: {gpt: the-one}, fallbacks: [{chat: [the-one]}]}`;
  const { declaration, notices } = read(text);
  assert.deepEqual(declaration.aliases.find(({ name }) => name === 'chat')?.fallbacks, ['the-one']);
  assert.equal(
    declaration.aliases.find(({ name }) => name === 'gpt'),
    undefined,
  );
  assert.match(
    brief(notices).join('\n'),
    /model_group_alias.gpt: the-one is the id of a deployment, so this is left out/,
  );
});

test('what is switched off or empty is no news', () => {
  const text =
    'router_settings: {enable_pre_call_checks: false, redis_host: "", provider_budget_config: {}, caching_groups: }';
  assert.deepEqual(brief(read(models + text).notices), [leftOut]);
});
