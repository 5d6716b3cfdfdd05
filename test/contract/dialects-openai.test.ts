// OpenAI's dialect: our words are its words, so bodies pass as they are, checked; what goes out fits OpenAI's own schema.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatChunk } from '../../src/core/chat.ts';
import { type ErrorCode, errors, GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { openai } from '../../src/gateway/dialects/openai.ts';
import { anthropic } from '../../src/providers/anthropic.ts';
import { recordedMessages, recordedStreams } from './anthropic-recordings.ts';
import { callFor } from './calls.ts';
import { recordedTest } from './cassettes.ts';
import { judgedTest } from './openai-schema.ts';
import { chunksOf, contextFor, encoded } from './streams.ts';

const hi = { role: 'user', content: 'hi' };

const refusal = (code: ErrorCode, field: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.equal(thrown.code, code);
  assert.equal(thrown.field, field);
  assert.ok(thrown.message.includes(field), thrown.message);
  assert.equal(thrown.status, 400);
  return true;
};

test('a body that is right is handed on as the same object, unknown fields included', () => {
  const body = {
    model: 'm',
    messages: [
      { role: 'developer', content: 'be kind', a_later_field: true },
      { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'a_later_part' }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'y' },
    ],
    stream: true,
    stop: ['a'],
    temperature: null,
    tools: [
      { type: 'function', function: { name: 'f' } },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
    a_later_field: 1,
  };
  assert.equal(openai.decode(body), body);
});

const broken: readonly [string, JsonObject, ErrorCode, string][] = [
  ['no model', { messages: [hi] }, 'field_missing', 'model'],
  ['a model that is no name', { model: 7, messages: [hi] }, 'field_invalid', 'model'],
  ['no messages', { model: 'm' }, 'field_missing', 'messages'],
  ['messages that are no list', { model: 'm', messages: 'hi' }, 'field_invalid', 'messages'],
  ['an empty list of messages', { model: 'm', messages: [] }, 'field_invalid', 'messages'],
  ['a message that is no object', { model: 'm', messages: [hi, 'hi'] }, 'field_invalid', 'messages[1]'],
  ['a message without a role', { model: 'm', messages: [{ content: 'hi' }] }, 'field_missing', 'messages[0].role'],
  [
    'a role nobody has',
    { model: 'm', messages: [{ role: 'king', content: 'hi' }] },
    'field_invalid',
    'messages[0].role',
  ],
  ['a user without content', { model: 'm', messages: [{ role: 'user' }] }, 'field_missing', 'messages[0].content'],
  [
    'content that is a number',
    { model: 'm', messages: [{ role: 'user', content: 7 }] },
    'field_invalid',
    'messages[0].content',
  ],
  [
    'a part that is no object',
    { model: 'm', messages: [{ role: 'user', content: ['x'] }] },
    'field_invalid',
    'messages[0].content[0]',
  ],
  [
    'a part without type',
    { model: 'm', messages: [{ role: 'user', content: [{}] }] },
    'field_missing',
    'messages[0].content[0].type',
  ],
  [
    'a text part without text',
    { model: 'm', messages: [{ role: 'user', content: [{ type: 'text' }] }] },
    'field_invalid',
    'messages[0].content[0].text',
  ],
  [
    'a tool result without its call',
    { model: 'm', messages: [{ role: 'tool', content: 'x' }] },
    'field_missing',
    'messages[0].tool_call_id',
  ],
  [
    'tool calls that are no list',
    { model: 'm', messages: [{ role: 'assistant', tool_calls: {} }] },
    'field_invalid',
    'messages[0].tool_calls',
  ],
  ['stream as text', { model: 'm', messages: [hi], stream: 'true' }, 'field_invalid', 'stream'],
  ['a temperature as text', { model: 'm', messages: [hi], temperature: '1' }, 'field_invalid', 'temperature'],
  ['half a token', { model: 'm', messages: [hi], max_tokens: 1.5 }, 'field_invalid', 'max_tokens'],
  ['tools that are no list', { model: 'm', messages: [hi], tools: {} }, 'field_invalid', 'tools'],
  [
    'a tool without its function',
    { model: 'm', messages: [hi], tools: [{ type: 'function' }] },
    'field_missing',
    'tools[0].function',
  ],
  ['a stop that is a number', { model: 'm', messages: [hi], stop: 1 }, 'field_invalid', 'stop'],
  ['Anthropic’s system', { model: 'm', system: 'x', messages: [hi] }, 'dialect_wrong', 'system'],
  [
    'Anthropic’s tool',
    { model: 'm', messages: [hi], tools: [{ name: 'f', input_schema: {} }] },
    'dialect_wrong',
    'tools[0].input_schema',
  ],
  [
    'Anthropic’s tool result',
    { model: 'm', messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] },
    'dialect_wrong',
    'messages[0].content[0].type',
  ],
];

for (const [name, body, code, field] of broken) {
  test(`${name} is refused, naming ${field}`, () => {
    assert.throws(() => openai.decode(body), refusal(code, field));
  });
}

test('a body in the other dialect is told which route speaks it', () => {
  assert.throws(() => openai.decode({ model: 'm', system: 'x', messages: [hi] }), /\/v1\/messages/);
});

const chunk = (delta: JsonObject, differing: JsonObject = {}): ChatChunk => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null }],
  ...differing,
});

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };

test('a stream ends with [DONE]; usage is one last chunk, for those who asked', () => {
  const chunks = [chunk({ role: 'assistant' }, { usage }), chunk({ content: 'hi' }), chunk({}, { choices: [], usage })];
  const quiet = encoded(openai.encoder(contextFor()), chunks);
  assert.equal(quiet.includes('usage'), false);
  assert.equal(quiet.endsWith('data: [DONE]\n\n'), true);
  const asked = encoded(openai.encoder(contextFor({ includeUsage: true })), chunks).split('\n\n');
  assert.equal(asked.length, 5);
  assert.deepEqual(JSON.parse(asked[2]?.slice(6) ?? ''), { ...chunk({}), choices: [], usage });
});

test('usage that no provider reported is not made up', () => {
  const text = encoded(openai.encoder(contextFor({ includeUsage: true })), [chunk({ content: 'x' })]);
  assert.equal(text.includes('usage'), false);
});

test('an answer that has all fields is handed on as the same object', () => {
  const message = { role: 'assistant', content: 'x', refusal: null };
  const answer = { id: 'a', choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }] };
  assert.equal(openai.encode(answer, contextFor()), answer);
  const bare = {
    id: 'a',
    choices: [{ index: 0, message: { role: 'assistant', tool_calls: [] }, finish_reason: 'stop' }],
  };
  assert.deepEqual(openai.encode(bare, contextFor()).choices, [
    {
      index: 0,
      message: { role: 'assistant', content: null, refusal: null, tool_calls: [] },
      logprobs: null,
      finish_reason: 'stop',
    },
  ]);
});

test('an error has LiteLLM’s envelope with our code and the request id', () => {
  const error = new GatewayError('field_missing', { field: 'messages', message: '`messages`' });
  assert.deepEqual(openai.encodeError(error, 'req-1'), {
    error: {
      message: 'A required field is missing: `messages`',
      type: 'invalid_request_error',
      param: 'messages',
      code: '400',
      reason: 'field_missing',
      request_id: 'req-1',
    },
  });
  const text = openai.streamError(error, 'req-1');
  assert.equal(text, `data: ${JSON.stringify(openai.encodeError(error, 'req-1'))}\n\n`);
  assert.equal(text.includes('[DONE]'), false);
});

test('a ping is a comment', () => {
  assert.equal(openai.ping, ': ping\n\n');
});

judgedTest('OpenAI’s schema accepts every error we can write', (accepts) => {
  for (const code of Object.keys(errors) as ErrorCode[]) {
    accepts('ErrorResponse', openai.encodeError(new GatewayError(code), 'r'));
  }
});

const wire = anthropic.wires.chat;

judgedTest(
  'OpenAI’s schema accepts every recorded answer of Anthropic, whole and streamed, as we write it',
  (accepts) => {
    for (const { message } of recordedMessages()) {
      const answer = wire?.decode?.(message, callFor('claude'), {}) ?? {};
      accepts('CreateChatCompletionResponse', openai.encode(answer, contextFor()));
    }
    for (const { name, bytes } of recordedStreams()) {
      const reader = wire?.reader?.(callFor('claude'));
      assert.ok(reader);
      if (name.includes('spliced')) continue;
      for (const event of written(chunksOf(reader, bytes))) accepts('CreateChatCompletionStreamResponse', event);
    }
  },
);

function written(chunks: readonly ChatChunk[]): unknown[] {
  const text = encoded(openai.encoder(contextFor({ includeUsage: true })), chunks);
  const data = text.split('\n\n').filter((event) => event !== '' && event !== 'data: [DONE]');
  return data.map((event) => JSON.parse(event.slice('data: '.length)));
}

recordedTest('one id and one role a stream, and a finish reason in the last choice', () => {
  for (const { name, bytes } of recordedStreams().filter((stream) => !stream.name.includes('spliced'))) {
    const reader = wire?.reader?.(callFor('claude'));
    assert.ok(reader);
    const events = written(chunksOf(reader, bytes)) as JsonObject[];
    assert.equal(new Set(events.map(({ id }) => id)).size, 1, name);
    const choices = events.flatMap((event) => listOf(event.choices)).filter(isObject);
    const roles = choices.filter(({ delta }) => isObject(delta) && delta.role !== undefined);
    assert.equal(roles.length, 1, name);
    const finishes: JsonValue[] = choices.map((choice) => choice.finish_reason ?? null);
    assert.notEqual(finishes.at(-1), null, name);
    assert.deepEqual(
      finishes.slice(0, -1).filter((reason) => reason !== null),
      [],
      name,
    );
  }
});
