import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../core/json.ts';
import { argumentsText, ToolCalls } from './tool-calls.ts';

function mended(...deltas: readonly JsonObject[]): readonly (readonly unknown[])[] {
  let made = 0;
  const calls = new ToolCalls(() => `made_${++made}`);
  return deltas
    .flatMap((delta) => calls.mend([delta]))
    .map(({ index, id, function: called }) => [index, id, called?.name, called?.arguments]);
}

const called = (name: string | undefined, text: string, rest: JsonObject = {}): JsonObject => ({
  ...rest,
  function: { ...(name === undefined ? {} : { name }), arguments: text },
});

test('two calls of one tool that share an index are told apart by their ids, before any argument', () => {
  assert.deepEqual(mended(called('f', '', { index: 0, id: 'a' }), called('f', '{}', { index: 0, id: 'b' })), [
    [0, 'a', 'f', ''],
    [1, 'b', 'f', '{}'],
  ]);
});

test('without ids a repeated name goes on with its call until the arguments are whole', () => {
  assert.deepEqual(
    mended(called('f', '{"a"', { index: 0 }), called('f', ':1}', { index: 0 }), called('f', '{"a":2}', { index: 0 })),
    [
      [0, 'made_1', 'f', '{"a"'],
      [0, undefined, undefined, ':1}'],
      [1, 'made_2', 'f', '{"a":2}'],
    ],
  );
});

test('a name that comes after the id is kept', () => {
  assert.deepEqual(mended(called(undefined, '', { index: 0, id: 'a' }), called('f', '{}', { index: 0 })), [
    [0, 'a', '', ''],
    [0, undefined, 'f', '{}'],
  ]);
});

test('calls that begin in another order keep their indexes', () => {
  const deltas = [
    called('g', '{}', { index: 1, id: 'b', type: 'function' }),
    called('f', '{}', { index: 0, id: 'a', type: 'function' }),
  ];
  const calls = new ToolCalls(() => 'never');
  assert.equal(calls.mend(deltas), deltas);
});

test('a delta that says nothing begins no call', () => {
  const calls = new ToolCalls(() => 'never');
  assert.deepEqual(calls.mend([{}, { index: 0, id: '', function: { name: '', arguments: '' } }, null]), []);
  assert.equal(calls.begun, false);
});

test('arguments are text, whatever was sent', () => {
  assert.deepEqual([undefined, null, '', '{}', { a: 1 }].map(argumentsText), ['', '', '', '{}', '{"a":1}']);
});

/** Calls as OpenAI documents them, their deltas interleaved anyhow. */
const documented = fc
  .array(fc.record({ name: fc.stringMatching(/^[a-z]{1,6}$/), pieces: fc.array(fc.string(), { maxLength: 4 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((calls) => {
    const firsts = calls.map(({ name }, index) => called(name, '', { index, id: `id${index}`, type: 'function' }));
    const rest = calls.flatMap(({ pieces }, index) => pieces.map((text) => called(undefined, text, { index })));
    return fc.shuffledSubarray(rest, { minLength: rest.length }).map((order) => [...firsts, ...order]);
  });

test('deltas as OpenAI documents them keep their identity, however calls are interleaved', () => {
  fc.assert(
    fc.property(documented, (deltas) => {
      const calls = new ToolCalls(() => 'never');
      for (const delta of deltas) {
        const list = [delta];
        assert.equal(calls.mend(list), list);
      }
    }),
  );
});

test('what is put right is right: mending it again changes nothing', () => {
  const messy = fc.record(
    {
      index: fc.constantFrom(0, 1, null),
      id: fc.constantFrom('a', 'b', '', null),
      type: fc.constantFrom('function', null),
      function: fc.record(
        { name: fc.constantFrom('f', 'g', '', null), arguments: fc.constantFrom('{}', '{"a":', '1}', null) },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(messy, { maxLength: 8 }), (deltas) => {
      let made = 0;
      const once = new ToolCalls(() => `made_${++made}`);
      const twice = new ToolCalls(() => 'never');
      for (const delta of deltas) {
        const list = once.mend([delta as JsonObject]);
        assert.deepEqual(twice.mend(list), list);
      }
    }),
  );
});
