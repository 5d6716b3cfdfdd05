import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { answerFraming, ChunkedReader, requestFraming } from './framing.ts';
import { Malformed } from './head.ts';

test('a request has a length, is chunked, or has no body', () => {
  assert.equal(requestFraming({}, 1), 0);
  assert.equal(requestFraming({ 'content-length': '12' }, 1), 12);
  assert.equal(requestFraming({ 'transfer-encoding': 'Chunked' }, 1), 'chunked');
});

for (const fields of [
  { 'content-length': '5', 'transfer-encoding': 'chunked' },
  { 'transfer-encoding': 'gzip, chunked' },
  { 'transfer-encoding': 'xchunked' },
  { 'transfer-encoding': 'identity' },
  { 'content-length': '+5' },
  { 'content-length': '5, 5' },
  { 'content-length': '0x5' },
  { 'content-length': '-1' },
  { 'content-length': '' },
  { 'content-length': '9999999999999999' },
]) {
  test(`refused: ${JSON.stringify(fields)}`, () => {
    assert.throws(() => requestFraming(fields, 1), Malformed);
  });
}

test('HTTP/1.0 knows no chunks', () => {
  assert.throws(() => requestFraming({ 'transfer-encoding': 'chunked' }, 0), Malformed);
});

test('an answer without a length ends with the connection; some never have a body', () => {
  assert.equal(answerFraming({}, 1, 200, false), 'until-close');
  assert.equal(answerFraming({ 'content-length': '7' }, 1, 200, true), 0);
  assert.equal(answerFraming({}, 1, 204, false), 0);
  assert.equal(answerFraming({ 'content-length': '7' }, 1, 304, false), 0);
});

/** Reads pieces one after the other; returns the data and what was left over. */
function read(pieces: readonly Buffer[]): { data: string; rest: string; isDone: boolean } {
  const reader = new ChunkedReader();
  const data: Buffer[] = [];
  const rest: Buffer[] = [];
  for (const piece of pieces) {
    const end = reader.isDone ? 0 : reader.read(piece, 0, (bytes) => data.push(Buffer.from(bytes)));
    rest.push(piece.subarray(end));
  }
  return { data: Buffer.concat(data).toString(), rest: Buffer.concat(rest).toString(), isDone: reader.isDone };
}

const chunked = (texts: readonly string[]): string =>
  `${texts.map((text, at) => `${Buffer.byteLength(text).toString(16)}${at % 2 === 0 ? '' : ';note=x'}\r\n${text}\r\n`).join('')}0\r\nx-sum: 1\r\n\r\n`;

test('however chunks are cut on their way, the same data comes out, and what follows is left', () => {
  const texts = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), { maxLength: 8 });
  const cuts = fc.array(fc.nat(600), { maxLength: 12 });
  fc.assert(
    fc.property(texts, cuts, (said, at) => {
      const bytes = Buffer.from(`${chunked(said)}GET /next`);
      const places = [...new Set([0, ...at.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      assert.deepEqual(read(pieces), { data: said.join(''), rest: 'GET /next', isDone: true });
    }),
  );
});

for (const [what, text] of [
  ['a size that is no number', 'x\r\n'],
  ['a size with a sign', '+5\r\nhello\r\n0\r\n\r\n'],
  ['a size in 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
  ['a blank before the size', ' 5\r\nhello\r\n0\r\n\r\n'],
  ['a size that ends in a line feed only', '5\nhello\r\n0\r\n\r\n'],
  ['a size beyond all bounds', 'fffffffffffff\r\n'],
  ['a chunk longer than it says', '5\r\nhello!\r\n0\r\n\r\n'],
  ['a chunk that ends in a line feed only', '5\r\nhello\n0\r\n\r\n'],
  ['an extension without end', `5;${'x'.repeat(300)}\r\nhello\r\n`],
  ['an extension with a line feed', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['a trailer that is no header', '0\r\nx y: 1\r\n\r\n'],
] as const) {
  test(`refused: ${what}`, () => {
    assert.throws(() => read([Buffer.from(text)]), Malformed);
  });
}
