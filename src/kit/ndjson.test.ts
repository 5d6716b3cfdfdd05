import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './ndjson.ts';

/** Feeds bytes cut at the given places; returns the lines and what was left. */
function cut(bytes: Buffer, places: readonly number[]): { lines: string[]; rest: string | null } {
  const splitter = new LineSplitter();
  const marks = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  const lines = marks.slice(1).flatMap((mark, at) => splitter.push(bytes.subarray(marks[at], mark)));
  return { lines, rest: splitter.end() };
}

test('two lines in one read are two lines', () => {
  assert.deepEqual(cut(Buffer.from('{"a":1}\n{"b":2}\n'), []), { lines: ['{"a":1}', '{"b":2}'], rest: null });
});

test('a character cut between two reads stays whole', () => {
  const bytes = Buffer.from('"grün 🙂"\n');
  for (let place = 0; place <= bytes.length; place += 1) assert.deepEqual(cut(bytes, [place]).lines, ['"grün 🙂"']);
});

test('carriage returns and empty lines are left out', () => {
  assert.deepEqual(cut(Buffer.from('1\r\n\r\n \n2\n'), [2, 3]), { lines: ['1', '2'], rest: null });
});

test('a last line without its line end is given at the end, once', () => {
  const splitter = new LineSplitter();
  assert.deepEqual(splitter.push(Buffer.from('1\n{"do')), ['1']);
  assert.equal(splitter.pendingBytes, 4);
  assert.equal(splitter.end(), '{"do');
  assert.equal(splitter.end(), null);
  assert.equal(splitter.pendingBytes, 0);
});

test('property: lines come out as they went in, wherever the bytes are cut', () => {
  const line = fc.json().map((text) => text.replaceAll('\n', ' '));
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), fc.constantFrom('\n', '\r\n'), (lines, places, ending) => {
      const bytes = Buffer.from(lines.map((text) => text + ending).join(''));
      assert.deepEqual(cut(bytes, places), { lines, rest: null });
    }),
  );
});
