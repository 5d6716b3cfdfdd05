import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Price } from '../../core/prices.ts';
import type { DeploymentParameters, StrategyName } from '../../core/records.ts';
import type { Target } from '../target.ts';
import type { Seen } from '../traffic.ts';
import { strategies } from './index.ts';
import type { Candidate } from './strategy.ts';

const idle: Seen = { inFlight: 0, tokens: 0, requests: 0, latencyMs: 0 };

/** A candidate that has only what strategies look at. */
function candidate(
  id: string,
  parameters: DeploymentParameters,
  seen: Partial<Seen> = {},
  price: Price | null = null,
  share = 1,
): Candidate {
  const target = { record: { id, parameters }, price } as unknown as Target;
  return { target, seen: { ...idle, ...seen }, share };
}

const ids = (candidates: readonly Candidate[]): string[] => candidates.map(({ target }) => target.record.id);

function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const someCandidates = fc
  .array(
    fc.record({
      weight: fc.option(fc.nat(10), { nil: undefined }),
      rpm: fc.option(fc.nat(100), { nil: undefined }),
      inFlight: fc.nat(20),
      tokens: fc.nat(1000),
      latencyMs: fc.nat(5000),
    }),
    { maxLength: 12 },
  )
  .map((list) =>
    list.map(({ weight, rpm, ...seen }, index) =>
      candidate(
        `d${index}`,
        { ...(weight === undefined ? {} : { weight }), ...(rpm === undefined ? {} : { rpm }) },
        seen,
      ),
    ),
  );

for (const name of Object.keys(strategies) as StrategyName[]) {
  test(`${name} gives back the candidates it was given, the same for the same dice`, () => {
    fc.assert(
      fc.property(someCandidates, fc.integer({ min: 1, max: 1_000_000 }), (candidates, seed) => {
        const once = ids(strategies[name].order(candidates, seeded(seed)));
        assert.deepEqual(once.toSorted(), ids(candidates).toSorted());
        assert.deepEqual(ids(strategies[name].order(candidates, seeded(seed))), once);
      }),
    );
  });
}

test('least-busy puts the fewest requests in flight first', () => {
  const candidates = [
    candidate('busy', {}, { inFlight: 3 }),
    candidate('free', {}),
    candidate('half', {}, { inFlight: 1 }),
  ];
  assert.deepEqual(ids(strategies['least-busy'].order(candidates, seeded(7))), ['free', 'half', 'busy']);
});

test('usage-based puts deployments at their limit last, else the fewest tokens first', () => {
  const candidates = [
    candidate('full', { rpm: 5 }, { requests: 5 }),
    candidate('much', {}, { tokens: 900 }),
    candidate('little', { tpm: 1000 }, { tokens: 100 }),
  ];
  assert.deepEqual(ids(strategies['usage-based'].order(candidates, seeded(7))), ['little', 'much', 'full']);
});

test('usage-based takes a worker for full at its share of a limit', () => {
  const candidates = [
    candidate('full', { rpm: 6 }, { requests: 3 }, null, 1 / 2),
    candidate('much', { tpm: 4000 }, { tokens: 1900 }, null, 1 / 2),
  ];
  assert.deepEqual(ids(strategies['usage-based'].order(candidates, seeded(7))), ['much', 'full']);
});

test('latency-based tries what it has not seen, then the fastest', () => {
  const candidates = [
    candidate('slow', {}, { latencyMs: 900 }),
    candidate('fast', {}, { latencyMs: 90 }),
    candidate('new', {}),
  ];
  assert.deepEqual(ids(strategies['latency-based'].order(candidates, seeded(7))), ['new', 'fast', 'slow']);
});

test('cost-based puts the cheapest first and an unknown price last', () => {
  const dear = { input_cost_per_token: 3e-6, output_cost_per_token: 15e-6 };
  const cheap = { input_cost_per_token: 1e-7, output_cost_per_token: 4e-7 };
  const candidates = [candidate('unknown', {}), candidate('dear', {}, {}, dear), candidate('cheap', {}, {}, cheap)];
  assert.deepEqual(ids(strategies['cost-based'].order(candidates, seeded(7))), ['cheap', 'dear', 'unknown']);
});

test('simple-shuffle weighs by rpm when there are no weights, wherever it stands', () => {
  const candidates = [candidate('none', {}), candidate('nine', { rpm: 90 }), candidate('one', { rpm: 10 })];
  const random = seeded(11);
  const first = Array.from({ length: 2_000 }, () => ids(strategies['simple-shuffle'].order(candidates, random))[0]);
  const share = first.filter((id) => id === 'nine').length / first.length;
  assert.ok(share > 0.87 && share < 0.93, `${share} of the draws went to nine tenths of the weight`);
  assert.equal(first.includes('none'), false);
});
