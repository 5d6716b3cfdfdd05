// The words of adoption: what is to be brought over, what stands in the way, and how it is counted.
import { createHash } from 'node:crypto';
import type { Sealer } from '../kit/seal.ts';
import type { Queries } from '../store/database.ts';

export const kinds = ['credential', 'model', 'alias', 'setting', 'key'] as const;
export type Kind = (typeof kinds)[number];

/** Something a person should know, with its place in LiteLLM's database or in the file. Never holds a secret. */
export interface Finding {
  readonly table: string;
  readonly row: string;
  readonly field: string;
  readonly says: string;
  /** What to do; '' when nothing is. */
  readonly mend: string;
}

/** One thing to be brought over. */
export interface Item {
  readonly kind: Kind;
  /** What it is called in LiteLLM. */
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** Changes when it changes there. */
  readonly checksum: string;
  /** Keys: it comes over disabled. */
  readonly isDisabled: boolean;
  /** Takes a transaction, the keys, and what it is called here since an earlier run; writes it and returns what it is called here. */
  write(queries: Queries, sealer: Sealer, before: string | undefined): Promise<Written>;
}

export interface Written {
  readonly ourId: string;
  /** It is there already as another's row, and that one serves for both. */
  readonly isMerged?: boolean;
  /** What a person should know of how it was written. */
  readonly note?: string;
}

/** How many of a kind. What was found is the sum of the others. */
export interface Counts {
  readonly found: number;
  /** New here, or changed there since the last run. */
  readonly brought: number;
  readonly unchanged: number;
  readonly merged: number;
  readonly refused: number;
  /** Of those brought or unchanged: keys that are disabled here. */
  readonly disabled: number;
}

/** Takes anything; returns what changes when it does, and gives nothing of it away. */
export function checksumOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** What is gathered while LiteLLM's rows are read. */
export class Gathered {
  readonly items: Item[] = [];
  readonly findings: Finding[] = [];
  readonly found: Record<Kind, number> = { credential: 0, model: 0, alias: 0, setting: 0, key: 0 };
  readonly merged: Record<Kind, number> = { credential: 0, model: 0, alias: 0, setting: 0, key: 0 };
  readonly refused: Record<Kind, number> = { credential: 0, model: 0, alias: 0, setting: 0, key: 0 };

  /** Takes where something stands and why it cannot be brought over. */
  refuse(kind: Kind, finding: Finding): void {
    this.refused[kind] += 1;
    this.findings.push(finding);
  }

  /** Takes where something stands, and what it is one with. */
  merge(kind: Kind, finding: Finding): void {
    this.merged[kind] += 1;
    this.findings.push(finding);
  }
}
