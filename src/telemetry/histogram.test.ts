import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from './histogram.ts';

test('a value stands in the first bucket whose bound it does not exceed', () => {
  const histogram = new Histogram([1, 2, 4]);
  for (const value of [0, 1, 1.5, 2, 3, 4, 5, 1000]) histogram.observe(value);
  assert.deepEqual(histogram.counts, [2, 2, 2, 2]);
  assert.equal(histogram.sum, 1016.5);
});

test('whatever the values, each is in exactly the bucket a plain search finds', () => {
  const bounds = [0.1, 0.5, 1, 5, 10, 60];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true })), (values) => {
      const histogram = new Histogram(bounds);
      for (const value of values) histogram.observe(value);
      const expected = [...bounds, Number.POSITIVE_INFINITY].map(
        (bound, at) => values.filter((value) => value <= bound && value > (bounds[at - 1] ?? -1)).length,
      );
      assert.deepEqual(histogram.counts, expected);
    }),
  );
});
