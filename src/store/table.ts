// The contract of the tables' shelf. A step, once released, is never edited: its checksum stands in the ledger.

/** One change of the schema, taken whole or not at all. */
export interface Step {
  /** `2026-11-23-01-keys`: the date, a number within it, a name. Steps of all tables are taken in the order of their ids. */
  readonly id: string;
  /** Statements, one an entry, so that the one that fails can be named. Names are written in full (`plumbline.keys`). */
  readonly sql: readonly string[];
  /**
   * True: gateways that do not know the step go on beside it, for it only adds what they need not fill in: a table, a column with a
   * default, an index, a check that they pass (docs/decisions/0011).
   */
  readonly additive?: true;
}

export interface Table {
  readonly name: string;
  readonly steps: readonly Step[];
}
