import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deepest, mapBody, spliceBody } from './json-body.ts';

const mapped = (text: string) => mapBody(Buffer.from(text), text);

const edit = (text: string, edits: Record<string, string | undefined>): string => {
  const bytes = Buffer.from(text);
  const map = mapBody(bytes, text);
  assert.ok('fields' in map);
  return Buffer.concat(spliceBody(bytes, map, new Map(Object.entries(edits)))).toString();
};

test('only the edited field changes its bytes', () => {
  assert.equal(
    edit('{ "a": 1.0, "model" : "x" ,"n":[1,{"model":"in"}] }', { model: '"y"' }),
    '{ "a": 1.0, "model" : "y" ,"n":[1,{"model":"in"}] }',
  );
});

test('a field is removed with its comma, first, middle, last or alone', () => {
  assert.equal(edit('{"a":1,"b":2,"c":3}', { a: undefined }), '{"b":2,"c":3}');
  assert.equal(edit('{"a":1,"b":2,"c":3}', { b: undefined }), '{"a":1,"c":3}');
  assert.equal(edit('{"a":1,"b":2,"c":3}', { c: undefined }), '{"a":1,"b":2}');
  assert.equal(edit('{"a":1, "b":2 , "c":3 }', { b: undefined, c: undefined, a: '4' }), '{"a":4 }');
  assert.equal(edit('{"a":1,"b":2,"c":3}', { a: undefined, b: undefined, c: undefined }), '{}');
  assert.equal(edit('{"a":1}', { a: undefined, z: '5' }), '{"z":5}');
});

test('a key written with escapes is the same key', () => {
  assert.equal(edit('{"mod\\u0065l":"x"}', { model: '"y"' }), '{"mod\\u0065l":"y"}');
});

test('flaws are named: a field given twice, nesting beyond the limit, a list', () => {
  assert.deepEqual(mapped('{"a":1,"b":2,"a":3}'), { kind: 'duplicate', field: 'a' });
  assert.deepEqual(mapped(`{"a":${'['.repeat(deepest)}${']'.repeat(deepest)}}`), { kind: 'depth' });
  assert.deepEqual(mapped('[1]'), { kind: 'not-object' });
});

test('property: splicing equals editing the parsed object', () => {
  const indent = fc.constantFrom(undefined, 2, '\t');
  const word = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', '}', ' ', 'ä', '語', '😀'), maxLength: 40 });
  const value = fc.oneof(word, fc.jsonValue());
  fc.assert(
    fc.property(
      fc.dictionary(word, value, { noNullPrototype: true }),
      fc.oneof(fc.nat(), word),
      value,
      fc.boolean(),
      indent,
      (body, chosen, value, remove, space) => {
        const text = JSON.stringify(body, null, space);
        const expected: Record<string, unknown> = JSON.parse(text);
        const names = Object.keys(expected);
        const field = typeof chosen === 'string' ? chosen : (names[chosen % names.length] ?? 'none');
        if (remove) delete expected[field];
        else Object.defineProperty(expected, field, { value, enumerable: true, configurable: true, writable: true });
        const result: unknown = JSON.parse(edit(text, { [field]: remove ? undefined : JSON.stringify(value) }));
        assert.deepEqual(result, JSON.parse(JSON.stringify(expected)));
      },
    ),
  );
});
