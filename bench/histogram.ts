// A histogram as the load generator prints it: pairs of [smallest value of a bucket, how many], smallest first.
// Invariant: a quantile never lies below the value that the named share of all samples stayed under, bucket width aside.
export type Histogram = readonly (readonly [from: number, count: number])[];

/** Takes a histogram and a share (0.99 is the 99th percentile); returns the value by nearest rank. Throws when it is empty. */
export function quantile(histogram: Histogram, share: number): number {
  const total = histogram.reduce((sum, [, count]) => sum + count, 0);
  const rank = Math.max(1, Math.ceil(total * share));
  let seen = 0;
  for (const [from, count] of histogram) {
    seen += count;
    if (seen >= rank) return from;
  }
  throw new Error('no quantile of an empty histogram');
}
