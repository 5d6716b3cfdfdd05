// Random, weighted by `weight`, else by `rpm`, else by `tpm`, as soon as any candidate has one; else all alike.
import { shuffled } from '../shuffled.ts';
import type { Candidate, Strategy } from './strategy.ts';

const measures = ['weight', 'rpm', 'tpm'] as const;

/** Weights of the candidates, or null when all are alike; those without the measure that some have weigh nothing and come last. */
function weightsOf(candidates: readonly Candidate[]): number[] | null {
  for (const measure of measures) {
    if (candidates.some(({ target }) => (target.record.parameters[measure] ?? 0) > 0)) {
      return candidates.map(({ target }) => target.record.parameters[measure] ?? 0);
    }
  }
  return null;
}

export const simpleShuffle: Strategy = {
  name: 'simple-shuffle',
  // Efraimidis and Spirakis (2006): sorting by random^(1/weight) draws without replacement in proportion to the weights.
  order: (candidates, random) => {
    const weights = weightsOf(candidates);
    if (weights === null) return shuffled(candidates, random);
    return candidates
      .map((candidate, index) => ({ candidate, weight: weights[index] ?? 0, draw: random() }))
      .map(({ candidate, weight, draw }) => ({ candidate, lot: weight > 0 ? draw ** (1 / weight) : draw - 1 }))
      .sort((a, b) => b.lot - a.lot)
      .map(({ candidate }) => candidate);
  },
};
