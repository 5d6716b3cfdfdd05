// The ways in which servers bend OpenAI's dialect, one small stream each, written by us from what they document and what
// their users report. Read for translation and repaired for passing on, each cut at every byte.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { GatewayError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { providerByName } from '../../src/providers/index.ts';
import type { StreamPiece, Wire } from '../../src/providers/provider.ts';
import { callFor } from './calls.ts';
import { piecesOf, type Rebuilt, rebuilt } from './openai-streams.ts';

const folder = new URL('../../src/providers/fixtures/openai-compatible/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace('.sse', ''));
const call = () => callFor('m', { stream: true });

function chatWire(): Wire {
  const wire = providerByName('openai_like')?.wires.chat;
  assert.ok(wire);
  return wire;
}

function fixture(name: string): Buffer {
  return readFileSync(new URL(`${name}.sse`, folder));
}

function read(pieces: readonly StreamPiece[]): { answer: Rebuilt; complete: boolean; usage: unknown } {
  const reader = chatWire().reader?.(call());
  assert.ok(reader);
  const chunks = pieces.flatMap((piece) => reader.read(piece));
  return { answer: rebuilt(chunks), complete: reader.complete, usage: chunks.findLast(({ usage }) => usage)?.usage };
}

function passed(pieces: readonly StreamPiece[]): Rebuilt {
  const repair = chatWire().repair?.(call());
  assert.ok(repair);
  const sent = pieces.map((piece) => repair(piece) ?? piece.data).filter((text) => text.startsWith('{'));
  return rebuilt(sent.map((text) => JSON.parse(text) as JsonObject));
}

const ids: Readonly<Record<string, readonly [string, string]>> = {
  'tools-without-ids': ['call_1', 'call_2'],
  'tools-same-id-twice': ['call_same', 'call_1'],
};

for (const name of names.filter((file) => file.startsWith('tools-'))) {
  test(`${name}: two calls are read, each with its own arguments`, () => {
    const { answer, complete } = read(piecesOf(fixture(name)));
    assertTwoCalls(name, answer);
    assert.deepEqual(answer.finish, ['tool_calls']);
    assert.equal(complete, true);
  });

  test(`${name}: an OpenAI client rebuilds two calls from what passes`, () => {
    const answer = passed(piecesOf(fixture(name)));
    assertTwoCalls(name, answer);
    // A stream that never says why it ended passes as it came: there is no event to say it in.
    assert.deepEqual(answer.finish, name.endsWith('-or-end') ? [] : ['tool_calls']);
  });
}

function assertTwoCalls(name: string, { tools, role }: Rebuilt): void {
  const [first, second] = ids[name] ?? ['call_a', 'call_b'];
  assert.deepEqual(
    tools.map((tool) => ({ ...tool, arguments: JSON.parse(tool.arguments) as unknown })),
    [
      { id: first, name: 'weather', arguments: { city: 'Zürich' } },
      { id: second, name: 'clock', arguments: { zone: 'CET' } },
    ],
  );
  assert.equal(role, 'assistant');
}

for (const name of names.filter((file) => file.startsWith('text-'))) {
  test(`${name}: the text, its end and its usage are read`, () => {
    const { answer, complete, usage } = read(piecesOf(fixture(name)));
    assert.deepEqual(answer, { text: 'Grüezi 👋', reasoning: '', role: 'assistant', finish: ['stop'], tools: [] });
    assert.equal(complete, true);
    assert.deepEqual(usage, { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 });
  });

  test(`${name}: an OpenAI client rebuilds the text from what passes`, () => {
    const answer = passed(piecesOf(fixture(name)));
    assert.deepEqual(answer, { text: 'Grüezi 👋', reasoning: '', role: 'assistant', finish: ['stop'], tools: [] });
  });
}

for (const name of names.filter((file) => file.startsWith('reasoning-'))) {
  test(`${name}: reasoning is reasoning_content, for readers and for clients`, () => {
    const expected = { text: 'Ja', reasoning: 'Hmm.', role: 'assistant', finish: ['stop'], tools: [] };
    assert.deepEqual(read(piecesOf(fixture(name))).answer, expected);
    assert.deepEqual(passed(piecesOf(fixture(name))), expected);
  });
}

for (const name of names.filter((file) => !file.startsWith('error-'))) {
  test(`${name}: nothing changes when the bytes are cut anywhere`, () => {
    const bytes = fixture(name);
    const expected = read(piecesOf(bytes));
    for (let cut = 1; cut < bytes.length; cut++) assert.deepEqual(read(piecesOf(bytes, [cut])), expected);
  });

  test(`${name}: the watch sees the end and the usage`, () => {
    const watch = chatWire().watch?.(call());
    assert.ok(watch);
    for (const piece of piecesOf(fixture(name))) watch.see(piece);
    assert.equal(watch.complete, true);
    assert.equal(watch.error, null);
    assert.equal(watch.usage?.input, 11);
    assert.equal(watch.usage?.output, 7);
  });
}

const failures: Readonly<Record<string, readonly [code: string, retryAfterMs: number | undefined]>> = {
  'error-object': ['upstream_busy', 2_000],
  'error-event': ['upstream_unavailable', undefined],
  'error-text-event': ['upstream_failed', undefined],
  'error-object-mistral': ['upstream_unavailable', undefined],
  'error-in-choice': ['upstream_bad_gateway', undefined],
  'error-as-finish-reason': ['upstream_cut', undefined],
};

for (const name of names.filter((file) => file.startsWith('error-'))) {
  test(`${name}: the failure is thrown by the reader and noted by the watch`, () => {
    const [code, retryAfterMs] = failures[name] ?? [];
    const pieces = piecesOf(fixture(name));
    assert.throws(
      () => read(pieces),
      (thrown) => thrown instanceof GatewayError && thrown.code === code && thrown.retryAfterMs === retryAfterMs,
    );
    const watch = chatWire().watch?.(call());
    assert.ok(watch);
    for (const piece of pieces) watch.see(piece);
    assert.equal(watch.error?.code, code);
    assert.equal(watch.complete, false);
  });
}

test('chunks as OpenAI documents them pass with their bytes', () => {
  for (const name of ['text-as-documented', 'text-crlf', 'tools-as-documented', 'tools-interleaved']) {
    const repair = chatWire().repair?.(call());
    assert.ok(repair);
    for (const piece of piecesOf(fixture(name))) assert.equal(repair(piece), null, `${name}: ${piece.data}`);
  }
});

test('a piece that is not JSON is a garbled answer', () => {
  assert.throws(
    () => read([{ name: 'message', data: '{"choices":[' }]),
    (thrown) => thrown instanceof GatewayError && thrown.code === 'upstream_garbled',
  );
});

test('what a model says about errors, usage and tools is not mistaken for them', () => {
  const said = JSON.stringify('"error": {"usage": {}} "finish_reason":"stop" "tool_calls":[{}]');
  const data = `{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":${said}},"finish_reason":null}]}`;
  const watch = chatWire().watch?.(call());
  const repair = chatWire().repair?.(call());
  assert.ok(watch && repair);
  repair({ name: 'message', data: data.replace('"content"', '"role":"assistant","content"') });
  watch.see({ name: 'message', data });
  assert.deepEqual(
    [watch.complete, watch.usage, watch.error, repair({ name: 'message', data })],
    [false, null, null, null],
  );
});
