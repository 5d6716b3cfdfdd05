// Medians over rounds: of numbers, and of whole sets of figures.
// Invariant: a figure that some round could not give is the median of the rounds that did, never a made-up zero.

/** Figures by name (`chat-1k.cpuMicros`). A name that is missing was not measured. */
export type Figures = Readonly<Record<string, number>>;

/** Takes numbers; returns the middle one, or the mean of the two in the middle. Throws when there are none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const low = sorted[Math.floor((sorted.length - 1) / 2)];
  const high = sorted[Math.ceil((sorted.length - 1) / 2)];
  if (low === undefined || high === undefined) throw new Error('no median of nothing');
  return (low + high) / 2;
}

/** Takes the figures of each round; returns the median of each figure. */
export function medians(rounds: readonly Figures[]): Figures {
  const names = [...new Set(rounds.flatMap((round) => Object.keys(round)))];
  return Object.fromEntries(
    names.map((name) => [name, median(rounds.flatMap((round) => (name in round ? [round[name] ?? 0] : [])))]),
  );
}
