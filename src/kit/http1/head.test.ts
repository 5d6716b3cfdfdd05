import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeadMemory, Malformed, readAnswerHead, readRequestHead } from './head.ts';

const get = (...lines: string[]): string => ['GET /a?b=c HTTP/1.1', 'host: x', ...lines].join('\r\n');

test('a head is a method, a target and fields with names in lower case', () => {
  const head = readRequestHead(get('Content-Type: application/json', 'X-Odd:\t two  words \t', 'x-empty:'));
  assert.deepEqual(head, {
    method: 'GET',
    target: '/a?b=c',
    minor: 1,
    fields: { host: 'x', 'content-type': 'application/json', 'x-odd': 'two  words', 'x-empty': '' },
  });
});

test('repeated fields are joined, cookies by their own rule, and of those that are no lists the first counts', () => {
  const { fields } = readRequestHead(
    get('a: 1', 'A: 2', 'cookie: x=1', 'cookie: y=2', 'authorization: Bearer one', 'authorization: Bearer two'),
  );
  assert.deepEqual(fields, { host: 'x', a: '1, 2', cookie: 'x=1; y=2', authorization: 'Bearer one' });
});

test('an absolute address stands for its path', () => {
  const target = (line: string): string => readRequestHead(`GET ${line} HTTP/1.1\r\nhost: x`).target;
  assert.equal(target('http://gateway:4000/v1/models?a=b'), '/v1/models?a=b');
  assert.equal(target('https://gateway'), '/');
  assert.equal(target('*'), '*');
});

const refused: readonly (readonly [string, string])[] = [
  ['no version', 'GET /\r\nhost: x'],
  ['HTTP/2 in words', 'GET / HTTP/2.0\r\nhost: x'],
  ['two blanks', 'GET  / HTTP/1.1\r\nhost: x'],
  ['a blank in the target', 'GET /a b HTTP/1.1\r\nhost: x'],
  ['bytes beyond ASCII in the target', 'GET /\xe9 HTTP/1.1\r\nhost: x'],
  ['a method that is no token', 'G(T / HTTP/1.1\r\nhost: x'],
  ['no host', 'GET / HTTP/1.1\r\na: b'],
  ['two hosts', get('Host: y')],
  ['two lengths', get('content-length: 1', 'content-length: 1')],
  ['two codings', get('transfer-encoding: chunked', 'transfer-encoding: chunked')],
  ['a blank before the colon', get('content-length : 5')],
  ['a folded line', get('a: b', ' c')],
  ['a line without a colon', get('nothing')],
  ['an empty name', get(': b')],
  ['a zero byte', get('a: b\0c')],
  ['a lone carriage return', get('a: b\rcontent-length: 5')],
  ['a lone line feed', get('a: b\ncontent-length: 5')],
  ['a line feed in the request line', 'GET / HTTP/1.1\nhost: x'],
  ['a name that objects have', get('__proto__: x')],
  ['more fields than anybody sends', get(...Array.from({ length: 200 }, (_, index) => `a${index}: b`))],
];
for (const [what, text] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(() => readRequestHead(text), Malformed);
  });
}

test('what the head before said is not taken for what this one says', () => {
  const memory = new HeadMemory();
  const read = (...lines: string[]) => readRequestHead(get(...lines), memory).fields;
  assert.deepEqual(read('a: 1', 'b: 2'), { host: 'x', a: '1', b: '2' });
  assert.deepEqual(read('a: 12', 'b: 2'), { host: 'x', a: '12', b: '2' });
  assert.deepEqual(read('a: 1', 'c: 3', 'b: 2'), { host: 'x', a: '1', c: '3', b: '2' });
  assert.deepEqual(read('a: 1'), { host: 'x', a: '1' });
  assert.deepEqual(read('a: 1', 'b: 2'), { host: 'x', a: '1', b: '2' });
  assert.throws(() => read('a: 1\n', 'b: 2'), Malformed);
  assert.throws(() => read('a: 1\nc: 3'), Malformed);
});

test('an answer has a status; its reason may say anything or nothing', () => {
  assert.equal(readAnswerHead('HTTP/1.1 429 Too Many\r\nretry-after: 3').status, 429);
  assert.deepEqual(readAnswerHead('HTTP/1.0 200\r\nserver: x'), { status: 200, minor: 0, fields: { server: 'x' } });
  assert.throws(() => readAnswerHead('HTTP/1.1 20 OK'), Malformed);
  assert.throws(() => readAnswerHead('ICY 200 OK'), Malformed);
});
