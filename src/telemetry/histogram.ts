// Observations counted in buckets: fixed bounds, plain numbers, nothing allocated by an observation.
import type { Observed } from './family.ts';

export class Histogram implements Observed {
  readonly counts: number[];
  sum = 0;
  readonly #bounds: readonly number[];

  /** Takes the upper bounds of the buckets, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Takes a value in the unit of the bounds; a bound belongs to the bucket below it. */
  observe(value: number): void {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1;
    this.sum += value;
  }
}
