// Cohere's chat in both directions: what we write to /v2/chat, and what it really sent, whole and cut at hostile places.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { cohere } from '../../src/providers/cohere.ts';
import type { Call, StreamWatch, Wire } from '../../src/providers/provider.ts';
import { callFor, overTheWire } from './calls.ts';
import { exchangesIn, recorded, recordedTest } from './cassettes.ts';
import { everyBytes, hostileCuts, piecesOf, type Rebuilt, rebuilt } from './openai-streams.ts';

const question = [{ role: 'user', content: 'hello' }];
const tool = (name: string, more: JsonObject = {}): JsonObject => ({
  type: 'function',
  function: { name, description: 'd', parameters: { type: 'object', properties: {} }, ...more },
});

function chat(): Wire {
  const found = cohere.wires.chat;
  assert.ok(found);
  return found;
}

function encoded(body: JsonObject, call: Call = callFor('command-a-reasoning-08-2025')): JsonObject {
  const { encode } = chat();
  assert.ok(encode);
  return overTheWire(encode({ model: 'alias', messages: question, ...body }, call));
}

function decoded(body: JsonValue): JsonObject {
  const { decode } = chat();
  assert.ok(decode);
  return overTheWire(decode(body, callFor('command-a'), {}));
}

function read(bytes: Buffer, cuts: readonly number[] = []): { answer: Rebuilt; complete: boolean; usage: unknown } {
  const reader = chat().reader?.(callFor('command-a', { stream: true }));
  assert.ok(reader);
  const chunks = piecesOf(bytes, cuts).flatMap((piece) => reader.read(piece));
  return { answer: rebuilt(chunks), complete: reader.complete, usage: chunks.at(-1)?.usage };
}

function watched(bytes: Buffer): StreamWatch {
  const watch = chat().watch?.(callFor('command-a', { stream: true }));
  assert.ok(watch);
  for (const piece of piecesOf(bytes)) watch.see(piece);
  return watch;
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../src/providers/fixtures/cohere/${name}`, import.meta.url));
}

const refusal = (code: string, field?: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.deepEqual([thrown.code, thrown.field], [code, field]);
  return true;
};

test('a chat goes to /v2/chat in Cohere’s words, and fields nobody has heard of go with it', () => {
  const sent = encoded({
    messages: [{ role: 'developer', content: 'be brief' }, ...question],
    ...{ max_completion_tokens: 9, top_p: 0.5, top_k: 3, stop: 'END', seed: 1, temperature: 0, stream_options: {} },
    ...{ documents: ['sun'], citation_options: { mode: 'FAST' }, safety_mode: 'OFF', presence_penalty: null },
  });
  assert.deepEqual(sent, {
    model: 'command-a-reasoning-08-2025',
    messages: [{ role: 'system', content: 'be brief' }, ...question],
    stream: false,
    ...{ max_tokens: 9, p: 0.5, k: 3, stop_sequences: ['END'], seed: 1, temperature: 0 },
    ...{ documents: ['sun'], citation_options: { mode: 'FAST' }, safety_mode: 'OFF' },
  });
  assert.equal(chat().path(callFor('x')), '/v2/chat');
});

test('top_p 1 asks for nothing, and Cohere would refuse it', () => {
  assert.equal('p' in encoded({ top_p: 1 }), false);
});

for (const field of ['n', 'logprobs', 'logit_bias', 'parallel_tool_calls', 'prediction']) {
  test(`${field} is refused by name, or dropped and told`, () => {
    const value = field === 'n' ? 2 : field === 'parallel_tool_calls' ? false : field === 'logprobs' ? true : { a: 1 };
    assert.throws(() => encoded({ [field]: value }), refusal('field_unsupported', field));
    const call = callFor('command-a', { dropParameters: true });
    assert.equal(field in encoded({ [field]: value }, call), false);
    assert.deepEqual(call.dropped, [field]);
  });
}

test('OpenAI’s books are left out without refusing the request', () => {
  const call = callFor('command-a');
  const sent = encoded({ user: 'u', metadata: { a: 'b' }, service_tier: 'flex' }, call);
  assert.deepEqual(Object.keys(sent).toSorted(), ['messages', 'model', 'stream']);
  assert.deepEqual(call.dropped.toSorted(), ['metadata', 'service_tier', 'user']);
});

const choices: readonly (readonly [choice: JsonValue, sent: JsonValue | undefined, tools: readonly string[]])[] = [
  ['auto', undefined, ['weather', 'clock']],
  ['none', 'NONE', ['weather', 'clock']],
  ['required', 'REQUIRED', ['weather', 'clock']],
  [{ type: 'function', function: { name: 'clock' } }, 'REQUIRED', ['clock']],
];

for (const [choice, sent, names] of choices) {
  test(`tool_choice ${JSON.stringify(choice)} is ${sent ?? 'not sent'}, with the tools that it allows`, () => {
    const body = encoded({ tools: [tool('weather'), tool('clock')], tool_choice: choice });
    assert.equal(body.tool_choice, sent);
    assert.deepEqual(
      listOf(body.tools).map((one) => (isObject(one) && isObject(one.function) ? one.function.name : null)),
      names,
    );
  });
}

test('a choice of a tool that is not there is the client’s mistake', () => {
  const choice = { type: 'function', function: { name: 'other' } };
  assert.throws(
    () => encoded({ tools: [tool('weather')], tool_choice: choice }),
    refusal('field_invalid', 'tool_choice'),
  );
});

test('strict tools are strict when all are; a wish for some is noted', () => {
  const all = encoded({ tools: [tool('weather', { strict: true })] });
  assert.deepEqual([all.strict_tools, all.tools], [true, [tool('weather')]]);
  const call = callFor('command-a');
  const some = encoded({ tools: [tool('weather', { strict: true }), tool('clock')] }, call);
  assert.deepEqual([some.strict_tools, call.dropped], [undefined, ['tools.function.strict']]);
});

test('a format with a schema is Cohere’s json_object with one', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  const format = { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } };
  assert.deepEqual(encoded({ response_format: format }).response_format, { type: 'json_object', json_schema: schema });
  assert.deepEqual(encoded({ response_format: { type: 'json_object' } }).response_format, { type: 'json_object' });
  assert.equal(encoded({ response_format: { type: 'text' } }).response_format, undefined);
  assert.throws(
    () => encoded({ response_format: { type: 'json_schema' } }),
    refusal('field_invalid', 'response_format'),
  );
});

const efforts: readonly (readonly [asked: JsonObject, thinking: JsonValue | undefined])[] = [
  [{ reasoning_effort: 'none' }, { type: 'disabled' }],
  [{ reasoning_effort: 'low' }, { type: 'enabled', token_budget: 1024 }],
  [{ reasoning_effort: 'high' }, { type: 'enabled' }],
  [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, { type: 'enabled', token_budget: 2000 }],
  [{ thinking: { type: 'disabled' } }, { type: 'disabled' }],
  [{}, undefined],
];

for (const [asked, thinking] of efforts) {
  test(`${JSON.stringify(asked)} is thinking ${JSON.stringify(thinking)}`, () => {
    assert.deepEqual(encoded(asked).thinking, thinking);
  });
}

test('models that do not think are not told how much to', () => {
  const plain = () => callFor('command-a-03-2025');
  assert.throws(() => encoded({ reasoning_effort: 'low' }, plain()), refusal('field_unsupported', 'reasoning_effort'));
  assert.equal(encoded({ reasoning_effort: 'none' }, plain()).thinking, undefined);
  assert.throws(() => encoded({ reasoning_effort: 'much' }), refusal('field_invalid', 'reasoning_effort'));
});

test('a tool loop goes back as Cohere said it: plan, thinking, calls, results', () => {
  const calls = [{ id: 'weather_a', type: 'function', function: { name: 'weather', arguments: '' } }];
  const { messages } = encoded({
    messages: [
      ...question,
      { role: 'assistant', content: 'I look.', reasoning_content: 'Hmm.', tool_calls: calls },
      { role: 'tool', tool_call_id: 'weather_a', content: [{ type: 'text', text: 'sun' }] },
      { role: 'assistant', content: [{ type: 'text', text: 'Sun' }], reasoning_content: 'Aha.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'and?' },
          { type: 'image_url', image_url: { url: 'u' } },
        ],
      },
    ],
  });
  assert.deepEqual(messages, [
    ...question,
    {
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'Hmm.' }],
      tool_plan: 'I look.',
      tool_calls: [{ id: 'weather_a', type: 'function', function: { name: 'weather', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'weather_a', content: [{ type: 'text', text: 'sun' }] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'Aha.' },
        { type: 'text', text: 'Sun' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'and?' },
        { type: 'image_url', image_url: { url: 'u' } },
      ],
    },
  ]);
});

test('thinking of earlier turns is not sent to a model that does not think', () => {
  const messages = [...question, { role: 'assistant', content: 'Ja', reasoning_content: 'Hmm.' }];
  assert.deepEqual(encoded({ messages }, callFor('command-r7b-12-2024')).messages, [
    ...question,
    { role: 'assistant', content: 'Ja' },
  ]);
});

const wrong: readonly (readonly [message: JsonValue, code: string, field: string])[] = [
  ['hi', 'field_invalid', 'messages[0]'],
  [{ role: 'function', content: 'x' }, 'field_invalid', 'messages[0].role'],
  [{ role: 'tool', content: 'x' }, 'field_invalid', 'messages[0].tool_call_id'],
  [{ role: 'user', content: 7 }, 'field_invalid', 'messages[0].content'],
  [{ role: 'user', content: [{ type: 'input_audio' }] }, 'field_unsupported', 'messages[0].content[0]'],
  [{ role: 'system', content: [{ type: 'image_url' }] }, 'field_unsupported', 'messages[0].content[0]'],
  [{ role: 'user', content: [{ type: 'image_url' }] }, 'field_invalid', 'messages[0].content[0].image_url'],
  [{ role: 'assistant', tool_calls: [{ id: 'a' }] }, 'field_invalid', 'messages[0].tool_calls[0]'],
];

for (const [message, code, field] of wrong) {
  test(`${JSON.stringify(message)} is refused at ${field}`, () => {
    assert.throws(() => encoded({ messages: [message] }), refusal(code, field));
  });
}

test('a whole answer is a chat completion; the tokens are those that are billed', () => {
  const answer = decoded(JSON.parse(fixture('chat.json').toString()) as JsonValue);
  const [choice] = listOf(answer.choices);
  assert.deepEqual(choice, {
    index: 0,
    message: {
      role: 'assistant',
      content: 'Grüezi 👋',
      reasoning_content: 'A greeting in Swiss German.',
      provider_specific_fields: {
        citations: [{ start: 0, end: 6, text: 'Grüezi', sources: [{ type: 'document', id: 'doc:0' }] }],
      },
    },
    logprobs: null,
    finish_reason: 'stop',
  });
  const usage = isObject(answer.usage) ? answer.usage : {};
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.total_tokens], [5, 7, 12]);
});

test('a stream says text, thinking, citations, its end and its usage', () => {
  const { answer, complete, usage } = read(fixture('chat-stream.sse'));
  assert.deepEqual(answer, { text: 'Grüezi 👋', reasoning: 'Hmm.', role: 'assistant', finish: ['stop'], tools: [] });
  assert.equal(complete, true);
  assert.ok(isObject(usage));
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens], [5, 7]);
});

test('calls in a stream follow the plan; a call with null is a call with an empty object', () => {
  assert.deepEqual(read(fixture('chat-tools.sse')).answer, {
    text: 'I look at both.',
    reasoning: '',
    role: 'assistant',
    finish: ['tool_calls'],
    tools: [
      { id: 'weather_a', name: 'weather', arguments: '{"city":"Zürich"}' },
      { id: 'clock_b', name: 'clock', arguments: '{}' },
    ],
  });
});

for (const name of ['chat-stream.sse', 'chat-tools.sse']) {
  test(`${name}: nothing changes when the bytes are cut anywhere`, () => {
    const bytes = fixture(name);
    const expected = read(bytes);
    for (let cut = 1; cut < bytes.length; cut++) assert.deepEqual(read(bytes, [cut]), expected);
  });

  test(`${name}: a stream without message-end is not complete`, () => {
    const text = fixture(name).toString();
    const short = Buffer.from(text.slice(0, text.indexOf('event: message-end')));
    assert.deepEqual([read(short).complete, watched(short).complete, watched(short).usage], [false, false, null]);
  });
}

const failures: readonly (readonly [event: string, code: string])[] = [
  ['{"type":"message-end","delta":{"finish_reason":"ERROR","error":"the model fell over"}}', 'upstream_failed'],
  ['{"type":"message-end","delta":{"finish_reason":"TIMEOUT"}}', 'upstream_timeout'],
  ['{"message":"internal server error, this has been reported"}', 'upstream_failed'],
  ['{"type":"content-delta","index":', 'upstream_garbled'],
  ['[]', 'upstream_garbled'],
];

for (const [event, code] of failures) {
  test(`a stream with ${event} fails as ${code}`, () => {
    assert.throws(() => read(Buffer.from(`data: ${event}\n\n`)), refusal(code));
  });
}

test('a whole answer that is none, or that gave up, is a failure', () => {
  assert.throws(() => decoded({ id: 'x' }), refusal('upstream_garbled'));
  assert.throws(() => decoded({ message: { role: 'assistant' }, finish_reason: 'ERROR' }), refusal('upstream_failed'));
});

const data = process.env['PLUMBLINE_TEST_DATA'];
const below = (folder: string): string[] =>
  data === undefined ? [] : readdirSync(join(data, 'fixtures', folder)).map((name) => `${folder}/${name}`);
const replays = below('vercel-ai/cohere');
const cassettes = below('openllmetry/cohere/test_chat').filter((name) => name.includes('_v2_'));

recordedTest('enough of Cohere’s chats were recorded', () => {
  assert.ok(replays.length >= 10, `${replays.length}`);
  assert.equal(cassettes.length, 7);
});

for (const name of replays.filter((path) => path.endsWith('.chunks.txt'))) {
  recordedTest(`recorded stream: ${name}`, () => {
    const lines = recorded(name)
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    checkStream(Buffer.from(lines.map((line) => `data: ${line}\n\n`).join('')));
  });
}

for (const name of replays.filter((path) => path.endsWith('.json') && !path.includes('embedding'))) {
  recordedTest(`recorded answer: ${name}`, () => {
    checkWhole(JSON.parse(recorded(name).toString()) as JsonObject);
  });
}

for (const name of cassettes) {
  recordedTest(`recorded exchanges: ${name}`, () => {
    for (const { asked, answer } of exchangesIn(name)) {
      const call = callFor(String(asked.model), { stream: asked.stream === true });
      const { model, ...ours } = asked;
      assert.deepEqual(encoded(ours, call), withoutNullContent(asked), 'Cohere’s own words are those we write');
      if (asked.stream === true) checkStream(answer);
      else checkWhole(JSON.parse(answer.toString()) as JsonObject);
    }
  });
}

/** Cohere's own client sends `content: null` beside calls; we send none. */
function withoutNullContent(asked: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(asked, (key, value: unknown) => (key === 'content' ? (value ?? undefined) : value)));
}

function checkWhole(body: JsonObject): void {
  const answer = decoded(body);
  const [choice] = listOf(answer.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  const { message } = choice;
  assert.ok(typeof message.content === 'string' || message.content === null);
  for (const call of listOf(message.tool_calls)) {
    assert.ok(isObject(call) && isObject(call.function));
    assert.ok(isObject(JSON.parse(String(call.function.arguments))));
    assert.equal(choice.finish_reason, 'tool_calls');
  }
  const { usage } = body;
  const billed = isObject(usage) && isObject(usage.billed_units) ? usage.billed_units : {};
  assert.equal(chat().usage(body)?.input, billed.input_tokens);
  assert.equal(chat().usage(body)?.output, billed.output_tokens);
}

function checkStream(bytes: Buffer): void {
  const expected = read(bytes);
  const { answer, complete, usage } = expected;
  assert.equal(complete, true);
  assert.ok(isObject(usage) && Number(usage.completion_tokens) > 0);
  assert.deepEqual([watched(bytes).complete, watched(bytes).usage?.output], [true, usage.completion_tokens]);
  assert.equal(answer.role, 'assistant');
  assert.equal(answer.finish.length, 1);
  assert.ok(answer.text !== '');
  if (answer.tools.length > 0) assert.deepEqual(answer.finish, ['tool_calls']);
  for (const { arguments: written } of answer.tools) assert.ok(isObject(JSON.parse(written)));
  for (const cuts of [everyBytes(bytes.length, 1), everyBytes(bytes.length, 7), hostileCuts(bytes)]) {
    assert.deepEqual(read(bytes, cuts), expected);
  }
}
