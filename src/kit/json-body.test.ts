import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deepest, mapBody, spliceBody } from './json-body.ts';

const edit = (text: string, edits: Record<string, string | undefined>): string => {
  const bytes = Buffer.from(text);
  const map = mapBody(bytes);
  assert.ok('fields' in map);
  return spliceBody(bytes, map, new Map(Object.entries(edits))).toString();
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
  assert.equal(edit('{"a":1}', { a: undefined, z: '5' }), '{"z":5}');
});

test('a key written with escapes is the same key', () => {
  assert.equal(edit('{"mod\\u0065l":"x"}', { model: '"y"' }), '{"mod\\u0065l":"y"}');
});

test('flaws are named: a field given twice, nesting beyond the limit, a list', () => {
  assert.deepEqual(mapBody(Buffer.from('{"a":1,"b":2,"a":3}')), { kind: 'duplicate', field: 'a' });
  assert.deepEqual(mapBody(Buffer.from(`{"a":${'['.repeat(deepest)}${']'.repeat(deepest)}}`)), { kind: 'depth' });
  assert.deepEqual(mapBody(Buffer.from('[1]')), { kind: 'not-object' });
});

test('property: splicing equals editing the parsed object', () => {
  const indent = fc.constantFrom(undefined, 2, '\t');
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }),
      fc.string(),
      fc.jsonValue(),
      fc.boolean(),
      indent,
      (body, field, value, remove, space) => {
        const text = JSON.stringify(body, null, space);
        const expected: Record<string, unknown> = JSON.parse(text);
        if (remove) delete expected[field];
        else Object.defineProperty(expected, field, { value, enumerable: true, configurable: true, writable: true });
        const result: unknown = JSON.parse(edit(text, { [field]: remove ? undefined : JSON.stringify(value) }));
        assert.deepEqual(result, JSON.parse(JSON.stringify(expected)));
      },
    ),
  );
});
