// What servers of OpenAI's dialect really sent, read, watched and repaired, whole and cut at hostile places.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { ChatChunk } from '../../src/core/chat.ts';
import { isObject, type JsonObject, listOf } from '../../src/core/json.ts';
import { providerByName } from '../../src/providers/index.ts';
import type { Call, StreamPiece, StreamWatch, Wire } from '../../src/providers/provider.ts';
import { callFor } from './calls.ts';
import { answerOf, openAiRecordings, type Recording } from './openai-recordings.ts';
import { everyBytes, hostileCuts, piecesOf, rebuilt } from './openai-streams.ts';

const data = process.env['PLUMBLINE_TEST_DATA'];
const strict = process.env['PLUMBLINE_TEST_STRICT'] === '1';

/** Cutting at every single byte costs the square of the length: only these do it. */
const smallStream = 2_500;
const finishReasons = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'];

if (data === undefined) {
  test(
    'recorded answers of OpenAI’s family are replayed',
    {
      skip: strict ? false : 'PLUMBLINE_TEST_DATA names no folder of recordings',
    },
    () => assert.fail('PLUMBLINE_TEST_DATA is not set'),
  );
} else {
  const { replayed, skipped } = openAiRecordings(data);
  const of = (kind: Recording['kind']) => replayed.filter((recording) => recording.kind === kind);

  test('enough recordings are there, and what is left aside is told', (context) => {
    for (const [kind, count] of skipped) context.diagnostic(`left aside: ${count} × ${kind}`);
    context.diagnostic(`replayed: ${replayed.length}`);
    assert.ok(replayed.length >= 270, `${replayed.length} recordings`);
    assert.ok(of('chat-stream').length >= 60, `${of('chat-stream').length} chat streams`);
    assert.ok(new Set(replayed.map(({ provider }) => provider)).size >= 10);
  });

  for (const recording of of('chat-stream')) {
    test(`${recording.name}: the stream says the same however it is cut`, () => sameHoweverCut(recording));
    test(`${recording.name}: the stream is whole, and its tool calls are JSON`, () => wholeStream(recording));
    test(`${recording.name}: the stream's usage is found`, () => usageIsFound(recording));
    test(`${recording.name}: an OpenAI client rebuilds what passes`, () => clientRebuilds(recording));
    test(`${recording.name}: a stream that is cut short is not complete`, () => cutShort(recording));
  }

  for (const recording of of('completion-stream')) {
    test(`${recording.name}: the text stream is watched to its end`, () => {
      const watch = watched(wire(recording, 'completion'), recording, piecesOf(recording.bytes));
      assert.equal(watch.complete, true);
      assert.equal(watch.error, null);
      assert.equal(watch.usage?.output ?? null, reported(recording)?.completion_tokens ?? null);
    });
  }

  for (const recording of [...of('chat'), ...of('completion'), ...of('embedding')]) {
    test(`${recording.name}: the whole ${recording.kind} answer is read, and reading it twice changes nothing`, () =>
      readTwice(recording));
  }

  for (const recording of of('rerank')) {
    test(`${recording.name}: the ranking is read`, () => {
      const answer = decoded(recording, { documents: ['a', 'b', 'c', 'd', 'e', 'f'] });
      assert.ok(listOf(answer.results).length > 0);
      assert.ok(
        listOf(answer.results).every((result) => isObject(result) && typeof result.relevance_score === 'number'),
      );
      assert.ok((wire(recording, 'rerank').usage(answerOf(recording) as JsonObject)?.input ?? 0) > 0);
    });
  }

  for (const recording of of('refusal')) {
    test(`${recording.name}: the refusal is a failure in our codes, in the provider's words`, () => {
      const failure = wire(recording, 'chat').failure(recording.status, {}, recording.bytes.toString('utf8'));
      const body = answerOf(recording) as JsonObject;
      const said = isObject(body.error) ? String(body.error.message) : '';
      assert.match(failure.code, /^upstream_/);
      assert.notEqual(failure.code, 'upstream_garbled');
      assert.ok(failure.message.includes(said.slice(0, 30)), failure.message);
    });
  }

  for (const recording of replayed.filter(({ asked, kind }) => asked !== null && kind !== 'refusal')) {
    test(`${recording.name}: the recorded request goes out as it came, but for its model and usage`, () => {
      const asked = recording.asked ?? {};
      const operation = recording.kind.replace('-stream', '') as keyof typeof promised;
      const call = callTo(recording, { dropParameters: false });
      const edits = wire(recording, operation).edits(asked, call);
      const usual = ['model', 'stream_options', 'max_tokens', 'max_completion_tokens', 'encoding_format', 'messages'];
      assert.deepEqual(
        Object.keys(edits).filter((field) => !usual.includes(field)),
        [],
      );
      assert.deepEqual(call.dropped, []);
      if (edits.messages !== undefined) assert.equal(listOf(edits.messages).length, listOf(asked.messages).length);
    });
  }
}

const promised = { chat: true, completion: true, embedding: true, rerank: true };

/** Azure stands in for OpenAI in some recordings; its text completions and Groq's are OpenAI's too. */
function wire(recording: Recording, operation: keyof typeof promised): Wire {
  const found = providerByName(recording.provider)?.wires[operation];
  assert.ok(found, `${recording.provider} serves no ${operation}`);
  return found;
}

function callTo(recording: Recording, differing: Partial<Call> = {}): Call {
  return callFor('model', { stream: recording.kind.endsWith('-stream'), ...differing });
}

function read(recording: Recording, pieces: readonly StreamPiece[]): { chunks: ChatChunk[]; complete: boolean } {
  const reader = wire(recording, 'chat').reader?.(callTo(recording));
  assert.ok(reader);
  const chunks = pieces.flatMap((piece) => reader.read(piece));
  return { chunks, complete: reader.complete };
}

function watched(on: Wire, recording: Recording, pieces: readonly StreamPiece[]): StreamWatch {
  const watch = on.watch?.(callTo(recording));
  assert.ok(watch);
  for (const piece of pieces) watch.see(piece);
  return watch;
}

function sameHoweverCut(recording: Recording): void {
  const { bytes } = recording;
  const whole = piecesOf(bytes);
  const expected = read(recording, whole).chunks;
  assert.ok(expected.length > 0);
  const ways = [
    everyBytes(bytes.length, 1),
    everyBytes(bytes.length, 7),
    everyBytes(bytes.length, 4_096),
    hostileCuts(bytes),
  ];
  for (const cuts of ways) {
    const pieces = piecesOf(bytes, cuts);
    assert.ok(isDeepStrictEqual(pieces, whole));
    assert.ok(isDeepStrictEqual(read(recording, pieces).chunks, expected));
  }
  if (bytes.length > smallStream) return;
  for (let cut = 1; cut < bytes.length; cut++) {
    assert.ok(isDeepStrictEqual(read(recording, piecesOf(bytes, [cut])).chunks, expected), `cut at ${cut}`);
  }
  const withCarriageReturns = Buffer.from(bytes.toString('utf8').replaceAll('\n', '\r\n'));
  for (let cut = 1; cut < withCarriageReturns.length; cut++) {
    const { chunks } = read(recording, piecesOf(withCarriageReturns, [cut]));
    assert.ok(isDeepStrictEqual(chunks, expected), `CRLF, cut at ${cut}`);
  }
}

function wholeStream(recording: Recording): void {
  const { chunks, complete } = read(recording, piecesOf(recording.bytes));
  const answer = rebuilt(chunks);
  assert.equal(complete, true);
  assert.ok(answer.text + answer.reasoning !== '' || answer.tools.length > 0 || usesOlderFunctions(recording));
  assert.equal(answer.role, 'assistant');
  checkTools(answer.tools);
  assert.equal(answer.finish.length, 1);
  assert.ok(finishReasons.includes(answer.finish[0] ?? ''));
  if (answer.tools.length > 0) assert.deepEqual(answer.finish, ['tool_calls']);
  for (const chunk of chunks) checkChunk(chunk);
  const again = chunks.map((chunk) => ({ name: 'message', data: JSON.stringify(chunk) }));
  assert.deepEqual(read(recording, again).chunks, chunks);
}

function usesOlderFunctions(recording: Recording): boolean {
  return recording.bytes.includes('"function_call":{') || recording.bytes.includes('"refusal":"');
}

function checkTools(tools: readonly { id: string; name: string; arguments: string }[]): void {
  assert.equal(new Set(tools.map(({ id }) => id)).size, tools.length);
  for (const tool of tools) {
    assert.ok(tool !== undefined && tool.id !== '' && tool.name !== '');
    assert.equal(typeof JSON.parse(tool.arguments), 'object', tool.arguments);
  }
}

function checkChunk(chunk: ChatChunk): void {
  assert.equal(chunk.object, 'chat.completion.chunk');
  assert.equal(typeof chunk.id, 'string');
  assert.equal(typeof chunk.created, 'number');
  assert.equal(typeof chunk.model, 'string');
  for (const { delta, index, finish_reason: reason } of chunk.choices) {
    assert.equal(typeof index, 'number');
    assert.ok(reason === null || finishReasons.includes(reason));
    assert.ok(delta.content === undefined || delta.content === null || typeof delta.content === 'string');
    assert.ok(
      delta.reasoning_content === undefined ||
        delta.reasoning_content === null ||
        typeof delta.reasoning_content === 'string',
    );
  }
}

/** The last usage object anywhere in the recording, found without the code under test. */
function reported(recording: Recording): JsonObject | null {
  const lines = recording.bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('data: {'));
  const chunks = lines.map((line) => JSON.parse(line.slice(6)) as JsonObject);
  const usages = chunks.map(({ usage, x_groq: groq }) => usage ?? (isObject(groq) ? groq.usage : null));
  return usages.findLast(isObject) ?? null;
}

function usageIsFound(recording: Recording): void {
  const usage = reported(recording);
  const pieces = piecesOf(recording.bytes);
  const watch = watched(wire(recording, 'chat'), recording, pieces);
  assert.equal(watch.error, null);
  assert.equal(watch.complete, true);
  assert.equal(watch.usage?.input ?? null, usage?.prompt_tokens ?? null);
  const chunks = read(recording, pieces)
    .chunks.map((chunk) => chunk.usage)
    .filter(isObject);
  assert.equal(chunks.at(-1)?.completion_tokens ?? null, watch.usage?.output ?? null);
  if (usage === null) return;
  const total = Number(usage.total_tokens) - Number(usage.prompt_tokens);
  assert.equal(watch.usage?.output, total, 'reasoning is counted among the output');
}

/** Pieces pass through the repair; the client joins what it gets as the official clients do. */
function clientRebuilds(recording: Recording): void {
  const pieces = piecesOf(recording.bytes);
  const repair = wire(recording, 'chat').repair?.(callTo(recording));
  assert.ok(repair);
  const sent = pieces.map((piece) => repair(piece) ?? piece.data).filter((text) => text.startsWith('{'));
  const chunks = sent.map((text) => JSON.parse(text) as ChatChunk);
  for (const chunk of chunks) checkChunk(chunk);
  const got = rebuilt(chunks);
  const expected = rebuilt(read(recording, pieces).chunks);
  assert.deepEqual(got, expected);
  checkTools(got.tools);
}

function cutShort(recording: Recording): void {
  const text = recording.bytes.toString('utf8');
  const end = text.search(/"finish_reason": ?"/);
  const bytes = Buffer.from(text.slice(0, text.lastIndexOf('data: ', end)));
  const pieces = piecesOf(bytes, everyBytes(bytes.length, 100));
  assert.equal(read(recording, pieces).complete, false);
  assert.equal(watched(wire(recording, 'chat'), recording, pieces).complete, false);
}

function decoded(recording: Recording, request: JsonObject): JsonObject {
  const operation = recording.kind as keyof typeof promised;
  const decode = wire(recording, operation).decode;
  assert.ok(decode);
  return decode(answerOf(recording), callTo(recording), request);
}

function readTwice(recording: Recording): void {
  const sent = answerOf(recording) as JsonObject;
  const operation = recording.kind as keyof typeof promised;
  const request = operation === 'embedding' ? (recording.asked ?? {}) : {};
  const answer = decoded(recording, request);
  const again = wire(recording, operation).decode?.(answer, callTo(recording), request);
  assert.equal(again, answer);
  for (const field of Object.keys(sent)) assert.ok(answer[field] !== undefined || sent[field] === null, field);
  const usage = wire(recording, operation).usage(sent);
  if (isObject(sent.usage)) assert.equal(usage?.input, sent.usage.prompt_tokens ?? sent.usage.total_tokens);
  else assert.equal(usage, null);
  for (const choice of listOf(answer.choices)) checkChoice(choice as JsonObject, operation);
}

function checkChoice(choice: JsonObject, operation: string): void {
  assert.ok(finishReasons.includes(String(choice.finish_reason)));
  if (operation !== 'chat') {
    assert.equal(typeof choice.text, 'string');
    return;
  }
  const message = choice.message as JsonObject;
  assert.equal(message.role, 'assistant');
  assert.ok(message.content === null || typeof message.content === 'string');
  for (const call of listOf(message.tool_calls)) {
    const { id, function: called } = call as { id: string; function: { name: string; arguments: string } };
    checkTools([{ id, ...called }]);
  }
}
