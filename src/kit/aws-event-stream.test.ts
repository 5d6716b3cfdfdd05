import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { type AwsEvent, AwsEventSplitter } from './aws-event-stream.ts';

type Value = string | boolean | number | Buffer;

/** Writes a header as https://smithy.io/2.0/aws/amazon-eventstream.html describes it: text, truth, a byte or bytes. */
function header(name: string, value: Value): Buffer {
  const named = Buffer.concat([Buffer.from([Buffer.byteLength(name)]), Buffer.from(name)]);
  if (typeof value === 'boolean') return Buffer.concat([named, Buffer.from([value ? 0 : 1])]);
  if (typeof value === 'number') return Buffer.concat([named, Buffer.from([2, value])]);
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([named, Buffer.from([typeof value === 'string' ? 7 : 6]), length, bytes]);
}

function message(headers: Readonly<Record<string, Value>>, payload: string | Buffer): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  return framed(head, Buffer.from(payload));
}

function framed(head: Buffer, payload: Buffer): Buffer {
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + payload.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const body = Buffer.concat([prelude, head, payload]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([body, checksum]);
}

const event = (name: string, data: string): Buffer =>
  message({ ':event-type': name, ':content-type': 'application/json', ':message-type': 'event' }, data);

function readIn(bytes: Buffer, places: readonly number[]): { events: AwsEvent[]; splitter: AwsEventSplitter } {
  const splitter = new AwsEventSplitter();
  const marks = [0, ...places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return { events: marks.slice(1).flatMap((mark, at) => splitter.push(bytes.subarray(marks[at], mark))), splitter };
}

test('a stream cut anywhere gives the same events', () => {
  const events = fc.array(fc.tuple(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 200 })));
  fc.assert(
    fc.property(events, fc.array(fc.nat()), (said, places) => {
      const bytes = Buffer.concat(said.map(([name, data]) => event(name, data)));
      const { events: read, splitter } = readIn(bytes, places);
      assert.deepEqual(
        read,
        said.map(([name, data]) => ({ name, data })),
      );
      assert.deepEqual([splitter.pendingBytes, splitter.flaw], [0, null]);
    }),
  );
});

test('any single byte changed is noticed, and nothing after it is read', () => {
  const good = event('first', '{"a":1}');
  const spoilt = event('second', '{"b":2}');
  fc.assert(
    fc.property(fc.nat(spoilt.length - 1), fc.integer({ min: 1, max: 255 }), fc.array(fc.nat()), (at, by, places) => {
      const changed = Buffer.from(spoilt);
      changed[at] = (changed[at] ?? 0) ^ by;
      const { events, splitter } = readIn(Buffer.concat([good, changed, good]), places);
      assert.deepEqual(events, [{ name: 'first', data: '{"a":1}' }]);
      assert.notEqual(splitter.flaw, null);
      assert.deepEqual([splitter.push(good), splitter.pendingBytes], [[], 0]);
    }),
  );
});

test('half a message waits, and is counted', () => {
  const splitter = new AwsEventSplitter();
  const bytes = event('x', 'y');
  assert.deepEqual(splitter.push(bytes.subarray(0, 20)), []);
  assert.equal(splitter.pendingBytes, 20);
  assert.deepEqual(splitter.push(bytes.subarray(20)), [{ name: 'x', data: 'y' }]);
  assert.equal(splitter.pendingBytes, 0);
});

test('exceptions and errors are told from events', () => {
  const exception = { ':message-type': 'exception', ':exception-type': 'throttlingException' };
  const error = { ':message-type': 'error', ':error-code': 'InternalError', ':error-message': 'it "broke"' };
  const bytes = Buffer.concat([message(exception, '{"message":"slow"}'), message(error, '')]);
  assert.deepEqual(readIn(bytes, []).events, [
    { name: 'exception:throttlingException', data: '{"message":"slow"}' },
    { name: 'error:InternalError', data: '{"message":"it \\"broke\\""}' },
  ]);
});

test('headers of every kind are passed over', () => {
  const kinds = { yes: true, no: false, small: 7, raw: Buffer.from([1, 2, 3]), ':event-type': 'named' };
  assert.deepEqual(readIn(message(kinds, 'p'), []).events, [{ name: 'named', data: 'p' }]);
});

test('headers that run over their section are a flaw, whatever their checksums say', () => {
  for (const head of [
    [5, 97],
    [1, 97, 7, 0, 9, 98],
    [1, 97, 11],
    [1, 97, 5, 0],
    [1, 97, 7, 0],
  ]) {
    const { events, splitter } = readIn(framed(Buffer.from(head), Buffer.from('p')), []);
    assert.deepEqual([events, splitter.flaw], [[], 'headers that do not end where they say']);
  }
});

test('a length beyond all messages is refused before anything is kept for it', () => {
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(0xffff_ffff, 0);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const { splitter } = readIn(prelude, []);
  assert.deepEqual([splitter.flaw, splitter.pendingBytes], ['a message of 4294967295 bytes', 0]);
});

test('a message shorter than its headers is refused', () => {
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16, 0);
  prelude.writeUInt32BE(1, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  assert.equal(readIn(prelude, []).splitter.flaw, 'a message shorter than its headers');
});
