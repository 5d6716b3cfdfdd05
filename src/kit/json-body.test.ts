import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deepest, type Folds, mapBody, outlineOf, spliceBody } from './json-body.ts';

const mapped = (text: string) => mapBody(Buffer.from(text), null);

const edit = (text: string, edits: Record<string, string | undefined>): string => {
  const bytes = Buffer.from(text);
  const map = mapBody(bytes, null);
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

const texts: Folds = { field: 'messages', names: ['content', 'text'], openings: [] };
const elements: Folds = {
  ...texts,
  openings: ['{"role":"user","content":"', '{"role": "user", "content": "', '{"content":"'],
};

/** Takes a body's text and what may be folded; returns its outline, or null when the body is flawed. */
function outlined(text: string, folds: Folds): string | null {
  const bytes = Buffer.from(text);
  const map = mapBody(bytes, folds);
  return 'kind' in map ? null : outlineOf(bytes, map);
}

const long = 'a "word", a \\ and a\nline, ä 語 😀. '.repeat(4);

test('long texts of messages are folded, and nothing else is', () => {
  const body = {
    model: 'm',
    content: long,
    messages: [
      { role: 'user', content: long },
      { role: 'user', content: [{ type: 'text', text: long, url: long }] },
      { role: 'assistant', content: 'short', text: 'ä 語' },
    ],
    tools: [{ text: long }],
  };
  const expected = structuredClone(body);
  Object.assign(expected.messages[0] ?? {}, { content: '...' });
  Object.assign(expected.messages[1] ?? {}, { content: [{ type: 'text', text: '...', url: long }] });
  for (const space of [undefined, 2, '\t']) {
    const outline = outlined(JSON.stringify(body, null, space), texts);
    assert.deepEqual(JSON.parse(outline ?? ''), expected);
  }
});

test('elements that begin as given around a long text are folded whole, in the list that is named and nowhere else', () => {
  const said = JSON.stringify(long);
  const user = `{"role":"user","content":${said}}`;
  const spaced = `{"role": "user", "content": ${said}}`;
  const more = `{"role":"user","content":${said},"name":"n"}`;
  const short = '{"role":"user","content":"yes"}';
  const body = (list: string): string => `{"input":[${user}],"messages":[${list}],"metadata":{"kept":[${user}]}}`;
  assert.equal(
    outlined(body(`${user}, ${spaced},${more},[${user}],${short}`), elements),
    body(`null, null,${more.replace(said, '"..."')},[${user.replace(said, '"..."')}],${short}`),
  );
});

function isJson(text: string | null): boolean {
  try {
    JSON.parse(text ?? '');
    return true;
  } catch {
    return false;
  }
}

const spoilt = fc.record({
  content: fc.array(fc.constantFrom('word ', long, '\\', '"', '\u0001', '\u001f', '\x7f', 'ä', '\u2028'), {
    maxLength: 12,
  }),
  at: fc.nat(),
  remove: fc.nat({ max: 2 }),
  insert: fc.constantFrom(
    '',
    '"',
    '\\',
    '\\u12g4',
    '\\u00e',
    '\\x',
    '\\/',
    '\n',
    '\u0000',
    '\t',
    ',',
    '}',
    'é',
    '\\"',
    ':',
    '5',
    'null',
    '-',
  ),
});

test('property: the outline of a body is JSON exactly when the body is, however it was spoilt', () => {
  fc.assert(
    fc.property(spoilt, ({ content, at, remove, insert }) => {
      const text = JSON.stringify({
        model: 'm',
        messages: [{ role: 'user', content: content.join('') }, { text: long }, { role: 'user', content: long }],
      });
      const place = at % text.length;
      const sent = text.slice(0, place) + insert + text.slice(place + remove);
      for (const folds of [texts, elements]) assert.equal(isJson(outlined(sent, folds)), isJson(sent), sent);
    }),
    { numRuns: 3_000 },
  );
});

test('each byte that no string may hold is found wherever it stands among the others', () => {
  for (let byte = 0; byte < 0x100; byte++) {
    for (let place = 0; place < 9; place++) {
      const content = Buffer.alloc(100, 'x');
      content[20 + place] = byte;
      const text = `{"messages":[{"content":"${content.toString('latin1')}"}]}`;
      for (const folds of [texts, elements]) {
        assert.equal(isJson(outlined(text, folds)), isJson(text), `byte ${byte} at ${place}`);
      }
    }
  }
});
