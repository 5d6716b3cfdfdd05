import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatheredBytes } from './gathered-bytes.ts';

test('property: whatever is put in comes out in its order, taken whole or piece by piece', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 5 }), { maxLength: 30 });
  fc.assert(
    fc.property(pieces, fc.nat(1500), fc.nat(40), pieces, (before, crumbs, shifts, after) => {
      const bytes = new GatheredBytes();
      const all = [...before, ...Array.from({ length: crumbs }, (_, index) => Buffer.from([index % 251])), ...after];
      for (const piece of all) bytes.push(Buffer.from(piece));
      const out: Buffer[] = [];
      for (let index = 0; index < shifts; index++) out.push(bytes.shift() ?? Buffer.alloc(0));
      assert.equal(bytes.length, all.reduce((sum, { length }) => sum + length, 0) - Buffer.concat(out).length);
      assert.deepEqual(Buffer.concat([...out, bytes.take()]), Buffer.concat(all));
      assert.equal(bytes.length, 0);
      assert.equal(bytes.shift(), undefined);
    }),
  );
});

test('a million crumbs are joined into a thousand pieces; large pieces are kept as they are', () => {
  const bytes = new GatheredBytes();
  for (let count = 0; count < 1_000_000; count++) bytes.push(Buffer.from('x'));
  let pieces = 0;
  while (bytes.shift() !== undefined) pieces++;
  assert.ok(pieces < 3_000, `${pieces} pieces`);
  const large = Array.from({ length: 2_000 }, () => Buffer.alloc(2_000));
  for (const piece of large) bytes.push(piece);
  for (const piece of large) assert.equal(bytes.shift(), piece);
});

test('one piece is taken as it is', () => {
  const bytes = new GatheredBytes();
  const only = Buffer.from('only');
  bytes.push(only);
  assert.equal(bytes.take(), only);
});
