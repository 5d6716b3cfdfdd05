// Fastest first, by the mean of its last answers; a deployment not seen yet is tried first.
import { shuffled } from '../shuffled.ts';
import type { Strategy } from './strategy.ts';

export const latencyBased: Strategy = {
  name: 'latency-based',
  order: (candidates, random) => shuffled(candidates, random).toSorted((a, b) => a.seen.latencyMs - b.seen.latencyMs),
};
