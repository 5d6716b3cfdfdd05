import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChatChunk } from '../../src/core/chat.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { LineSplitter } from '../../src/kit/ndjson.ts';
import { ollama } from '../../src/providers/ollama.ts';
import type { Call, Wire } from '../../src/providers/provider.ts';
import { callFor, overTheWire } from './calls.ts';
import { cassette, recordedTest } from './cassettes.ts';

const chat = wire('chat');
const completion = wire('completion');
const embedding = wire('embedding');

function wire(operation: 'chat' | 'completion' | 'embedding'): Wire {
  const found = ollama.wires[operation];
  assert.ok(found);
  return found;
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`../../src/providers/fixtures/ollama/${name}`, import.meta.url));
}

function encoded(on: Wire, body: JsonObject, call: Call = callFor('llama3')): JsonObject {
  assert.ok(on.encode);
  return overTheWire(on.encode({ model: 'alias', ...body }, call));
}

function decoded(on: Wire, body: JsonValue, request: JsonObject = {}): JsonObject {
  assert.ok(on.decode);
  return overTheWire(on.decode(body, callFor('llama3'), request));
}

/** Reads a whole stream, cut at the given places, as the gateway does. */
function streamed(on: Wire, bytes: Buffer, places: readonly number[] = []): { chunks: ChatChunk[]; complete: boolean } {
  const reader = on.reader?.(callFor('llama3', { stream: true }));
  assert.ok(reader);
  const splitter = new LineSplitter();
  const marks = [0, ...places.toSorted((a, b) => a - b), bytes.length];
  const lines = marks.slice(1).flatMap((mark, at) => splitter.push(bytes.subarray(marks[at], mark)));
  const rest = splitter.end();
  const chunks = [...lines, ...(rest === null ? [] : [rest])].flatMap((data) => reader.read({ name: '', data }));
  return { chunks: overTheWire({ chunks })['chunks'] as unknown as ChatChunk[], complete: reader.complete };
}

interface Rebuilt {
  content: string;
  reasoning: string;
  tools: JsonValue[];
  finish: (string | null)[];
  usage: JsonValue | undefined;
  roles: number;
}

function rebuilt(chunks: readonly ChatChunk[]): Rebuilt {
  const sum: Rebuilt = { content: '', reasoning: '', tools: [], finish: [], usage: undefined, roles: 0 };
  for (const chunk of chunks) {
    if (chunk.usage) sum.usage = chunk.usage;
    for (const { delta, finish_reason } of chunk.choices) {
      sum.content += delta.content ?? '';
      sum.reasoning += delta.reasoning_content ?? '';
      sum.tools.push(...(delta.tool_calls ?? []));
      sum.roles += delta.role === undefined ? 0 : 1;
      if (finish_reason !== null) sum.finish.push(finish_reason);
    }
  }
  return sum;
}

function message(answer: JsonObject): JsonObject {
  const [choice] = listOf(answer.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  return choice.message;
}

const refusal = (code: string, field?: string) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.equal(thrown.code, code);
  if (field !== undefined) assert.equal(thrown.field, field);
  return true;
};

const says = (content: JsonValue): JsonObject => ({ messages: [{ role: 'user', content }] });

test('one provider answers to both of LiteLLM’s prefixes and lists its models at the local address', () => {
  assert.deepEqual([ollama.name, ...ollama.prefixes], ['ollama', 'ollama_chat']);
  assert.equal(ollama.local?.modelsPath, '/api/tags');
  assert.equal(chat.path(callFor('llama3')), '/api/chat');
  assert.equal(String(chat.headers(callFor('llama3')).authorization), '[secret]');
});

test('a chat request becomes Ollama’s: parameters are options, and not streaming is said', () => {
  const body = encoded(chat, {
    ...says('hi'),
    temperature: 0,
    top_p: 0.9,
    max_tokens: 7,
    stop: 'END',
    seed: 1,
    frequency_penalty: 0.5,
    num_ctx: 8192,
    keep_alive: '10m',
    user: 'someone',
    options: { top_k: 3 },
  });
  assert.deepEqual(body, {
    keep_alive: '10m',
    model: 'llama3',
    messages: [{ role: 'user', content: 'hi' }],
    stream: false,
    options: {
      temperature: 0,
      top_p: 0.9,
      seed: 1,
      frequency_penalty: 0.5,
      num_ctx: 8192,
      num_predict: 7,
      stop: ['END'],
      top_k: 3,
    },
  });
});

test('a request without parameters sends no options', () => {
  assert.deepEqual(encoded(chat, says('hi'), callFor('llama3', { stream: true })), {
    model: 'llama3',
    messages: [{ role: 'user', content: 'hi' }],
    stream: true,
  });
});

test('texts are joined, images are bare base64, developer is system', () => {
  const parts = [
    { type: 'text', text: 'What is' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
    { type: 'text', text: 'this?' },
  ];
  const body = encoded(chat, {
    messages: [{ role: 'developer', content: 'Be kind' }, ...listOf(says(parts).messages)],
  });
  assert.deepEqual(body.messages, [
    { role: 'system', content: 'Be kind' },
    { role: 'user', content: 'What is\nthis?', images: ['aGk='] },
  ]);
});

test('an image by address is refused by its place, also when parameters may be dropped', () => {
  const parts = [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }];
  const call = callFor('llava', { dropParameters: true });
  assert.throws(
    () => encoded(chat, says(parts), call),
    refusal('field_unsupported', 'messages[0].content[0].image_url'),
  );
});

test('a tool loop goes back as objects, with the name of the tool that answered', () => {
  const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } };
  const body = encoded(chat, {
    messages: [
      { role: 'assistant', content: null, reasoning_content: 'I must look', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: [{ type: 'text', text: 'sunny' }] },
    ],
    tools: [{ type: 'function', function: { name: 'weather', parameters: {} } }],
  });
  assert.deepEqual(body.messages, [
    {
      role: 'assistant',
      content: '',
      thinking: 'I must look',
      tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: { city: 'Zürich' } } }],
    },
    { role: 'tool', content: 'sunny', tool_name: 'weather', tool_call_id: 'call_1' },
  ]);
  assert.equal(listOf(body.tools).length, 1);
});

test('tool arguments that are no JSON object are refused by their place', () => {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":' } };
  const body = { messages: [{ role: 'assistant', tool_calls: [call] }] };
  assert.throws(() => encoded(chat, body), refusal('field_invalid', 'messages[0].tool_calls[0].function.arguments'));
});

test('response_format becomes format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } };
  const format = (response_format: JsonValue) => encoded(chat, { ...says('x'), response_format }).format;
  assert.equal(format({ type: 'json_object' }), 'json');
  assert.deepEqual(format({ type: 'json_schema', json_schema: { name: 'n', schema } }), schema);
  assert.equal(format({ type: 'text' }), undefined);
  assert.throws(() => format({ type: 'xml' }), refusal('field_invalid', 'response_format'));
});

test('reasoning_effort switches thinking, and is a level for gpt-oss', () => {
  const think = (reasoning_effort: string, model: string) =>
    encoded(chat, { ...says('x'), reasoning_effort }, callFor(model)).think;
  assert.equal(think('none', 'qwen3'), false);
  assert.equal(think('low', 'qwen3'), true);
  assert.equal(think('minimal', 'gpt-oss:20b'), 'low');
  assert.throws(() => think('much', 'qwen3'), refusal('field_invalid', 'reasoning_effort'));
  assert.equal(encoded(chat, { ...says('x'), think: 'high', reasoning_effort: 'none' }).think, 'high');
});

test('what Ollama cannot honour is refused by name, or dropped and noted', () => {
  const cases: Readonly<Record<string, JsonValue>> = {
    n: 2,
    logprobs: true,
    logit_bias: { '5': 1 },
    parallel_tool_calls: false,
    tool_choice: 'required',
    audio: { voice: 'x' },
  };
  const tools = [{ type: 'function', function: { name: 'f' } }];
  for (const [field, value] of Object.entries(cases)) {
    const body = { ...says('x'), tools, [field]: value };
    assert.throws(() => encoded(chat, body), refusal('field_unsupported', field));
    const call = callFor('llama3', { dropParameters: true });
    assert.deepEqual(encoded(chat, body, call)[field], undefined, field);
    assert.deepEqual(call.dropped, [field]);
  }
});

test('values that ask for nothing are neither sent nor refused', () => {
  const call = callFor('llama3');
  const body = {
    ...says('x'),
    n: 1,
    logprobs: false,
    logit_bias: {},
    parallel_tool_calls: true,
    tool_choice: 'auto',
    stop: null,
  };
  assert.deepEqual(encoded(chat, body, call), encoded(chat, says('x')));
  assert.deepEqual(call.dropped, []);
});

test('tool_choice none is honoured by sending no tools', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  assert.equal(encoded(chat, { ...says('x'), tools, tool_choice: 'none' }).tools, undefined);
});

test('a streamed answer with thinking: reasoning, content, length, usage, timings', () => {
  const { chunks, complete } = streamed(chat, fixture('chat-thinking.ndjson'));
  const sum = rebuilt(chunks);
  assert.equal(complete, true);
  assert.equal(sum.reasoning, 'A greeting, in “German”.');
  assert.equal(sum.content, 'Grüß Gott 🙂 <think>');
  assert.deepEqual([sum.finish, sum.roles], [['length'], 1]);
  const last = chunks.at(-2);
  assert.deepEqual(last?.choices[0]?.delta.provider_specific_fields, {
    total_duration: 3000,
    load_duration: 1000,
    prompt_eval_duration: 500,
    eval_duration: 1500,
  });
  const usage = isObject(sum.usage) ? sum.usage : {};
  assert.deepEqual([usage.prompt_tokens, usage.completion_tokens, usage.cache_read_input_tokens], [26, 12, 20]);
  assert.deepEqual(chunks.at(-1)?.choices, []);
});

test('a streamed tool call finishes as tool_calls although Ollama says stop', () => {
  const sum = rebuilt(streamed(chat, fixture('chat-tools.ndjson')).chunks);
  assert.deepEqual(sum.finish, ['tool_calls']);
  assert.deepEqual(sum.tools, [
    {
      index: 0,
      id: 'call_2',
      type: 'function',
      function: { name: 'weather', arguments: '{"city":"Zürich","days":2}' },
    },
    { index: 1, id: 'call_given', type: 'function', function: { name: 'time', arguments: '{}' } },
  ]);
});

test('thinking between tags at the very start is reasoning, however the tags are cut', () => {
  const sum = rebuilt(streamed(chat, fixture('chat-think-tags.ndjson')).chunks);
  assert.deepEqual([sum.reasoning, sum.content], ['Two and two.', 'Four.']);
});

test('an error inside a stream ends it as a failure of the provider, with its sentence', () => {
  assert.throws(
    () => streamed(chat, fixture('chat-error.ndjson')),
    (thrown) => {
      assert.ok(thrown instanceof GatewayError);
      assert.equal(thrown.code, 'upstream_failed');
      assert.match(thrown.message, /error was encountered/);
      return true;
    },
  );
});

test('a stream that is cut off is not complete, and a line that is no JSON is garbled', () => {
  const bytes = fixture('chat-think-tags.ndjson');
  const lines = bytes.toString().split('\n');
  assert.equal(streamed(chat, Buffer.from(`${lines[0]}\n${lines[1]}\n`)).complete, false);
  assert.throws(() => streamed(chat, bytes.subarray(0, 200)), refusal('upstream_garbled'));
});

test('a whole answer that calls a tool has no content and finishes as tool_calls', () => {
  const whole = decoded(chat, {
    model: 'llama3.1',
    message: {
      role: 'assistant',
      content: '',
      tool_calls: [{ function: { name: 'weather', arguments: { city: 'Zürich' } } }],
    },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 5,
    eval_count: 3,
  });
  assert.equal(whole.object, 'chat.completion');
  assert.equal(whole.created, 1_700_000_000);
  assert.equal(message(whole).content, null);
  assert.deepEqual(message(whole).tool_calls, [
    { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Zürich"}' } },
  ]);
  const [choice] = listOf(whole.choices);
  assert.equal(isObject(choice) && choice.finish_reason, 'tool_calls');
  assert.throws(() => decoded(chat, { done: true }), refusal('upstream_garbled'));
});

test('a completion is one raw prompt, and a template only to fill a gap', () => {
  const call = callFor('codellama');
  const body = encoded(completion, { prompt: ['fn main'], max_tokens: 5 }, call);
  assert.deepEqual(body, {
    model: 'codellama',
    prompt: 'fn main',
    raw: true,
    stream: false,
    options: { num_predict: 5 },
  });
  assert.equal(encoded(completion, { prompt: 'a', suffix: 'b' }, call).raw, false);
  assert.throws(() => encoded(completion, { prompt: [1, 2] }, call), refusal('field_unsupported', 'prompt'));
  assert.throws(() => encoded(completion, { prompt: 'a', echo: true }, call), refusal('field_unsupported', 'echo'));
});

test('embeddings: input and dimensions go on, token lists and nonsense are refused by name', () => {
  const call = callFor('all-minilm');
  assert.deepEqual(
    encoded(embedding, { input: ['a', 'b'], dimensions: 3, encoding_format: 'base64', user: 'u' }, call),
    {
      model: 'all-minilm',
      input: ['a', 'b'],
      dimensions: 3,
    },
  );
  assert.throws(() => encoded(embedding, { input: [1, 2] }, call), refusal('field_unsupported', 'input'));
  assert.throws(() => encoded(embedding, { input: [[1, 2]] }, call), refusal('field_unsupported', 'input'));
  assert.throws(() => encoded(embedding, { input: '' }, call), refusal('field_invalid', 'input'));
  assert.throws(() => encoded(embedding, {}, call), refusal('field_missing', 'input'));
  assert.throws(() => encoded(embedding, { input: 'a', dimensions: 0 }, call), refusal('field_invalid', 'dimensions'));
  assert.throws(
    () => encoded(embedding, { input: 'a', encoding_format: 'hex' }, call),
    refusal('field_invalid', 'encoding_format'),
  );
});

test('embeddings as base64 are the floats, little end first', () => {
  const body = JSON.parse(fixture('embed.json').toString()) as JsonObject;
  const vectors = (request: JsonObject) =>
    listOf(decoded(embedding, body, { input: ['a', 'b'], ...request }).data).map((row) =>
      isObject(row) ? row.embedding : null,
    );
  assert.deepEqual(vectors({}), body.embeddings);
  const bytes = vectors({ encoding_format: 'base64' }).map((text) => Buffer.from(String(text), 'base64'));
  const widths = bytes.map((buffer) => buffer.length);
  assert.deepEqual(widths, [12, 12]);
  const floats = bytes.map((buffer) => [0, 4, 8].map((at) => buffer.readFloatLE(at)));
  assert.deepEqual(
    floats,
    listOf(body.embeddings).map((row) => listOf(row).map((value) => Math.fround(Number(value)))),
  );
});

test('embeddings of another width than asked are an error that names dimensions', () => {
  const body = JSON.parse(fixture('embed.json').toString()) as JsonObject;
  assert.throws(
    () => decoded(embedding, body, { input: ['a', 'b'], dimensions: 2 }),
    refusal('field_invalid', 'dimensions'),
  );
  assert.doesNotThrow(() => decoded(embedding, body, { input: ['a', 'b'], dimensions: 3 }));
  assert.throws(() => decoded(embedding, body, { input: 'a' }), refusal('upstream_garbled'));
  assert.equal(embedding.usage(body)?.input, 8);
  assert.equal(embedding.usage({}), null);
});

test('what the deployment says of parameters holds', () => {
  const parameters = {
    dropNamed: ['seed', 'dimensions'],
    defaults: { temperature: 0.1, max_tokens: 5 },
    extraBody: { keep_alive: -1, options: { num_ctx: 4096 } },
  };
  const call = callFor('llama3');
  const set: Call = { ...call, upstream: { ...call.upstream, parameters } };
  const body = encoded(
    chat,
    { ...says('hi'), seed: 1, max_completion_tokens: 9, extra_body: { truncate: false } },
    set,
  );
  assert.deepEqual(body.options, { temperature: 0.1, num_predict: 9, num_ctx: 4096 });
  assert.deepEqual([body.keep_alive, body.truncate, set.dropped], [-1, false, ['seed']]);
});

test('dimensions that the deployment drops are not asked of the answer', () => {
  const call = callFor('all-minilm', { dropped: ['dimensions'] });
  const body = JSON.parse(fixture('embed.json').toString()) as JsonObject;
  assert.ok(embedding.decode?.(body, call, { input: ['a', 'b'], dimensions: 2 }));
});

test('a model that Ollama does not have is not found', () => {
  const failure = chat.failure(404, {}, '{"error":"model \'x\' not found"}');
  assert.equal(failure.code, 'upstream_not_found');
});

const streams = [
  'test_chat/test_ollama_streaming_chat_legacy.yaml',
  'test_chat/test_ollama_async_streaming_chat_legacy.yaml',
  'test_generation/test_ollama_streaming_generation_legacy.yaml',
  'test_generation/test_ollama_async_streaming_generation_legacy.yaml',
  'test_ollama_metrics/test_ollama_streaming_metrics.yaml',
  'test_ollama_metrics/test_ollama_streaming_time_to_generate_metrics.yaml',
];

const wholes = [
  'test_chat/test_ollama_chat_legacy.yaml',
  'test_chat/test_ollama_async_chat_legacy.yaml',
  'test_chat/test_ollama_chat_tool_calls_legacy.yaml',
  'test_generation/test_ollama_generation_legacy.yaml',
  'test_generation/test_ollama_async_generation_legacy.yaml',
  'test_ollama_metrics/test_ollama_operation_duration_includes_model_attribute.yaml',
];

function wireOf(url: string): Wire {
  return url.endsWith('/api/chat') ? chat : completion;
}

for (const path of wholes) {
  recordedTest(`recorded, whole: ${path}`, () => {
    const { url, answer } = cassette(`openllmetry/ollama/${path}`);
    const body = JSON.parse(answer.toString()) as JsonObject;
    const [choice] = listOf(decoded(wireOf(url), body).choices);
    assert.ok(isObject(choice));
    const text = isObject(choice.message) ? choice.message.content : null;
    assert.equal(text, isObject(body.message) ? body.message.content : body.response);
    assert.equal(choice.finish_reason, 'stop');
    assert.equal(wireOf(url).usage(body)?.output, body.eval_count);
  });
}

for (const path of streams) {
  recordedTest(`recorded, streamed and cut anywhere: ${path}`, () => {
    const { url, answer } = cassette(`openllmetry/ollama/${path}`);
    const lines = answer
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as JsonObject);
    const text = lines.map((line) => (isObject(line.message) ? line.message.content : line.response) ?? '').join('');
    const whole = streamed(wireOf(url), answer);
    const sum = rebuilt(whole.chunks);
    assert.equal(whole.complete, true);
    assert.deepEqual([sum.content, sum.finish, sum.roles], [text, ['stop'], 1]);
    assert.equal(isObject(sum.usage) && sum.usage.completion_tokens, lines.at(-1)?.eval_count);
    const cuts = fc.array(fc.nat({ max: answer.length }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (places) => assert.deepEqual(streamed(wireOf(url), answer, places), whole)),
      { numRuns: 20 },
    );
  });
}

recordedTest('recorded: the vector of Ollama’s older route survives base64 in every number', () => {
  const { answer } = cassette('openllmetry/ollama/test_embeddings/test_ollama_embeddings_legacy.yaml');
  const { embedding: vector } = JSON.parse(answer.toString()) as { embedding: number[] };
  const [row] = listOf(decoded(embedding, { embeddings: [vector] }, { input: 'x', encoding_format: 'base64' }).data);
  const bytes = Buffer.from(String(isObject(row) ? row.embedding : ''), 'base64');
  assert.equal(bytes.length, vector.length * 4);
  assert.deepEqual(
    [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))],
    vector.map(Math.fround),
  );
});

test('fixtures cut at every single byte read the same', () => {
  for (const name of ['chat-thinking.ndjson', 'chat-tools.ndjson', 'chat-think-tags.ndjson']) {
    const bytes = fixture(name);
    const whole = streamed(chat, bytes);
    for (let place = 0; place < bytes.length; place += 1) assert.deepEqual(streamed(chat, bytes, [place]), whole);
  }
});
