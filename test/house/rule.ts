// The contract of the house's rules. Invariant: a rule carries the faults that show it going red, so none can be there untried.
import type { House } from './house.ts';

/** A fault on purpose: files to add to a healthy little house, and the one sentence the rule must then say. */
export interface Plant {
  readonly files: Readonly<Record<string, string>>;
  readonly says: string;
}

export interface Rule {
  /** A sentence that is true of a healthy house. */
  readonly name: string;
  /** Returns the faults as sentences: where, what, and how to mend it. */
  faults(house: House): readonly string[];
  readonly plants: readonly [Plant, ...Plant[]];
}
