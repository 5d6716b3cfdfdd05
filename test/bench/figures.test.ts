// The arithmetic of the bench: quantiles, medians, what one load's report becomes, and what a gateway adds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile } from '../../bench/histogram.ts';
import type { LoadReport } from '../../bench/instruments.ts';
import { disturbance } from '../../bench/machine.ts';
import { added, faultOf, figuresOf } from '../../bench/measure.ts';
import { median, medians } from '../../bench/median.ts';
import { latency, plain, throughput } from '../../bench/requests.ts';

test('a quantile is the smallest value that its share of all samples does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => [index + 1, 1] as const);
  assert.deepEqual(
    [0, 0.5, 0.99, 1].map((share) => quantile(hundred, share)),
    [1, 50, 99, 100],
  );
  assert.equal(
    quantile(
      [
        [7, 3],
        [9, 1],
      ],
      0.75,
    ),
    7,
  );
  assert.equal(
    quantile(
      [
        [7, 3],
        [9, 1],
      ],
      0.76,
    ),
    9,
  );
  assert.throws(() => quantile([], 0.5), /empty histogram/);
});

test('a median is the middle, or the mean of the two in the middle, in whatever order they come', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), /nothing/);
});

test('the median of a figure is that of the rounds that have it', () => {
  assert.deepEqual(medians([{ a: 1, b: 10 }, { a: 3 }, { a: 2, b: 30 }]), { a: 2, b: 20 });
  assert.deepEqual(medians([]), {});
});

const report: LoadReport = {
  seconds: 2,
  answered: 1000,
  failures: 0,
  refusals: 0,
  refusal: '',
  unsent: 0,
  unanswered: 0,
  events: 100_000,
  bytes: 1,
  busySeconds: 3.5,
  stolenSeconds: 0.5,
  ownSeconds: 0.25,
  cpuSeconds: { own: 0.05, database: 0.02, upstream: 0.25 },
  latency: [
    [200_000, 990],
    [900_000, 10],
  ],
  firstEvent: [[50_000, 1000]],
};

function row(name: string) {
  const found = [...throughput, ...latency].find((one) => one.name === name);
  assert.ok(found, `there is a row ${name}`);
  return found;
}

test('a load becomes answers a second, microseconds of CPU an answer and quantiles in microseconds', () => {
  assert.deepEqual(figuresOf(plain, report), {
    'chat-1k.perSecond': 500,
    'chat-1k.cpuMicros': 50,
    'chat-1k.databaseMicros': 20,
    'chat-1k.p50': 200,
    'chat-1k.p99': 200,
  });
});

test('a stream becomes chunks as well, and its latency is that of the first event', () => {
  const figures = figuresOf(row('stream'), report);
  assert.equal(figures['stream.chunksPerSecond'], 50_000);
  assert.equal(figures['stream.chunkMicros'], 0.5);
  assert.equal(figures['stream.p50'], 50);
});

test('a load that asks for latency makes no rate, which it set itself', () => {
  assert.ok(!('fixed.perSecond' in figuresOf(row('fixed'), report)));
});

test('failures up to one in a thousand pass, and more spoil the row and say how many', () => {
  assert.equal(faultOf({ ...report, failures: 1 }), null);
  assert.match(faultOf({ ...report, failures: 2 }) ?? '', /^2 of 1002 failed/);
  // A refusal within the measured time is a failure too; one before it is neither.
  const refused = { ...report, failures: 1, refusals: 1, refusal: 'HTTP/1.1 429' };
  assert.equal(faultOf(refused), null);
  assert.equal(faultOf({ ...refused, failures: 2, refusals: 20 }), '2 of 1002 failed HTTP/1.1 429');
  assert.equal(faultOf({ ...report, answered: 0, refusal: 'HTTP/1.1 500' }), 'HTTP/1.1 500');
  assert.match(faultOf({ ...report, unanswered: 11 }) ?? '', /did not keep up: 11/);
});

test('what a gateway adds is its quantile less that without one, and never less than nothing', () => {
  const through = { 'fixed.p50': 250, 'fixed.p99': 90, 'alone.p50': 40 };
  const without = { 'fixed.p50': 100, 'fixed.p99': 100 };
  assert.deepEqual(added(through, without), { 'fixed.addedP50': 150, 'fixed.addedP99': 0 });
});

test('others are what the machine did less all that is known, in cores', () => {
  const { others, stolen } = disturbance(report);
  assert.ok(Math.abs(others - 1.465) < 1e-9);
  assert.equal(stolen, 0.25);
});
