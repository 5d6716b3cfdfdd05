import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Call } from '../provider.ts';
import { chatRepair, streamWatch } from './stream.ts';

const call: Call = {
  upstream: { model: 'm', baseUrl: 'http://upstream.test', credential: {}, parameters: {}, info: {} },
  stream: true,
  dropParameters: false,
  dropped: [],
  clientHeaders: {},
  query: '',
  now: 0,
  newId: (prefix) => `${prefix}1`,
};

const envelope = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm' };

function chunk(delta: object, rest: object = {}): string {
  return JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason: null }], ...rest });
}

function ending(reason: string, delta: object = {}): string {
  return JSON.stringify({ ...envelope, choices: [{ index: 0, delta, finish_reason: reason }] });
}

/** What models say, and what would end a text, or look like more than words, were it not quoted. */
const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('"', '\\', '\\"', '"error"', '"}', '","error":{"message":"no"},"x":"', '[DONE]', '"usage":{}', '\n'),
);

const plain = words.map((content) => chunk({ content }));

/** Chunks about which a watch or a repair has something to say, and chunks cut or garbled on their way. */
const telling = fc.oneof(
  words.map((content) => chunk({ role: 'assistant', content })),
  words.map((content) => ending('stop', { content })),
  words.map((content) => chunk({ content }, { usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } })),
  words.map((content) => chunk({ content }, { error: { message: 'overloaded' } })),
  words.map((content) => chunk({ content: [{ type: 'text', text: content }] })),
  words.map((content) => chunk({ content, reasoning: content })),
  words.map((content) => chunk({ content, tool_calls: [{ function: { name: 'f', arguments: '{}' } }] })),
  words.map((content) => JSON.stringify({ id: 'chatcmpl-1', choices: [{ index: 0, delta: { content } }] })),
  words.map((content) => chunk({ content }).slice(0, -3)),
  words.map((content) => chunk({ content: '@' }).replace('@', content)),
  fc.constantFrom(
    ending('stop'),
    ending('no'),
    ending('error'),
    '[DONE]',
    ' [DONE]',
    '{"error":{"message":"no"}}',
    '',
    'null',
  ),
);

const stream = fc.array(fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: telling }), {
  maxLength: 12,
});

/** The same stream in which no chunk is like another: each has one blank more behind it, which means nothing in JSON. */
function unalike(data: readonly string[]): string[] {
  return data.map((text, at) => text + ' '.repeat(at));
}

function watched(data: readonly string[]): readonly unknown[] {
  const watch = streamWatch('Someone');
  return data.map((text) => {
    watch.see({ name: 'message', data: text });
    return [watch.usage, watch.error?.message, watch.complete];
  });
}

function repaired(data: readonly string[]): readonly unknown[] {
  const repair = chatRepair(call);
  return data.map((text) => repair({ name: 'message', data: text }));
}

test('property: a chunk like the last one hides nothing: usage, errors and ends are seen as if each were the first of its kind', () => {
  fc.assert(
    fc.property(stream, (data) => {
      assert.deepEqual(watched(data), watched(unalike(data)));
    }),
    { numRuns: 500 },
  );
});

test('property: a chunk like the last one hides nothing: what must be mended is', () => {
  fc.assert(
    fc.property(stream, (data) => {
      assert.deepEqual(repaired(data), repaired(unalike(data)));
    }),
    { numRuns: 500 },
  );
});

test('an error, an end or a tool call in a chunk that is nearly like the last one is seen', () => {
  const [hello, error] = [
    chunk({ content: 'hello' }),
    chunk({ content: 'hello' }, { error: { message: 'overloaded' } }),
  ];
  const [, before, after] = watched([hello, hello, error]) as readonly (readonly unknown[])[];
  assert.deepEqual(before, [null, undefined, false]);
  assert.match(String(after?.[1]), /overloaded/);
  assert.deepEqual(watched([hello, ending('ok', { content: 'hello' })])[1], [null, undefined, true]);
  const [, , bent] = repaired([
    chunk({ role: 'assistant', content: '' }),
    hello,
    chunk({ content: 'hello', tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }),
  ]);
  assert.match(String(bent), /"index":0,"id":"call_/);
});
