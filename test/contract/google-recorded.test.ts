// What Google really sent, from AI Studio and Vertex, whole and streamed, whole and cut at hostile places; and what it was asked.
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
import { gemini } from '../../src/providers/gemini.ts';
import type { Wire } from '../../src/providers/provider.ts';
import { vertexAi } from '../../src/providers/vertex-ai.ts';
import { rebuild } from './anthropic-grammar.ts';
import { callFor, overTheWire } from './calls.ts';
import { cassette, recorded, recordedTest } from './cassettes.ts';
import { everyBytes, hostileCuts, rebuilt } from './openai-streams.ts';
import { chunksOf, contextFor, encoded, eventsIn } from './streams.ts';

const model = 'gemini-2.5-flash';

function chat(): Required<Pick<Wire, 'encode' | 'decode' | 'reader'>> & Wire {
  const wire = gemini.wires.chat;
  assert.ok(wire?.encode && wire.decode && wire.reader);
  return wire as Required<Pick<Wire, 'encode' | 'decode' | 'reader'>> & Wire;
}

/** Names of recordings below a folder, by how they end; none without the recordings. */
function namesIn(folder: string, ending: string): string[] {
  const data = process.env['PLUMBLINE_TEST_DATA'];
  if (data === undefined) return [];
  const names = readdirSync(join(data, 'fixtures', folder)).filter((name) => name.endsWith(ending));
  return names.map((name) => `${folder}/${name}`);
}

function jsonOf(path: string): JsonObject {
  return JSON.parse(recorded(path).toString()) as JsonObject;
}

/** Recordings of another client come without their framing. */
function framed(path: string): Buffer {
  const lines = recorded(path).toString().split('\n').filter(Boolean);
  return Buffer.from(lines.map((line) => `data: ${line}\n\n`).join(''));
}

function whole(body: JsonValue): { message: JsonObject; finish: JsonValue | undefined; answer: JsonObject } {
  const answer = overTheWire(chat().decode(body, callFor(model), {}));
  const [choice] = listOf(answer.choices);
  assert.ok(isObject(choice) && isObject(choice.message));
  return { message: choice.message, finish: choice.finish_reason, answer };
}

/** Reads a stream whole and cut at hostile places; all must say the same. */
function told(bytes: Buffer): { chunks: ChatChunk[]; complete: boolean } {
  const read = (cuts: readonly number[]): { chunks: ChatChunk[]; complete: boolean } => {
    const reader = chat().reader(callFor(model, { stream: true }));
    return { chunks: chunksOf(reader, bytes, cuts), complete: reader.complete };
  };
  const once = read([]);
  for (const cuts of [hostileCuts(bytes), ...[1, 7, 64, 1000].map((step) => everyBytes(bytes.length, step))]) {
    assert.deepEqual(read(cuts), once);
  }
  return once;
}

/** The reference: what the raw pieces hold, put together without the house. */
function reference(pieces: readonly JsonObject[]): { text: string; thought: string; names: JsonValue[] } {
  const candidates = pieces.flatMap((piece) => listOf(piece.candidates).slice(0, 1)).filter(isObject);
  const parts = candidates.flatMap(({ content }) => (isObject(content) ? listOf(content.parts) : [])).filter(isObject);
  const words = (thought: boolean): string =>
    parts
      .map((part) => ((part.thought === true) === thought && typeof part.text === 'string' ? part.text : ''))
      .join('');
  const names = parts.flatMap(({ functionCall }) => (isObject(functionCall) ? [functionCall.name ?? null] : []));
  return { text: words(false), thought: words(true), names: names.filter((name) => name !== null) };
}

const google = ['gemini/googleai', 'gemini/vertexai'];
const streams = google
  .flatMap((folder) => namesIn(folder, '.txt'))
  .filter((path) => path.includes('/streaming-success'));
/** Hand-made by its owners without an end, to see that it is missed. */
const endless = 'gemini/vertexai/streaming-success-quotes-escaped.txt';

for (const path of streams) {
  recordedTest(`recorded stream: ${path}`, () => {
    const bytes = recorded(path);
    const { chunks, complete } = told(bytes);
    const heard = rebuilt(chunks);
    const wanted = reference(eventsIn(bytes).map(({ data }) => JSON.parse(data) as JsonObject));
    assert.deepEqual([heard.text, heard.reasoning], [wanted.text, wanted.thought]);
    assert.deepEqual(
      heard.tools.map(({ name }) => name),
      wanted.names,
    );
    assert.equal(complete, path !== endless);
    if (complete) assert.deepEqual(heard.finish, [wanted.names.length > 0 ? 'tool_calls' : 'stop']);
    const message = rebuild(encoded(anthropic.encoder(contextFor()), chunks));
    assert.ok(listOf(message.content).length > 0 || wanted.text === '');
    assert.ok(encoded(openai.encoder(contextFor({ includeUsage: true })), chunks).endsWith('data: [DONE]\n\n'));
  });
}

for (const path of namesIn('vercel-ai/google', '.chunks.txt')) {
  recordedTest(`recorded stream of another client: ${path}`, () => {
    const bytes = framed(path);
    const { chunks, complete } = told(bytes);
    const heard = rebuilt(chunks);
    const wanted = reference(eventsIn(bytes).map(({ data }) => JSON.parse(data) as JsonObject));
    assert.deepEqual([heard.text, heard.reasoning], [wanted.text, wanted.thought]);
    assert.deepEqual(
      heard.tools.map(({ name }) => name),
      wanted.names,
    );
    assert.ok(complete);
    for (const call of heard.tools) assert.ok(isObject(JSON.parse(call.arguments)), call.arguments);
    assert.deepEqual(heard.finish, [wanted.names.length > 0 ? 'tool_calls' : 'stop']);
  });
}

const wholes = [...google.flatMap((folder) => namesIn(folder, '.json')), ...namesIn('vercel-ai/google', '.json')];
/** Answers of other operations: images, and a count of tokens. */
const others = /generate-images|total-tokens|no-billable|detailed-token|429/;

for (const path of wholes.filter((one) => !one.includes('/unary-failure') && !others.test(one))) {
  recordedTest(`recorded answer: ${path}`, () => {
    const body = jsonOf(path);
    const { message, finish, answer } = whole(body);
    const wanted = reference([body]);
    assert.equal(message.content ?? '', wanted.text);
    assert.equal(message.reasoning_content ?? '', wanted.thought);
    const calls = listOf(message.tool_calls).filter(isObject);
    assert.deepEqual(
      calls.map((call) => isObject(call.function) && call.function.name),
      wanted.names,
    );
    assert.equal(finish, wanted.names.length > 0 ? 'tool_calls' : 'stop');
    assert.ok(listOf(anthropic.encode(answer, contextFor()).content).length > 0 || wanted.text === '');
  });
}

recordedTest('arguments that came one by one are whole, whatever their path', () => {
  const heard = (name: string): JsonValue[] =>
    rebuilt(told(framed(`vercel-ai/google/${name}.chunks.txt`)).chunks).tools.map((call) => JSON.parse(call.arguments));
  const [weather] = heard('google-stream-tool-call-arguments');
  assert.ok(isObject(weather) && String(weather.location).startsWith('Boston'));
  const [items] = heard('google-stream-tool-call-array-arguments-missing-terminal-function-call');
  assert.ok(isObject(items));
  const [first] = listOf(items.operations);
  assert.ok(isObject(first) && first.action === 'add' && String(first.description).startsWith('Fresh red apple'));
});

recordedTest('tokens are told apart: cache within the prompt, thinking within what was written', () => {
  const cached = whole(jsonOf('gemini/vertexai/unary-success-implicit-caching.json')).answer.usage;
  assert.deepEqual(cached, {
    prompt_tokens: 12_013,
    completion_tokens: 88,
    total_tokens: 12_101,
    prompt_tokens_details: { cached_tokens: 11_243, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 73, audio_tokens: 0 },
    cache_read_input_tokens: 11_243,
  });
  const { chunks } = told(framed('vercel-ai/google/google-reasoning.chunks.txt'));
  assert.ok(isObject(chunks.at(-1)?.usage));
  assert.equal(chunks.filter(({ usage }) => isObject(usage)).length, 1);
});

const failures = google.flatMap((folder) => namesIn(folder, '').filter((path) => path.includes('-failure-')));

/** What each recorded failure of an answer is; those that are not here hold an error, and are refusals. */
const answersThatFailed: readonly (readonly [name: RegExp, what: 'filtered' | 'garbled' | 'unfinished' | 'stop'])[] = [
  [/prompt-blocked|only-prompt-feedback|finish-reason-safety|recitation/, 'filtered'],
  [/unary-failure-(?:empty-content|malformed-content|invalid-response|with-message-no-content)/, 'garbled'],
  [/streaming-failure-(?:empty-content|malformed-content|invalid-json)/, 'unfinished'],
  // A reason that came after this was written.
  [/unknown-(?:enum-finish-reason|finish-enum)/, 'stop'],
];

recordedTest('every recorded failure of a chat is replayed', () => assert.equal(failures.filter(isOfChat).length, 47));

/** Pictures are made by another operation. */
function isOfChat(path: string): boolean {
  return !path.includes('generate-images');
}

const thrown = (run: () => unknown): GatewayError => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof GatewayError, String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
};

for (const path of failures.filter(isOfChat)) {
  recordedTest(`recorded failure: ${path}`, () => {
    const what = answersThatFailed.find(([name]) => name.test(path))?.[1] ?? 'refused';
    const bytes = recorded(path);
    const isStream = bytes.toString().startsWith('data:');
    if (what === 'refused') return refused(bytes);
    if (what === 'garbled') return assert.equal(thrown(() => whole(jsonOf(path))).code, 'upstream_garbled');
    if (what === 'unfinished') return assert.equal(told(bytes).complete, false);
    const { finish, complete } = isStream
      ? { finish: rebuilt(told(bytes).chunks).finish.at(-1), complete: told(bytes).complete }
      : { finish: whole(jsonOf(path)).finish, complete: true };
    assert.deepEqual([finish, complete], [what === 'filtered' ? 'content_filter' : 'stop', true]);
  });
}

/** As the answer to a request, and where it came in a stream, there. */
function refused(bytes: Buffer): void {
  const text = bytes.toString();
  const bare = text.slice(text.search(/^\{/m));
  const { error } = JSON.parse(bare) as { error: { code: number; message: string } };
  const said = error.message.slice(0, 40);
  for (const failure of [chat().failure(error.code, {}, bare), thrown(() => told(bytes))]) {
    assert.match(failure.code, /^upstream_(?!garbled)/);
    assert.ok(failure.message.includes(said), failure.message);
  }
}

const blocked: readonly (readonly [path: string, kept: RegExp])[] = [
  ['gemini/vertexai/unary-failure-finish-reason-safety.json', /safety_ratings/],
  ['gemini/vertexai/unary-failure-prompt-blocked-safety-with-message.json', /prompt_feedback.*Reasons/],
  ['gemini/googleai/unary-failure-only-prompt-feedback.json', /prompt_feedback/],
];

for (const [path, kept] of blocked) {
  recordedTest(`${path} keeps why the filter ended it`, () => {
    assert.match(JSON.stringify(whole(jsonOf(path)).message.provider_specific_fields), kept);
  });
}

test('a stream in which Google gives up before a word is no answer', () => {
  const bytes = (...candidates: JsonObject[]): Buffer =>
    Buffer.from(candidates.map((one) => `data: ${JSON.stringify({ candidates: [one] })}\n\n`).join(''));
  const ended = { finishReason: 'OTHER' };
  assert.equal(thrown(() => told(bytes(ended))).code, 'upstream_garbled');
  assert.equal(told(bytes({ content: { parts: [{ text: 'a' }] } }, ended)).complete, true);
});

test('a piece that is no JSON is garbled', () => {
  const reader = chat().reader(callFor(model, { stream: true }));
  assert.throws(
    () => chunksOf(reader, Buffer.from('data: {"candidates\n\n')),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_garbled',
  );
});

const refusals: readonly (readonly [path: string, status: number, code: string, says: RegExp])[] = [
  [
    'gemini/googleai/unary-failure-api-key.json',
    400,
    'upstream_unauthorized',
    /AuthenticationError.*API key not valid/,
  ],
  ['gemini/vertexai/unary-failure-api-key.json', 400, 'upstream_unauthorized', /API key not valid/],
  ['gemini/googleai/unary-failure-unknown-model.json', 404, 'upstream_not_found', /NotFoundError/],
  ['gemini/vertexai/unary-failure-quota-exceeded.json', 429, 'upstream_busy', /RateLimitError/],
  ['gemini/vertexai/unary-failure-iam-permission-denied.json', 403, 'upstream_forbidden', /PermissionDeniedError/],
  ['gemini/vertexai/unary-failure-image-rejected.json', 400, 'upstream_bad_request', /BadRequestError/],
];

for (const [path, status, code, says] of refusals) {
  recordedTest(`refusal: ${path}`, () => {
    const error = chat().failure(status, {}, recorded(path).toString());
    assert.equal(error.code, code);
    assert.match(error.message, says);
  });
}

recordedTest('a refusal for the rate tells the wait that Google asks for', () => {
  const text = recorded('vercel-ai/google/google-429-retry-info.json').toString();
  const delay = /"retryDelay": *"([\d.]+)s"/.exec(text)?.[1];
  const error = chat().failure(429, {}, text);
  assert.deepEqual([error.code, error.retryAfterMs], ['upstream_busy', Math.ceil(Number(delay) * 1000)]);
});

test('an error in mid-stream is the failure it names', () => {
  const error = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' };
  const bytes = Buffer.from(`data: ${JSON.stringify({ error })}\r\n\r\n`);
  const reader = chat().reader(callFor(model, { stream: true }));
  assert.throws(
    () => chunksOf(reader, bytes),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_unavailable',
  );
});

for (const name of ['test_client_spans', 'test_generate_metrics']) {
  recordedTest(`a recorded request is written as it was: ${name}`, () => sameRequest(name));
}

function sameRequest(name: string): void {
  const { asked, url, answer } = cassette(`openllmetry/google-generativeai/test_generate_content/${name}.yaml`);
  assert.ok(whole(JSON.parse(answer.toString()) as JsonObject).message.content);
  const call = callFor(model);
  const request = { model: 'alias', messages: [{ role: 'user', content: 'What is ai?' }] };
  assert.deepEqual(overTheWire(chat().encode(request, call)), asked);
  assert.equal(
    `/v1beta${chat().path({ ...call, upstream: { ...call.upstream, baseUrl: 'http://x/v1beta' } })}`,
    new URL(url).pathname,
  );
}

recordedTest('recorded embeddings of Vertex AI', () => {
  const body = jsonOf('vercel-ai/google-vertex/google-vertex-embedding.json');
  const { decode, usage } = vertexAi.wires.embedding ?? {};
  const sent = listOf(body.predictions).map((one) => (isObject(one) && isObject(one.embeddings) ? one.embeddings : {}));
  const answer = decode?.(body, callFor('text-embedding-005'), { input: sent.map(() => 'a') });
  assert.deepEqual(
    listOf(answer?.data).map((one) => isObject(one) && one.embedding),
    sent.map(({ values }) => values),
  );
  assert.ok((usage?.(body)?.input ?? 0) > 0);
});

const signing = 'gemini/googleai/streaming-success-thinking-function-call-thought-summary-signature.txt';

recordedTest('the signature of a call survives both dialects, whole and streamed, byte for byte', () => {
  const bytes = recorded(signing);
  const parts = eventsIn(bytes).flatMap(({ data }) => listOf(JSON.parse(data).candidates[0].content.parts));
  const signed = parts.find((part) => isObject(part) && part.functionCall !== undefined);
  assert.ok(isObject(signed) && String(signed.thoughtSignature).length > 1000);
  const { chunks } = told(bytes);
  const [call] = rebuilt(chunks).tools;
  assert.ok(call && /^[\w-]+$/.test(call.id));
  const function_ = { name: call.name, arguments: call.arguments };
  const asOpenAi = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: call.id, type: 'function', function: function_ }],
  };
  const asAnthropic = { role: 'assistant', content: rebuild(encoded(anthropic.encoder(contextFor()), chunks)).content };
  for (const [message, isAnthropic] of [
    [asOpenAi, false],
    [asAnthropic, true],
  ] as const) {
    assert.deepEqual(backAtGoogle(message, isAnthropic, call.id), [signed.thoughtSignature, ['now']]);
  }
  const body = jsonOf(signing.replace('streaming', 'unary').replace('.txt', '.json'));
  const [part] = (body as { candidates: [{ content: { parts: JsonObject[] } }] }).candidates[0].content.parts.filter(
    (one) => one.functionCall !== undefined,
  );
  const { message, answer } = whole(body);
  const [first] = listOf(message.tool_calls);
  assert.ok(isObject(first));
  const content = anthropic.encode(answer, contextFor()).content;
  assert.deepEqual(backAtGoogle(message, false, String(first.id))[0], part?.thoughtSignature);
  assert.deepEqual(backAtGoogle({ role: 'assistant', content }, true, String(first.id))[0], part?.thoughtSignature);
});

/** Sends the message back with a result; returns the signature at Google's and the names of the results there. */
function backAtGoogle(message: JsonObject, isAnthropic: boolean, id: string): [JsonValue | undefined, JsonValue[]] {
  const result = isAnthropic
    ? { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'noon' }] }
    : { role: 'tool', tool_call_id: id, content: 'noon' };
  const request = { model: 'alias', max_tokens: 9, messages: [{ role: 'user', content: 'q' }, message, result] };
  const { contents } = chat().encode(isAnthropic ? decodeRequest(request, []) : request, callFor(model));
  const parts = listOf(contents)
    .flatMap((turn) => (isObject(turn) ? listOf(turn.parts) : []))
    .filter(isObject);
  const names = parts.flatMap(({ functionResponse: one }) => (isObject(one) ? [one.name ?? null] : []));
  return [parts.find((part) => part.functionCall !== undefined)?.thoughtSignature, names];
}

recordedTest('the signature of a text survives both dialects, and never reaches Anthropic', () => {
  const { chunks } = told(framed('vercel-ai/google/google-reasoning-gemini3.chunks.txt'));
  const raw = recorded('vercel-ai/google/google-reasoning-gemini3.chunks.txt').toString();
  const signature = [...raw.matchAll(/"thoughtSignature": ?"([^"]+)"/g)].at(-1)?.[1];
  assert.ok(signature);
  const content = rebuild(encoded(anthropic.encoder(contextFor()), chunks)).content;
  const message = { role: 'assistant', content };
  const request = {
    model: 'a',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'q' }, message, { role: 'user', content: 'more' }],
  };
  const { contents } = chat().encode(decodeRequest(request, []), callFor('gemini-3-pro-preview'));
  const [, turn] = listOf(contents);
  const parts = isObject(turn) ? listOf(turn.parts).filter(isObject) : [];
  assert.deepEqual(
    parts.map((part) => part.thoughtSignature),
    [signature],
  );
});
