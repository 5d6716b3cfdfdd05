// What Bedrock really sent, whole and in its binary stream, whole and cut at hostile places; and what it was asked.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ChatChunk } from '../../src/core/chat.ts';
import { GatewayError } from '../../src/core/errors.ts';
import { isObject, type JsonObject, type JsonValue, listOf } from '../../src/core/json.ts';
import { anthropic } from '../../src/gateway/dialects/anthropic.ts';
import { decodeRequest } from '../../src/gateway/dialects/anthropic-request.ts';
import { openai } from '../../src/gateway/dialects/openai.ts';
import { bedrock } from '../../src/providers/bedrock.ts';
import type { Wire } from '../../src/providers/provider.ts';
import { rebuild } from './anthropic-grammar.ts';
import { awsEvent, awsException, awsPieces, awsStream } from './aws-frames.ts';
import { bedrockCassette } from './bedrock-cassettes.ts';
import { callFor, overTheWire } from './calls.ts';
import { recorded, recordedTest } from './cassettes.ts';
import { everyBytes, rebuilt } from './openai-streams.ts';
import { contextFor, encoded } from './streams.ts';

const sonnet = 'anthropic.claude-3-7-sonnet-20250219-v1:0';

function chat(): Required<Pick<Wire, 'encode' | 'decode' | 'reader'>> {
  const { encode, decode, reader } = bedrock.wires.chat ?? {};
  assert.ok(encode && decode && reader);
  return { encode, decode, reader };
}

const refusal = (code: string, says: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof GatewayError);
  assert.equal(thrown.code, code);
  assert.match(thrown.message, says);
  return true;
};

function whole(body: JsonValue): { message: JsonObject; finish: JsonValue | undefined; usage: JsonValue | undefined } {
  const answer = overTheWire(chat().decode(body, callFor(sonnet), {}));
  const [choice] = listOf(answer.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  return { message: choice.message, finish: choice.finish_reason, usage: answer.usage };
}

function read(bytes: Buffer, cuts: readonly number[] = []): { chunks: ChatChunk[]; complete: boolean } {
  const reader = chat().reader(callFor(sonnet, { stream: true }));
  const chunks = awsPieces(bytes, cuts).flatMap((piece) => reader.read(piece));
  return { chunks, complete: reader.complete };
}

/** Reads a stream whole and cut small; both must say the same. */
function told(bytes: Buffer): ReturnType<typeof rebuilt> & { usage: JsonValue | undefined } {
  const { chunks, complete } = read(bytes);
  assert.ok(complete);
  for (const step of [1, 2, 7, 13, 64, 1000]) {
    assert.deepEqual(read(bytes, everyBytes(bytes.length, step)).chunks, chunks, `cut every ${step} bytes`);
  }
  return { ...rebuilt(chunks), usage: chunks.at(-1)?.usage };
}

const tokens = (input: number, output: number): JsonObject => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
});

const streams: readonly (readonly [path: string, text: RegExp, finish: string, usage: JsonObject])[] = [
  ['test_titan/test_titan_converse_stream', /^Hello, \{ADDRESS\}.*\?$/, 'content_filter', tokens(28, 22)],
  [
    'metrics/test_bedrock_guardrails_metrics/test_titan_converse_stream_guardrail',
    /^Hello, \{ADDRESS\}.*\?$/,
    'content_filter',
    tokens(28, 22),
  ],
  ['test_meta/test_meta_converse_stream', /^Why did the OpenTelemetry metric.*through\.$/s, 'stop', tokens(52, 36)],
  ['test_nova/test_nova_converse_stream', /capital of Japan \{Account Number\}\.$/, 'content_filter', tokens(54, 18)],
  ['test_guardrails/test_guardrail_converse_stream', /^\nThe capital of/, 'content_filter', tokens(17, 16)],
];

for (const [path, text, finish, usage] of streams) {
  recordedTest(`recorded stream: ${path}`, () => {
    const heard = told(bedrockCassette(path).answer);
    assert.match(heard.text, text);
    assert.deepEqual([heard.role, heard.finish, heard.tools, heard.usage], ['assistant', [finish], [], usage]);
  });
}

const toolStream = 'test_anthropic/test_anthropic_converse_stream_with_tool_use';

recordedTest('recorded stream: words, then a call of a tool', () => {
  const heard = told(bedrockCassette(toolStream).answer);
  assert.equal(heard.text, 'Okay, let me check the weather for Barcelona using the available tool:');
  const call = { id: 'tooluse_yypYDr71TwCwByoyao4-Vg', name: 'get_weather', arguments: '{"location": "Barcelona"}' };
  assert.deepEqual([heard.tools, heard.finish, heard.usage], [[call], ['tool_calls'], tokens(236, 58)]);
});

recordedTest('a recorded stream with a spoilt byte anywhere is never read to its end', () => {
  const { answer } = bedrockCassette(toolStream);
  for (let at = 0; at < answer.length; at += 3) {
    const spoilt = Buffer.from(answer);
    spoilt[at] = (spoilt[at] ?? 0) ^ 0x20;
    assert.throws(() => awsPieces(spoilt), `byte ${at}`);
  }
});

recordedTest('a guardrail’s trace is kept, whole and in a stream', () => {
  const { answer } = bedrockCassette('test_guardrails/test_guardrail_converse');
  const { message, finish } = whole(JSON.parse(answer.toString()) as JsonObject);
  assert.equal(finish, 'content_filter');
  const kept = message.provider_specific_fields;
  assert.ok(isObject(kept) && isObject(kept.trace) && isObject(kept.trace.guardrail));
  const { chunks } = read(bedrockCassette('test_guardrails/test_guardrail_converse_stream').answer);
  const traced = chunks.filter(({ choices: [choice] }) => JSON.stringify(choice?.delta ?? {}).includes('"guardrail"'));
  assert.equal(traced.length, 1);
});

/** Converse's answers, by cassette: what was asked, in our words, must give what was sent. */
const exchanges: (readonly [path: string, model: string, asked: JsonObject, text: RegExp])[] = [
  [
    'test_meta/test_meta_converse',
    'meta.llama3-2-1b-instruct-v1:0',
    {
      messages: [
        { role: 'system', content: 'You are an app that knows about everything.' },
        { role: 'user', content: 'Tell me a joke about opentelemetry' },
      ],
      temperature: 0.5,
    },
    /^Why did the OpenTelemetry trace/,
  ],
  [
    'test_nova/test_nova_converse',
    'amazon.nova-lite-v1:0',
    {
      messages: [
        { role: 'system', content: 'You are a helpful assistant' },
        {
          role: 'user',
          content: [
            {
              type: 'guarded_text',
              text: 'Tokyo is the capital of Japan 1234561666.',
              qualifiers: ['grounding_source'],
            },
            { type: 'guarded_text', text: 'What is the capital of Japan?', qualifiers: ['query'] },
          ],
        },
      ],
      guardrailConfig: { guardrailIdentifier: 'v9kpg6yrwhs2', guardrailVersion: 'DRAFT', trace: 'enabled' },
      temperature: 0.5,
      top_k: 10,
    },
    /is the capital of Japan/,
  ],
  [
    'test_anthropic/test_anthropic_cross_region',
    'arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0',
    {
      messages: [{ role: 'user', content: 'Human: Tell me a joke about opentelemetry Assistant:' }],
      guardrailConfig: { guardrailIdentifier: 'v9kpg6yrwhs2', guardrailVersion: 'DRAFT', trace: 'enabled' },
      temperature: 0.5,
    },
    /^Why did the developer/,
  ],
];

const titan = 'amazon.titan-text-express-v1';
const guardrail = (guardrailIdentifier: string): JsonObject => ({
  guardrailConfig: { guardrailIdentifier, guardrailVersion: 'DRAFT', trace: 'enabled' },
});
const guarded = (source: string, system?: string): JsonObject => {
  const part = (text: string, qualifier: string) => ({ type: 'guarded_text', text, qualifiers: [qualifier] });
  const content = [part(source, 'grounding_source'), part('What is the capital of Japan?', 'query')];
  const first = system === undefined ? [] : [{ role: 'system', content: system }];
  return { messages: [...first, { role: 'user', content }] };
};
const numbered = guarded('Tokyo is the capital of Japan 1234561666.');

for (const path of [
  'test_titan/test_titan_converse',
  'metrics/test_bedrock_guardrails_metrics/test_titan_converse_guardrail',
])
  exchanges.push([path, titan, { ...numbered, ...guardrail('5zwrmdlsra2e') }, /^\{ADDRESS\} is the capital of/]);

/** Requests for streams, whose answers are read above. */
const streamed: readonly (readonly [path: string, model: string, asked: JsonObject])[] = [
  [
    'test_titan/test_titan_converse_stream',
    titan,
    { ...guarded('Tokyo is the capital of Japan.'), ...guardrail('5zwrmdlsra2e') },
  ],
  [
    'metrics/test_bedrock_guardrails_metrics/test_titan_converse_stream_guardrail',
    titan,
    { ...guarded('Tokyo is the capital of Japan.'), ...guardrail('5zwrmdlsra2e') },
  ],
  [
    'test_meta/test_meta_converse_stream',
    'meta.llama3-2-1b-instruct-v1:0',
    {
      messages: [
        { role: 'system', content: 'You are an app that knows about everything.' },
        { role: 'user', content: 'Tell me a joke about opentelemetry' },
      ],
      temperature: 0.5,
    },
  ],
  [
    'test_nova/test_nova_converse_stream',
    'amazon.nova-lite-v1:0',
    {
      ...guarded(
        'Tokyo is the capital of Japan 1234561666.',
        'You are an app that knows about capitals. Keep the message short and finish with 1234561666.',
      ),
      ...guardrail('v9kpg6yrwhs2'),
      temperature: 0.5,
      top_k: 10,
    },
  ],
];

for (const [path, model, asked] of streamed) {
  recordedTest(`recorded request for a stream: ${path}`, () => {
    const { asked: sent, url } = bedrockCassette(path);
    const call = callFor(model, { stream: true });
    assert.deepEqual(overTheWire(chat().encode({ model: 'alias', stream: true, ...asked }, call)), withoutEmpty(sent));
    assert.equal(bedrock.wires.chat?.path(call), new URL(url).pathname);
  });
}

/** Another client sends additional fields also when there are none. */
function withoutEmpty({ additionalModelRequestFields: beside, ...own }: JsonObject): JsonObject {
  return isObject(beside) && Object.keys(beside).length > 0 ? { ...own, additionalModelRequestFields: beside } : own;
}

for (const [path, model, asked, text] of exchanges) {
  recordedTest(`recorded exchange, both directions: ${path}`, () => {
    const { asked: sent, url, answer } = bedrockCassette(path);
    const call = callFor(model);
    assert.deepEqual(overTheWire(chat().encode({ model: 'alias', ...asked }, call)), withoutEmpty(sent));
    assert.equal(bedrock.wires.chat?.path(call), new URL(url).pathname);
    assert.match(String(whole(JSON.parse(answer.toString()) as JsonObject).message.content), text);
  });
}

recordedTest('recorded request with a tool', () => {
  const { asked, url } = bedrockCassette(toolStream);
  const call = callFor('anthropic.claude-3-sonnet-20240229-v1:0', { stream: true });
  const properties = { location: { type: 'string', description: 'The city name' } };
  const parameters = { type: 'object', properties, required: ['location'] };
  const described = { name: 'get_weather', description: 'Get the current weather for a location', parameters };
  const request = {
    messages: [{ role: 'user', content: 'What is the weather in Barcelona?' }],
    tools: [{ type: 'function', function: described }],
    max_tokens: 300,
    temperature: 0.5,
  };
  assert.deepEqual(overTheWire(chat().encode({ model: 'alias', ...request }, call)), asked);
  assert.equal(bedrock.wires.chat?.path(call), new URL(url).pathname);
});

const other = 'vercel-ai/amazon-bedrock';

/** Names of recordings of another client, by ending; none without the folder. */
function namesEnding(ending: string): string[] {
  const data = process.env['PLUMBLINE_TEST_DATA'];
  if (data === undefined) return [];
  return readdirSync(join(data, 'fixtures', other)).filter((name) => name.endsWith(ending));
}

for (const name of namesEnding('.chunks.txt')) {
  recordedTest(`recorded by another client: ${name}`, () => {
    const lines = recorded(`${other}/${name}`).toString();
    const { chunks } = read(awsStream(lines));
    const heard = told(awsStream(lines));
    const deltas = lines.split('\n').filter((line) => line.includes('"delta":{"text"'));
    const text = deltas.map((line) => JSON.parse(line).contentBlockDelta.delta.text).join('');
    assert.equal(heard.text, text);
    assert.deepEqual(heard.finish, [lines.includes('"stopReason":"tool_use"') ? 'tool_calls' : 'stop']);
    for (const call of heard.tools) assert.ok(isObject(JSON.parse(call.arguments)), call.arguments);
    assert.equal(heard.usage === undefined, !lines.includes('"metadata"'));
    const anthropicMessage = rebuild(encoded(anthropic.encoder(contextFor()), chunks));
    assert.ok(listOf(anthropicMessage.content).length > 0);
    assert.ok(encoded(openai.encoder(contextFor({ includeUsage: true })), chunks).endsWith('data: [DONE]\n\n'));
  });
}

for (const name of namesEnding('.json')) {
  recordedTest(`recorded by another client: ${name}`, () => {
    const body = JSON.parse(recorded(`${other}/${name}`).toString()) as JsonObject;
    const { message, finish, usage } = whole(body);
    const calls = listOf(message.tool_calls);
    assert.equal(finish, body.stopReason === 'tool_use' ? 'tool_calls' : 'stop');
    assert.equal(calls.length > 0, body.stopReason === 'tool_use');
    assert.ok(isObject(usage) && isObject(body.usage));
    assert.equal(usage.total_tokens, body.usage.totalTokens);
  });
}

recordedTest('recorded thinking keeps its signature through both dialects and back, whole and in a stream', () => {
  const body = JSON.parse(recorded(`${other}/amazon-bedrock-reasoning.json`).toString()) as JsonObject;
  const answer = chat().decode(body, callFor(sonnet), {});
  const { chunks } = read(awsStream(recorded(`${other}/amazon-bedrock-reasoning.chunks.txt`).toString()));
  const streamed = rebuild(encoded(anthropic.encoder(contextFor()), chunks));
  const asAnthropic = [anthropic.encode(answer, contextFor()).content, streamed.content];
  for (const content of asAnthropic) backToBedrock({ role: 'assistant', content }, true);
  backToBedrock(whole(body).message, false);
});

/** The message goes back in the next turn, by a client of its dialect, and must hold the thinking as Bedrock signed it. */
function backToBedrock(message: JsonObject, isAnthropic: boolean): void {
  const messages = [{ role: 'user', content: 'q' }, message, { role: 'user', content: 'and?' }];
  const request = { model: 'alias', max_tokens: 9, messages };
  const body = chat().encode(isAnthropic ? decodeRequest(request, []) : request, callFor(sonnet));
  const [, turn] = listOf(body.messages);
  const [first] = isObject(turn) ? listOf(turn.content) : [];
  assert.ok(isObject(first) && isObject(first.reasoningContent) && isObject(first.reasoningContent.reasoningText));
  const { text, signature } = first.reasoningContent.reasoningText;
  assert.match(String(text), /^Let me count the r's in "strawberry":/);
  assert.match(String(signature), /^E[pv]\w{2}CkgICxABGAI/);
}

recordedTest('recorded ranks come home in Cohere’s shape', () => {
  const body = JSON.parse(recorded(`${other}/reranking/amazon-bedrock-reranking.1.json`).toString()) as JsonObject;
  const request = { documents: ['a', 'b', 'c', 'd', 'e', 'f'], return_documents: true };
  const answer = overTheWire(bedrock.wires.rerank?.decode?.(body, callFor('amazon.rerank-v1:0'), request) ?? {});
  assert.deepEqual(answer.results, [
    { index: 0, relevance_score: 0.5110583305358887, document: { text: 'a' } },
    { index: 5, relevance_score: 0.30241215229034424, document: { text: 'f' } },
  ]);
});

const start = awsEvent('messageStart', { role: 'assistant' });
const words = awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'hi' } });
const stop = (reason: string): Buffer => awsEvent('messageStop', { stopReason: reason });

const exceptions: readonly (readonly [name: string, code: string])[] = [
  ['throttlingException', 'upstream_busy'],
  ['validationException', 'upstream_bad_request'],
  ['internalServerException', 'upstream_failed'],
  ['modelStreamErrorException', 'upstream_failed'],
  ['serviceUnavailableException', 'upstream_unavailable'],
  ['modelTimeoutException', 'upstream_timeout'],
  ['nobodyKnowsException', 'upstream_failed'],
];

for (const [name, code] of exceptions) {
  test(`${name} in a stream is ${code}, in its own words`, () => {
    const bytes = Buffer.concat([start, words, awsException(name, { message: 'it broke' })]);
    assert.throws(() => read(bytes), refusal(code, /BedrockException - it broke$/));
  });
}

const reasons: readonly (readonly [reason: string, finish: string, kept: JsonObject | undefined])[] = [
  ['end_turn', 'stop', undefined],
  ['max_tokens', 'length', undefined],
  ['stop_sequence', 'stop', { stop_reason: 'stop_sequence' }],
  ['guardrail_intervened', 'content_filter', undefined],
  ['content_filtered', 'content_filter', undefined],
  ['model_context_window_exceeded', 'length', { stop_reason: 'model_context_window_exceeded' }],
  ['a_later_reason', 'stop', undefined],
];

for (const [stopReason, finish, kept] of reasons) {
  test(`${stopReason} is ${finish}, whole and in a stream`, () => {
    const answer = whole({ output: { message: { content: [{ text: 'hi' }] } }, stopReason });
    assert.deepEqual([answer.finish, answer.message.provider_specific_fields], [finish, kept]);
    const { chunks, complete } = read(Buffer.concat([start, words, stop(stopReason)]));
    const [last] = chunks.at(-1)?.choices ?? [];
    assert.deepEqual([complete, last?.finish_reason, last?.delta['provider_specific_fields']], [true, finish, kept]);
  });
}

test('what a model failed to write is no answer', () => {
  const body = { output: { message: { content: [{ text: 'hi' }] } }, stopReason: 'malformed_tool_use' };
  assert.throws(() => whole(body), refusal('upstream_garbled', /malformed_tool_use/));
  const bytes = Buffer.concat([start, words, stop('malformed_model_output')]);
  assert.throws(() => read(bytes), refusal('upstream_garbled', /malformed_model_output/));
});

test('which sequence stopped Claude is told', () => {
  const ended = { stopReason: 'stop_sequence', additionalModelResponseFields: { stop_sequence: 'END' } };
  const { message } = whole({ output: { message: { content: [{ text: 'hi' }] } }, ...ended });
  assert.deepEqual(message.provider_specific_fields, { stop_reason: 'stop_sequence', stop_sequence: 'END' });
});

test('cached tokens are counted in, and an hour’s apart', () => {
  const cacheDetails = [
    { ttl: '1h', inputTokens: 30 },
    { ttl: '5m', inputTokens: 10 },
  ];
  const usage = { inputTokens: 5, outputTokens: 2, cacheReadInputTokens: 100, cacheWriteInputTokens: 40, cacheDetails };
  const reported = bedrock.wires.chat?.usage({ usage });
  assert.ok(reported);
  const { input, output, cacheRead, cacheWrite, cacheWriteHour } = reported;
  assert.deepEqual([input, output, cacheRead, cacheWrite, cacheWriteHour], [145, 2, 100, 10, 30]);
  assert.equal(bedrock.wires.chat?.usage({}), null);
});

test('thinking that Bedrock hides, and a JSON answer by the forced tool, come in their places', () => {
  const content = [
    { reasoningContent: { redactedContent: 'blob' } },
    { text: 'here it is' },
    { toolUse: { toolUseId: 't', name: 'json_tool_call', input: { a: 1 } } },
  ];
  const { message, finish } = whole({ output: { message: { content } }, stopReason: 'tool_use' });
  assert.deepEqual([message.content, finish, message.tool_calls], ['{"a":1}', 'stop', undefined]);
  assert.deepEqual(message.thinking_blocks, [{ type: 'redacted_thinking', data: 'blob' }]);
  const toolUse = { toolUseId: 't', name: 'json_tool_call' };
  const heard = told(
    Buffer.concat([
      start,
      awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { redactedContent: 'blob' } } }),
      awsEvent('contentBlockStart', { contentBlockIndex: 1, start: { toolUse } }),
      awsEvent('contentBlockDelta', { contentBlockIndex: 1, delta: { toolUse: { input: '{"a":1}' } } }),
      awsEvent('contentBlockStop', { contentBlockIndex: 1 }),
      stop('tool_use'),
    ]),
  );
  assert.deepEqual([heard.text, heard.tools, heard.finish], ['{"a":1}', [], ['stop']]);
});

test('blocks nobody here has heard of are kept beside the words', () => {
  const later = { somethingLater: { a: 1 } };
  const cited = { citationsContent: { content: [{ text: 'so' }], citations: [{ title: 't' }] } };
  const { message } = whole({ output: { message: { content: [cited, later] } }, stopReason: 'end_turn' });
  assert.equal(message.content, 'so');
  assert.deepEqual(message.provider_specific_fields, { citations: [[{ title: 't' }]], blocks: [later] });
});

test('a stream that stops early is not complete, and events that make no sense are refused', () => {
  assert.equal(read(Buffer.concat([start, words])).complete, false);
  const lost = awsEvent('contentBlockDelta', { contentBlockIndex: 3, delta: { toolUse: { input: '{}' } } });
  assert.throws(() => read(Buffer.concat([start, lost])), refusal('upstream_garbled', /never began/));
  const nameless = awsEvent('contentBlockStart', { contentBlockIndex: 0, start: { toolUse: {} } });
  assert.throws(() => read(Buffer.concat([start, nameless])), refusal('upstream_garbled', /without id or name/));
  assert.throws(() => whole({}), refusal('upstream_garbled', /without a message/));
});
