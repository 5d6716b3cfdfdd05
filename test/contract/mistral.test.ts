// Mistral's stricter reading of OpenAI's dialect, its thinking, and its route for filling in the middle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { providerByName } from '../../src/providers/index.ts';
import type { Call, Edits, Wire } from '../../src/providers/provider.ts';
import { callFor, overTheWire } from './calls.ts';
import { recorded, recordedTest } from './cassettes.ts';
import { everyBytes, hostileCuts, piecesOf, rebuilt } from './openai-streams.ts';

const question = { role: 'user', content: 'hello' };

function wire(operation: 'chat' | 'completion' = 'chat', name = 'mistral'): Wire {
  const found = providerByName(name)?.wires[operation];
  assert.ok(found, `${name} ${operation}`);
  return found;
}

function edits(body: JsonObject, model = 'mistral-small-latest', call: Call = callFor(model)): Edits {
  return wire().edits({ model: call.upstream.model, messages: [question], ...body }, call);
}

function sentMessages(messages: readonly JsonValue[], model?: string): JsonValue | undefined {
  return edits({ messages }, model).messages;
}

const refusal = (code: string, field: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.deepEqual([thrown.code, thrown.field], [code, field]);
  return true;
};

const call = (id: string): JsonObject => ({ id, type: 'function', function: { name: 'weather', arguments: '{}' } });
const result = (id: string): JsonObject => ({ role: 'tool', tool_call_id: id, content: 'sun' });

test('a conversation that Mistral takes as it is goes out as it came', () => {
  const calling = { role: 'assistant', content: '', tool_calls: [call('gSIMJiOkT')] };
  const messages = [question, calling, result('gSIMJiOkT'), { role: 'assistant', content: 'sun' }, question];
  assert.deepEqual(edits({ messages, safe_prompt: true, tools: [{ type: 'function', function: { name: 'x' } }] }), {});
});

test('ids of calls are nine letters or digits, the same for a call and its result', () => {
  const ids = ['call_0fypS1hVX', 'toolu_01A', 'gSIMJiOkT'];
  const calling = { role: 'assistant', content: null, tool_calls: ids.map(call) };
  const [, assistant, ...results] = listOf(sentMessages([question, calling, ...ids.map(result)]));
  const called = isObject(assistant) ? listOf(assistant.tool_calls).map((one) => (isObject(one) ? one.id : null)) : [];
  assert.deepEqual(
    results.map((message) => (isObject(message) ? message.tool_call_id : null)),
    called,
  );
  for (const id of called) assert.match(String(id), /^[a-zA-Z0-9]{9}$/);
  assert.equal(new Set(called).size, 3);
  assert.equal(called[2], 'gSIMJiOkT');
});

test('a user right after a tool is heard after a word of the assistant’s', () => {
  const calling = { role: 'assistant', content: '', tool_calls: [call('gSIMJiOkT')] };
  assert.deepEqual(sentMessages([question, calling, result('gSIMJiOkT'), question]), [
    question,
    calling,
    result('gSIMJiOkT'),
    { role: 'assistant', content: 'OK' },
    question,
  ]);
});

test('an assistant who neither speaks nor calls is left out', () => {
  assert.deepEqual(sentMessages([question, { role: 'assistant', content: '' }, question]), [question, question]);
});

test('a last message of the assistant’s is the beginning of the answer', () => {
  assert.deepEqual(sentMessages([question, { role: 'assistant', content: 'Sure' }]), [
    question,
    { role: 'assistant', content: 'Sure', prefix: true },
  ]);
  const own = [question, { role: 'assistant', content: 'Sure', prefix: false }];
  assert.equal(sentMessages(own), undefined);
});

test('reasoning of earlier turns goes back as a part to models that think, and not to others', () => {
  const thought = { role: 'assistant', content: 'Ja', reasoning_content: 'Hmm.' };
  const messages = [question, thought, question];
  assert.deepEqual(listOf(sentMessages(messages, 'magistral-medium-2507'))[1], {
    role: 'assistant',
    content: [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hmm.' }] },
      { type: 'text', text: 'Ja' },
    ],
  });
  assert.deepEqual(listOf(sentMessages(messages, 'mistral-large-2411'))[1], { role: 'assistant', content: 'Ja' });
});

test('what other answers have beside their words stays here: Mistral forbids fields that it does not know', () => {
  const beside = { annotations: [], audio: null, function_call: null, images: [], provider_specific_fields: { a: 1 } };
  const calls = { role: 'assistant', content: null, refusal: null, ...beside, tool_calls: [call('gSIMJiOkT')] };
  const refused = { role: 'assistant', content: null, refusal: 'I will not.', ...beside };
  const asked = { role: 'user', content: 'hi', tool_calls: null, function_call: null };
  assert.deepEqual(sentMessages([asked, calls, result('gSIMJiOkT'), refused, question]), [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: null, tool_calls: [call('gSIMJiOkT')] },
    result('gSIMJiOkT'),
    { role: 'assistant', content: 'I will not.' },
    question,
  ]);
});

test('the address of a tool’s schema is not sent', () => {
  const parameters = { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object' };
  assert.deepEqual(edits({ tools: [{ type: 'function', function: { name: 'x', parameters } }] }).tools, [
    { type: 'function', function: { name: 'x', parameters: { type: 'object' } } },
  ]);
});

test('words that Mistral has others for', () => {
  assert.deepEqual(edits({ max_completion_tokens: 5, seed: 7, tool_choice: 'required', stream_options: {} }), {
    max_tokens: 5,
    max_completion_tokens: undefined,
    random_seed: 7,
    seed: undefined,
    tool_choice: 'any',
    stream_options: undefined,
  });
  assert.throws(() => edits({ logit_bias: { 1: 1 } }), refusal('field_unsupported', 'logit_bias'));
});

const efforts: readonly (readonly [model: string, asked: string, sent: string | undefined])[] = [
  ['mistral-small-latest', 'low', 'high'],
  ['mistral-medium-3-5', 'minimal', 'none'],
  ['mistral-small-2603', 'none', 'none'],
  ['mistral-large-4-0', 'medium', 'medium'],
  ['mistral-large-4-0', 'max', 'high'],
  ['magistral-medium-2507', 'low', undefined],
  ['mistral-large-2411', 'none', undefined],
];

for (const [model, asked, sent] of efforts) {
  test(`${model}: reasoning_effort ${asked} is ${sent ?? 'not said'}`, () => {
    assert.equal(edits({ reasoning_effort: asked }, model).reasoning_effort, sent);
  });
}

test('an effort that a model cannot make is refused, or dropped and told', () => {
  for (const [model, effort] of [
    ['mistral-large-2411', 'low'],
    ['magistral-small-latest', 'none'],
  ] as const) {
    assert.throws(() => edits({ reasoning_effort: effort }, model), refusal('field_unsupported', 'reasoning_effort'));
    const dropping = callFor(model, { dropParameters: true });
    assert.equal(edits({ reasoning_effort: effort }, model, dropping).reasoning_effort, undefined);
    assert.deepEqual(dropping.dropped, ['reasoning_effort']);
  }
  assert.throws(() => edits({ reasoning_effort: 'much' }), refusal('field_invalid', 'reasoning_effort'));
});

test('Anthropic’s thinking is an effort', () => {
  const { thinking, reasoning_effort: effort } = edits({ thinking: { type: 'enabled', budget_tokens: 9 } });
  assert.deepEqual([thinking, effort], [undefined, 'high']);
});

const refusals: readonly (readonly [status: number, body: JsonObject, code: string, says: RegExp])[] = [
  [
    422,
    { object: 'error', message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'foo'], msg: 'not permitted' }] } },
    'upstream_unprocessable',
    /body\.foo: not permitted/,
  ],
  [422, { detail: [{ loc: ['body', 'messages'], msg: 'Field required' }] }, 'upstream_unprocessable', /Field required/],
  [
    400,
    { object: 'error', message: 'Tool call id was x', type: 'invalid_function_call', code: '3280' },
    'upstream_bad_request',
    /Tool call id/,
  ],
  [401, { detail: 'Unauthorized' }, 'upstream_unauthorized', /Unauthorized/],
  [429, { object: 'error', message: 'Service tier capacity exceeded', code: '3505' }, 'upstream_busy', /capacity/],
];

for (const [status, body, code, says] of refusals) {
  test(`a refusal with ${status} and ${JSON.stringify(body).slice(0, 40)}… is ${code}`, () => {
    const failure = wire().failure(status, {}, JSON.stringify(body));
    assert.equal(failure.code, code);
    assert.match(failure.message, says);
  });
}

const fillIn = () => wire('completion', 'text-completion-codestral');

test('filling in the middle has its own route, words and refusals', () => {
  const { encode, path, dialect } = fillIn();
  assert.ok(encode);
  const asked = {
    model: 'alias',
    prompt: ['def f('],
    suffix: 'return a',
    max_tokens: 9,
    seed: 1,
    min_tokens: 2,
    echo: false,
  };
  const sent = overTheWire(encode({ ...asked, stream_options: {} }, callFor('codestral-latest')));
  assert.deepEqual(sent, {
    model: 'codestral-latest',
    prompt: 'def f(',
    suffix: 'return a',
    max_tokens: 9,
    random_seed: 1,
    min_tokens: 2,
    stream: false,
  });
  assert.deepEqual([path(callFor('x')), dialect], ['/fim/completions', null]);
  assert.throws(() => encode({ prompt: 'a', n: 2 }, callFor('x')), refusal('field_unsupported', 'n'));
  assert.throws(() => encode({ prompt: ['a', 'b'] }, callFor('x')), refusal('field_unsupported', 'prompt'));
  assert.throws(() => encode({}, callFor('x')), refusal('field_missing', 'prompt'));
});

test('the address of LiteLLM’s pages, route included, is understood', () => {
  const usual = callFor('x');
  const upstream = { ...usual.upstream, baseUrl: 'https://codestral.mistral.ai/v1/fim/completions' };
  assert.equal(fillIn().path({ ...usual, upstream }), '');
});

recordedTest('recorded: thinking, text and calls are read the same however the stream is cut', () => {
  for (const name of ['text', 'tool-call', 'incremental-tool-call', 'reasoning']) {
    const lines = recorded(`vercel-ai/mistral/mistral-${name}.chunks.txt`).toString().split('\n').filter(Boolean);
    const bytes = Buffer.from([...lines, '[DONE]'].map((line) => `data: ${line}\n\n`).join(''));
    const read = (cuts: readonly number[] = []) => {
      const reader = wire().reader?.(callFor('m', { stream: true }));
      assert.ok(reader);
      const chunks = piecesOf(bytes, cuts).flatMap((piece) => reader.read(piece));
      return { answer: rebuilt(chunks), complete: reader.complete };
    };
    const { answer, complete } = read();
    assert.equal(complete, true);
    assert.ok(answer.text !== '' || answer.tools.length > 0);
    assert.equal(answer.reasoning !== '', name === 'reasoning');
    for (const tool of answer.tools) assert.ok(isObject(JSON.parse(tool.arguments)));
    for (const cuts of [everyBytes(bytes.length, 1), hostileCuts(bytes)]) assert.deepEqual(read(cuts).answer, answer);
  }
});
