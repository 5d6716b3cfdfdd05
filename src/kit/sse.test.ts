import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEvent, SseSplitter, writeEvent } from './sse.ts';

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ' '));
const name = fc.stringMatching(/^[a-z_]{1,12}$/);
const someEvents = fc.array(fc.record({ name: fc.option(name, { nil: undefined }), data: line }), { maxLength: 8 });

/** Takes bytes and places to cut; returns the pieces. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((end, index) => bytes.subarray(borders[index], end));
}

function split(pieces: readonly Buffer[]): Buffer[] {
  const splitter = new SseSplitter();
  return pieces.flatMap((piece) => splitter.push(piece));
}

test('property: events are the same however the bytes were cut, and keep their bytes', () => {
  fc.assert(
    fc.property(someEvents, fc.array(fc.nat(), { maxLength: 12 }), (events, places) => {
      const bytes = Buffer.from(events.map((event) => writeEvent(event.data, event.name)).join(''));
      const raw = split(cut(bytes, places));
      assert.deepEqual(Buffer.concat(raw), bytes);
      assert.deepEqual(
        raw.map(readEvent).map(({ name: named, data }) => ({ name: named, data })),
        events.map(({ name: named, data }) => ({ name: named ?? 'message', data })),
      );
    }),
  );
});

test('property: whatever comes, nothing is thrown and no byte is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
      const splitter = new SseSplitter();
      const raw = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
      for (const event of raw) readEvent(event);
      const rest = splitter.end() ?? Buffer.alloc(0);
      assert.deepEqual(Buffer.concat([...raw, rest]), Buffer.concat(chunks));
    }),
  );
});

test('carriage returns end lines too, several data lines are one text, comments and unknown fields are left out', () => {
  const [first, second] = split([
    Buffer.from(': hello\r\nevent: delta\r\nid: 7\r\ndata: one\r\ndata:two\r\n\r\ndata: x\n\n'),
  ]);
  assert.deepEqual(first && { name: readEvent(first).name, data: readEvent(first).data }, {
    name: 'delta',
    data: 'one\ntwo',
  });
  assert.equal(second && readEvent(second).data, 'x');
});

test('what a server writes bare, without a field, is read as data: so it says that it failed', () => {
  const error = '{\n  "error": {\n    "code": 499\n  }\n}';
  const [first, second] = split([Buffer.from(`data: {}\n\n${error}\n\n`)]);
  assert.equal(first && readEvent(first).data, '{}');
  assert.equal(second && readEvent(second).data, error);
  assert.equal(readEvent(Buffer.from(`${error}\r\n`)).data, error);
});

test('an event without its closing blank line is what is left at the end', () => {
  const splitter = new SseSplitter();
  assert.deepEqual(splitter.push(Buffer.from('data: half')), []);
  assert.equal(splitter.pendingBytes, 10);
  assert.equal(splitter.end()?.toString(), 'data: half');
});

for (const size of [1, 2, 3, 1_000]) {
  test(`a long event in pieces of ${size} bytes is copied a few times, not once a piece`, (t) => {
    const bytes = Buffer.from(`data: ${'x'.repeat(100_000)}\r\n\r\ndata: next\n\n`);
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const { concat } = Buffer;
    let copied = 0;
    t.after(() => Object.assign(Buffer, { concat }));
    Object.assign(Buffer, {
      concat: (list: readonly Uint8Array[], length?: number) => {
        const joined = concat(list, length);
        copied += joined.length;
        return joined;
      },
    });
    const raw = split(pieces);
    assert.deepEqual(
      raw.map(({ length }) => length),
      [100_010, 12],
    );
    assert.ok(copied < 8 * bytes.length, `${copied} bytes were copied for ${bytes.length}`);
  });
}
