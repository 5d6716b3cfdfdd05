// The contract of the strategies shelf: a strategy is a sort. It does not pick, retry or remember.
import type { StrategyName } from '../../core/records.ts';
import type { Target } from '../target.ts';
import type { Seen } from '../traffic.ts';

export interface Candidate {
  readonly target: Target;
  readonly seen: Seen;
  /** How much of its limits is this process's, which sees its own traffic only: 1 where it is the only one. */
  readonly share: number;
}

export interface Strategy {
  readonly name: StrategyName;
  /** Takes candidates and a source of randomness (0 up to 1); returns the same candidates, the best first. */
  order(candidates: readonly Candidate[], random: () => number): readonly Candidate[];
}
