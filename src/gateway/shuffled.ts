// A fair shuffle, so that a later stable sort leaves equals in random order.

/** Takes a list and a source of randomness (0 up to 1); returns a copy in random order (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const pick = Math.floor(random() * (last + 1));
    const a = copy[last] as T;
    copy[last] = copy[pick] as T;
    copy[pick] = a;
  }
  return copy;
}
