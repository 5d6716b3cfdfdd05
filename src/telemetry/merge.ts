// Several processes, one page: the metrics of workers added up. Invariant: a counter never goes back, also when a worker has
// died (its last counts are kept) or is too busy to answer (its last counts stand for it).
import { addObserved, type Family, type Observed, type Samples, type Snapshot, type Together } from './family.ts';

const joins: Readonly<Record<Together, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  largest: Math.max,
  smallest: Math.min,
};

/** Takes snapshots; returns one: counters and histograms added up, gauges as each says. */
export function merge(snapshots: readonly Snapshot[]): Snapshot {
  const families = new Map<string, Family>();
  for (const snapshot of snapshots) {
    for (const family of snapshot) {
      const before = families.get(family.name);
      families.set(family.name, before === undefined ? family : together(before, family));
    }
  }
  return [...families.values()];
}

/** Two versions of the gateway may differ in what a name means; then the first stands. */
function together(a: Family, b: Family): Family {
  if (a.type === 'histogram') {
    if (b.type !== 'histogram' || a.bounds.join() !== b.bounds.join()) return a;
    const samples: Record<string, Observed> = { ...a.samples };
    for (const [labels, observed] of Object.entries(b.samples)) addObserved(samples, labels, observed);
    return { ...a, samples };
  }
  if (b.type === 'histogram' || a.type !== b.type) return a;
  return { ...a, samples: joined(a.samples, b.samples, joins[a.type === 'gauge' ? a.together : 'sum']) };
}

function joined(
  a: Samples<number>,
  b: Samples<number>,
  join: (a: number, b: number) => number,
): Record<string, number> {
  const samples: Record<string, number> = { ...a };
  for (const [labels, value] of Object.entries(b)) {
    const before = samples[labels];
    samples[labels] = before === undefined ? value : join(before, value);
  }
  return samples;
}

/** What the primary keeps of its workers between scrapes. */
export class Tally {
  readonly #living = new Map<number, Snapshot>();
  #departed: Snapshot = [];

  /** Takes a worker's number and what it counts now, which takes the place of what it said before. */
  heard(worker: number, snapshot: Snapshot): void {
    this.#living.set(worker, snapshot);
  }

  /** A worker has ended: what it counted stays, what it held (gauges) is gone. */
  departed(worker: number): void {
    const last = this.#living.get(worker);
    if (last === undefined) return;
    this.#living.delete(worker);
    this.#departed = merge([this.#departed, last.filter(({ type }) => type !== 'gauge')]);
  }

  /** Returns the metrics of all workers there are and were, but for the one given. */
  total(except?: number): Snapshot {
    const others = [...this.#living].filter(([worker]) => worker !== except).map(([, snapshot]) => snapshot);
    return merge([...others, this.#departed]);
  }
}
