import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type JsonObject, listOf } from '../core/json.ts';
import { mapBody, outlineOf } from '../kit/json-body.ts';
import { folds, unfoldMessages } from './words.ts';

/** Takes a body's text; returns what its outline says, or null when the outline cannot be told from what the client sent. */
function outlined(text: string): JsonObject | null {
  const bytes = Buffer.from(text);
  const map = mapBody(bytes, folds);
  assert.ok('fields' in map, text);
  const outline = JSON.parse(outlineOf(bytes, map)) as JsonObject;
  return unfoldMessages(outline, map) ? outline : null;
}

const long = 'a "word", a \\ and a\nline, ä 語 😀. '.repeat(4);
const text = fc.constantFrom('', 'yes', long, `${long}${long}`);
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('user', 'assistant', 'system', 'tool'), content: text }),
  fc.record({ role: fc.constant('assistant'), content: fc.constant(null), tool_calls: fc.constant([{ id: 'c1' }]) }),
  fc.record({ role: fc.constant('user'), content: fc.array(fc.record({ type: fc.constant('text'), text })) }),
  fc.record({ content: text, role: fc.constant('user') }),
);

/** Takes a message; returns what an outline says of it. A text of more than 64 bytes, quotes included, is folded. */
function short(sent: unknown): unknown {
  const isLong = (value: unknown): boolean =>
    typeof value === 'string' && Buffer.byteLength(JSON.stringify(value)) > 64;
  return JSON.parse(JSON.stringify(sent), (_name, value: unknown) => (isLong(value) ? '...' : value));
}

test('property: the outline of a conversation says who speaks and what is short, in the order of the messages', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 12 }), fc.boolean(), (messages, isSpaced) => {
      const sent = messages.map((one) => JSON.stringify(one));
      // As Python's json module writes it; texts of these messages hold no such comma or colon.
      const written = isSpaced ? sent.map((one) => one.replaceAll('":', '": ').replaceAll(',"', ', "')) : sent;
      const outline = outlined(`{"model":"m","messages":[${written.join(isSpaced ? ', ' : ',')}],"temperature":1}`);
      assert.deepEqual(outline, { model: 'm', messages: messages.map(short), temperature: 1 });
    }),
    { numRuns: 2_000 },
  );
});

test('null that a client sent among its messages is never taken for one of them', () => {
  const plain = JSON.stringify({ role: 'user', content: long });
  for (const list of [`null,${plain}`, `${plain},null`, 'null', `null,${plain},${plain}`]) {
    assert.equal(outlined(`{"messages":[${list}]}`), null, list);
  }
  assert.equal(outlined(`{"messages":{"a":${plain}}}`), null);
  assert.equal(listOf(outlined(`{"messages":[${plain}],"stop":null}`)?.messages).length, 1);
});
