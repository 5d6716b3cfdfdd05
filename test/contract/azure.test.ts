// Azure's addresses, versions and keys, and what Azure really sent.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import type { DeploymentParameters } from '../../src/core/records.ts';
import { Secret } from '../../src/kit/secret.ts';
import { azure } from '../../src/providers/azure.ts';
import { azureAi } from '../../src/providers/azure-ai.ts';
import { openai } from '../../src/providers/openai.ts';
import type { Call, Provider, Upstream, Wire } from '../../src/providers/provider.ts';
import { callFor } from './calls.ts';
import { exchangesIn, recorded, recordedTest } from './cassettes.ts';
import { everyBytes, hostileCuts, piecesOf, rebuilt } from './openai-streams.ts';

const resource = 'https://mine.openai.azure.com';
const foundry = 'https://mine.services.ai.azure.com';
const preview = '?api-version=2025-02-01-preview';

type Operation = 'chat' | 'completion' | 'embedding' | 'rerank';

function wire(operation: Operation, provider: Provider = azure): Wire {
  const found = provider.wires[operation];
  assert.ok(found, operation);
  return found;
}

function callTo(differing: Partial<Upstream>, more: Partial<Call> = {}): Call {
  const usual = callFor('my-gpt', more);
  return { ...usual, upstream: { ...usual.upstream, baseUrl: resource, ...differing } };
}

function addressOf(
  operation: Operation,
  baseUrl: string,
  parameters: DeploymentParameters = {},
  provider = azure,
): string {
  const base = new URL(baseUrl).pathname.replace(/\/+$/, '');
  return base + wire(operation, provider).path(callTo({ baseUrl, parameters }));
}

const deployment = '/openai/deployments/my-gpt';
const addresses: readonly (readonly [baseUrl: string, version: string | undefined, path: string])[] = [
  [resource, undefined, `${deployment}/chat/completions${preview}`],
  [resource, '2024-10-21', `${deployment}/chat/completions?api-version=2024-10-21`],
  [`${resource}/openai`, '2024-10-21', `${deployment}/chat/completions?api-version=2024-10-21`],
  ['https://gate.test/team', '2024-10-21', `/team${deployment}/chat/completions?api-version=2024-10-21`],
  [
    `${resource}/openai/deployments/other`,
    '2024-10-21',
    '/openai/deployments/other/chat/completions?api-version=2024-10-21',
  ],
  [
    `${resource}/openai/deployments/other/chat/completions?api-version=2024-06-01`,
    '2024-10-21',
    '/openai/deployments/other/chat/completions?api-version=2024-06-01',
  ],
  [resource, 'v1', '/openai/v1/chat/completions'],
  [resource, 'latest', '/openai/v1/chat/completions'],
  [resource, 'preview', '/openai/v1/chat/completions?api-version=preview'],
  [`${resource}/openai/v1`, undefined, '/openai/v1/chat/completions'],
  [`${resource}/openai/v1/`, '2024-10-21', '/openai/v1/chat/completions'],
  [`${resource}/openai/v1`, 'preview', '/openai/v1/chat/completions?api-version=preview'],
];

for (const [baseUrl, version, path] of addresses) {
  test(`${baseUrl} with version ${version ?? '(none)'} is called at ${path}`, () => {
    assert.equal(addressOf('chat', baseUrl, version === undefined ? {} : { apiVersion: version }), path);
  });
}

test('completions and embeddings have their own paths, and odd names are escaped', () => {
  assert.equal(addressOf('completion', resource), `${deployment}/completions${preview}`);
  assert.equal(addressOf('embedding', resource), `${deployment}/embeddings${preview}`);
  const odd = wire('chat').path(callTo({ model: 'a/b c' }));
  assert.equal(odd, `/openai/deployments/a%2Fb%20c/chat/completions${preview}`);
});

test('LiteLLM’s hints before the deployment’s name are not part of it', () => {
  const call = callTo({ model: 'o_series/mine' });
  assert.match(wire('chat').path(call), /\/deployments\/mine\//);
  const edits = wire('chat').edits({ model: 'alias', messages: [], max_tokens: 5 }, call);
  assert.deepEqual([edits.model, edits.max_completion_tokens, edits.max_tokens], ['mine', 5, undefined]);
});

test('the key is Azure’s header; a token of Entra’s is a bearer and goes before it', () => {
  const key = new Secret('k');
  const token = new Secret('t');
  const headers = (credential: Upstream['credential']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(wire('chat').headers(callTo({ credential }))).map(([name, value]) => [
        name,
        value instanceof Secret ? value.reveal() : value,
      ]),
    );
  assert.deepEqual(headers({ api_key: key }), { 'api-key': 'k' });
  assert.deepEqual(headers({ api_key: key, azure_ad_token: token }), { authorization: 'Bearer t' });
  assert.deepEqual(headers({}), {});
});

test('what a model refuses is known by base_model, whatever the deployment is called', () => {
  const asked = { model: 'alias', messages: [], temperature: 0.5 };
  const thinking = callTo({ info: { base_model: 'azure/gpt-5-mini' } });
  assert.throws(
    () => wire('chat').edits(asked, thinking),
    (thrown) => thrown instanceof GatewayError && thrown.field === 'temperature',
  );
  assert.deepEqual(wire('chat').edits(asked, callTo({ info: { base_model: 'gpt-4o' } })), { model: 'my-gpt' });
});

test('a deployment whose name holds a model’s is that model’s, unless base_model says otherwise', () => {
  const limit = (model: string, info: Upstream['info'] = {}): JsonValue | undefined =>
    wire('chat').edits({ model: 'alias', messages: [], max_tokens: 5 }, callTo({ model, info })).max_completion_tokens;
  for (const model of ['o3-mini', 'prod-o3-mini', 'team_gpt-5-mini', 'eu.GPT-5', 'o_series/mine'])
    assert.equal(limit(model), 5, model);
  for (const model of ['my-gpt', 'demo3', 'prod-gpt-4o', 'eu-gpt-5-chat', 'foo3'])
    assert.equal(limit(model), undefined, model);
  assert.equal(limit('prod-o3-mini', { base_model: 'azure/gpt-4o' }), undefined);
});

test('ids of calls that another model made fit: forty characters at most, the same for a call and its result', () => {
  const long = `call_1__thought__${'A'.repeat(1300)}`;
  const call = (id: string): JsonObject => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } });
  const fitting = { role: 'tool', tool_call_id: 'call_2', content: 'b' };
  const messages = [
    { role: 'user', content: 'q' },
    { role: 'assistant', content: null, tool_calls: [call(long), call('call_2')] },
    { role: 'tool', tool_call_id: long, content: 'a' },
    fitting,
  ];
  for (const provider of [azure, azureAi, openai]) {
    const { messages: sent } = wire('chat', provider).edits({ model: 'alias', messages }, callTo({}));
    const [, assistant, first, second] = listOf(sent).filter(isObject);
    const [renamed, kept] = listOf(assistant?.tool_calls).filter(isObject);
    assert.match(String(renamed?.id), /^call_1__thought__A+_[0-9a-f]{8}$/);
    assert.equal(String(renamed?.id).length, 40);
    assert.equal(first?.tool_call_id, renamed?.id);
    assert.equal(kept?.id, 'call_2');
    assert.equal(second, fitting);
  }
});

test('usage is asked of streams where the version knows how', () => {
  const edits = (version: string): JsonValue | undefined => {
    const call = callTo({ parameters: { apiVersion: version } }, { stream: true });
    return wire('chat').edits({ model: 'alias', messages: [], stream: true }, call).stream_options;
  };
  assert.deepEqual(edits('2024-10-21'), { include_usage: true });
  assert.deepEqual(edits('v1'), { include_usage: true });
  assert.equal(edits('2024-02-01'), undefined);
});

const inference = '/models/chat/completions?api-version=2024-05-01-preview';
const foundryAddresses: readonly (readonly [
  op: Operation,
  baseUrl: string,
  version: string | undefined,
  path: string,
])[] = [
  ['chat', foundry, undefined, inference],
  ['chat', `${foundry}/models`, undefined, inference],
  ['chat', `${foundry}/models/chat/completions`, undefined, inference],
  [
    'chat',
    `${foundry}/models/chat/completions?api-version=2025-01-01`,
    undefined,
    '/models/chat/completions?api-version=2025-01-01',
  ],
  ['chat', foundry, 'v1', '/openai/v1/chat/completions'],
  ['chat', `${foundry}/openai/v1`, undefined, '/openai/v1/chat/completions'],
  ['chat', 'https://one.eastus2.models.ai.azure.com', undefined, '/chat/completions'],
  ['chat', 'https://one.eastus2.models.ai.azure.com/v1', undefined, '/v1/chat/completions'],
  ['embedding', foundry, undefined, '/models/embeddings?api-version=2024-05-01-preview'],
  ['rerank', foundry, undefined, '/providers/cohere/v2/rerank'],
  ['rerank', 'https://one.eastus2.models.ai.azure.com', undefined, '/v1/rerank'],
  ['rerank', 'https://one.eastus2.models.ai.azure.com/v1/rerank', undefined, '/v1/rerank'],
];

for (const [operation, baseUrl, version, path] of foundryAddresses) {
  test(`Foundry: ${operation} at ${baseUrl}${version === undefined ? '' : ` in ${version}`} is ${path}`, () => {
    const parameters = version === undefined ? {} : { apiVersion: version };
    assert.equal(addressOf(operation, baseUrl, parameters, azureAi), path);
  });
}

test('Foundry: a resource takes the key as api-key, an endpoint of one model as a bearer', () => {
  const names = (baseUrl: string) => Object.keys(wire('chat', azureAi).headers(callTo({ baseUrl })));
  assert.deepEqual(names(foundry), ['api-key']);
  assert.deepEqual(names('https://one.eastus2.models.ai.azure.com'), ['authorization']);
});

test('Foundry: the limit has its newer name for OpenAI’s models only', () => {
  const edits = (model: string) =>
    wire('chat', azureAi).edits({ model: 'alias', messages: [], max_completion_tokens: 5 }, callTo({ model }));
  assert.deepEqual(edits('gpt-5-mini'), { model: 'gpt-5-mini' });
  assert.deepEqual(edits('Llama-3.3-70B'), {
    model: 'Llama-3.3-70B',
    max_tokens: 5,
    max_completion_tokens: undefined,
  });
});

/** https://learn.microsoft.com/azure/ai-services/openai/concepts/content-streaming */
test('notes of the filter that come between and after the words, without a delta, break no client', () => {
  const safe = { hate: { filtered: false, severity: 'safe' } };
  const empty = { id: '', object: '', created: 0, model: '' };
  const offsets = { check_offset: 44, start_offset: 44, end_offset: 198 };
  const note = {
    ...empty,
    choices: [{ index: 0, finish_reason: null, content_filter_results: safe, content_filter_offsets: offsets }],
  };
  const said = (delta: JsonObject, finish_reason: string | null = null): JsonObject => ({
    ...{ id: 'chatcmpl-7', object: 'chat.completion.chunk', created: 1, model: 'gpt-4o' },
    choices: [{ index: 0, delta, finish_reason }],
  });
  const prompt = { ...empty, choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: safe }] };
  const sent = [prompt, said({ role: 'assistant' }), said({ content: 'Hi' }), note, said({}, 'stop'), note];
  const bytes = Buffer.from(
    [...sent.map((one) => JSON.stringify(one)), '[DONE]'].map((one) => `data: ${one}\n\n`).join(''),
  );
  checkStream(callTo({}, { stream: true }), bytes);
  const repair = wire('chat').repair?.(callTo({}, { stream: true }));
  assert.ok(repair);
  const passed = piecesOf(bytes).map((piece) => repair(piece) ?? piece.data);
  for (const text of passed.filter((one) => one !== '[DONE]')) {
    const chunk = JSON.parse(text) as JsonObject;
    assert.equal(chunk.object, 'chat.completion.chunk');
    for (const choice of listOf(chunk.choices)) assert.ok(isObject(choice) && isObject(choice.delta), text);
  }
  assert.equal(passed.filter((text) => text.includes('content_filter_offsets')).length, 2);
});

const data = process.env['PLUMBLINE_TEST_DATA'];
const folder = 'openllmetry/openai/test_azure';
const cassettes = data === undefined ? [] : readdirSync(join(data, 'fixtures', folder));

recordedTest('enough of Azure was recorded', () => assert.ok(cassettes.length >= 6));

for (const name of cassettes) {
  recordedTest(`recorded exchanges: ${name}`, () => {
    for (const { asked, url, status, answer } of exchangesIn(`${folder}/${name}`)) {
      const { pathname, search, searchParams } = new URL(url);
      const parameters = { apiVersion: searchParams.get('api-version') ?? '' };
      const call = callTo({ model: String(asked.model), parameters }, { stream: asked.stream === true });
      assert.equal(wire('chat').path(call), pathname + search);
      assert.deepEqual(
        Object.keys(wire('chat').edits(asked, call)).filter((field) => field !== 'stream_options'),
        [],
      );
      if (status >= 400) checkRefusal(status, answer);
      else if (asked.stream === true) checkStream(call, answer);
      else checkWhole(call, JSON.parse(answer.toString()) as JsonObject);
    }
  });
}

recordedTest('recorded exchange: embeddings', () => {
  const [exchange] = exchangesIn('openllmetry/openai/test_embeddings/test_azure_openai_embeddings.yaml');
  assert.ok(exchange);
  const { asked, url, answer } = exchange;
  const call = callTo({ model: 'test-deployment', parameters: { apiVersion: '2023-07-01-preview' } });
  assert.ok(url.endsWith(wire('embedding').path(call)));
  const { decode } = wire('embedding');
  const body = JSON.parse(answer.toString()) as JsonObject;
  assert.equal(decode?.(body, call, asked), body);
});

recordedTest('recorded by another client: DeepSeek at Foundry thinks, and a router answers', () => {
  for (const path of ['azure/azure-deepseek-reasoning.1.chunks.txt', 'openai/chat/azure-model-router.1.chunks.txt']) {
    const lines = recorded(`vercel-ai/${path}`)
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    checkStream(
      callTo({}, { stream: true }),
      Buffer.from([...lines, '[DONE]'].map((line) => `data: ${line}\n\n`).join('')),
    );
  }
});

/** A prompt that Azure's filter stopped is refused for its content, so that those fallbacks apply; a 404 is no deployment. */
function checkRefusal(status: number, answer: Buffer): void {
  const failure = wire('chat').failure(status, {}, answer.toString());
  const isUnknown = status === 404;
  assert.equal(failure.code, isUnknown ? 'upstream_not_found' : 'upstream_content_policy');
  assert.match(failure.message, isUnknown ? /AzureException/ : /ContentPolicyViolationError: AzureException/);
}

function checkWhole(call: Call, body: JsonObject): void {
  if (isObject(body.error)) {
    checkRefusal(400, Buffer.from(JSON.stringify(body)));
    return;
  }
  const answer = wire('chat').decode?.(body, call, {});
  const [choice] = listOf(answer?.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  assert.equal(choice.message.role, 'assistant');
  assert.ok(typeof choice.message.content === 'string' || choice.finish_reason === 'content_filter');
}

function checkStream(call: Call, bytes: Buffer): void {
  const read = (cuts: readonly number[] = []) => {
    const reader = wire('chat').reader?.(call);
    assert.ok(reader);
    const chunks = piecesOf(bytes, cuts).flatMap((piece) => reader.read(piece));
    return { answer: rebuilt(chunks), complete: reader.complete };
  };
  const expected = read();
  assert.equal(expected.complete, true);
  assert.deepEqual(expected.answer.finish, ['stop']);
  assert.ok(expected.answer.text !== '');
  for (const cuts of [everyBytes(bytes.length, 1), hostileCuts(bytes)]) assert.deepEqual(read(cuts), expected);
}
