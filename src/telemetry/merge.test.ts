import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from './exposition.ts';
import type { Family, Snapshot } from './family.ts';
import { merge, Tally } from './merge.ts';

function snapshotOf(requests: number, inFlight: number): Snapshot {
  const families: readonly Family[] = [
    { name: 'requests_total', help: 'Requests.', type: 'counter', samples: { 'alias="a"': requests } },
    { name: 'in_flight', help: 'Now.', type: 'gauge', together: 'sum', samples: { '': inFlight } },
    {
      name: 'seconds',
      help: 'Time.',
      type: 'histogram',
      bounds: [1, 2],
      samples: { 'alias="a"': { counts: [requests, 0, 1], sum: requests / 2 } },
    },
  ];
  return JSON.parse(JSON.stringify(families));
}

const numberOf = (snapshot: Snapshot, name: string): number | undefined => {
  const family = snapshot.find((one) => one.name === name);
  if (family === undefined || family.type === 'histogram') return undefined;
  return Object.values(family.samples)[0];
};

test('counters and histograms of several processes are added up', () => {
  assert.equal(
    exposition(merge([snapshotOf(3, 1), snapshotOf(4, 2)])),
    [
      '# HELP requests_total Requests.',
      '# TYPE requests_total counter',
      'requests_total{alias="a"} 7',
      '# HELP in_flight Now.',
      '# TYPE in_flight gauge',
      'in_flight 3',
      '# HELP seconds Time.',
      '# TYPE seconds histogram',
      'seconds_bucket{alias="a",le="1"} 7',
      'seconds_bucket{alias="a",le="2"} 7',
      'seconds_bucket{alias="a",le="+Inf"} 9',
      'seconds_sum{alias="a"} 3.5',
      'seconds_count{alias="a"} 9',
      '',
    ].join('\n'),
  );
});

test('a sample that only one process has stands as it is', () => {
  const one: Snapshot = [{ name: 'n_total', help: 'N.', type: 'counter', samples: { 'a="1"': 1 } }];
  const two: Snapshot = [{ name: 'n_total', help: 'N.', type: 'counter', samples: { 'a="2"': 2 } }];
  assert.deepEqual(merge([one, two])[0]?.samples, { 'a="1"': 1, 'a="2"': 2 });
});

test('a gauge says itself how processes come together', () => {
  const gauge = (together: 'sum' | 'largest' | 'smallest', value: number): Snapshot => [
    { name: 'g', help: 'G.', type: 'gauge', together, samples: { '': value } },
  ];
  assert.equal(numberOf(merge([gauge('sum', 2), gauge('sum', 5)]), 'g'), 7);
  assert.equal(numberOf(merge([gauge('largest', 2), gauge('largest', 5)]), 'g'), 5);
  assert.equal(numberOf(merge([gauge('smallest', 2), gauge('smallest', 5)]), 'g'), 2);
});

test('merging changes none of the snapshots', () => {
  const snapshots = [snapshotOf(3, 1), snapshotOf(4, 2)];
  merge(snapshots);
  assert.deepEqual(snapshots, [snapshotOf(3, 1), snapshotOf(4, 2)]);
});

test('counters never go back when a worker dies and another takes its place; what it held is gone', () => {
  const tally = new Tally();
  tally.heard(1, snapshotOf(10, 5));
  tally.heard(2, snapshotOf(1, 1));
  assert.equal(numberOf(tally.total(), 'requests_total'), 11);
  assert.equal(numberOf(tally.total(), 'in_flight'), 6);
  tally.departed(1);
  assert.equal(numberOf(tally.total(), 'requests_total'), 11);
  assert.equal(numberOf(tally.total(), 'in_flight'), 1);
  tally.heard(3, snapshotOf(2, 0));
  tally.heard(2, snapshotOf(4, 0));
  assert.equal(numberOf(tally.total(), 'requests_total'), 16);
  tally.departed(3);
  tally.departed(2);
  tally.departed(2);
  assert.equal(numberOf(tally.total(), 'requests_total'), 16);
  assert.equal(numberOf(tally.total(), 'in_flight'), undefined);
});
