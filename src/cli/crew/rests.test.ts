import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rests } from './rests.ts';

test('a worker that begins is told what rests, and for how long still', () => {
  let now = 0;
  const rests = new Rests({ monotonic: () => now });
  rests.heard({ kind: 'rest', deployment: 'a', restMs: 1_000, windowMs: 500 });
  rests.heard({ kind: 'rest', deployment: 'b', restMs: 5_000, windowMs: 5_000 });
  now = 400;
  rests.heard({ kind: 'rest', deployment: 'a', restMs: 100, windowMs: 500 });
  assert.deepEqual(rests.left(), [
    { kind: 'rest', deployment: 'a', restMs: 600, windowMs: 500 },
    { kind: 'rest', deployment: 'b', restMs: 4_600, windowMs: 5_000 },
  ]);
  now = 1_000;
  assert.deepEqual(rests.left(), [{ kind: 'rest', deployment: 'b', restMs: 4_000, windowMs: 5_000 }]);
  now = 5_000;
  assert.deepEqual(rests.left(), []);
});
