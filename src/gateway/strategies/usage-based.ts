// Lowest share of this minute's tokens first; deployments at their rpm or tpm limit come last.
import { shuffled } from '../shuffled.ts';
import type { Candidate, Strategy } from './strategy.ts';

function isFull({ target, seen, share }: Candidate): boolean {
  const { rpm, tpm } = target.record.parameters;
  return (rpm !== undefined && seen.requests >= rpm * share) || (tpm !== undefined && seen.tokens >= tpm * share);
}

export const usageBased: Strategy = {
  name: 'usage-based',
  order: (candidates, random) =>
    shuffled(candidates, random).toSorted(
      (a, b) =>
        Number(isFull(a)) - Number(isFull(b)) || a.seen.tokens - b.seen.tokens || a.seen.requests - b.seen.requests,
    ),
};
