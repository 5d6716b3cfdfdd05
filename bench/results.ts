// What a run leaves behind: the figures of each round, their medians, and the circumstances.
// Invariant: a gateway that was asked for is in it, with figures or with the reason why it has none.
import type { Machine } from './machine.ts';
import type { Figures } from './median.ts';

export interface Round {
  readonly figures: Figures;
  /** What did not work, with the reason. */
  readonly faults: readonly string[];
  /** Cores that others kept busy while it was measured, and those the hypervisor withheld: the median of its loads. */
  readonly others: number;
  readonly stolen: number;
}

export interface Entry {
  readonly name: string;
  readonly setting: string;
  /** Null when it is not here; then `missing` says why. */
  readonly version: string | null;
  readonly missing: string | null;
  readonly rounds: readonly Round[];
  readonly median: Figures;
}

export interface Results {
  /** Day of the run, 2026-11-23. */
  readonly day: string;
  readonly machine: Machine;
  readonly core: number;
  readonly toolsCore: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly direct: Figures;
  readonly entries: readonly Entry[];
}
