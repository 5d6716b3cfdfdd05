// Which known word a misspelt one was meant to be. Pure; used wherever an unknown name is reported.

/**
 * Takes a word and the words that would have been right; returns the nearest one, or undefined when none is near
 * (more than a third of the letters differ). Case, dashes and camel case are not counted as mistakes.
 */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  return nearest(word, known, Math.max(1, Math.floor(word.length / 3)));
}

/**
 * The same where any word may stand, and only a plain slip is to be taken for a mistake: one letter (two in a long word).
 */
export function nearMiss(word: string, known: Iterable<string>): string | undefined {
  return word.length < 3 ? undefined : nearest(word, known, word.length < 10 ? 1 : 2);
}

function nearest(word: string, known: Iterable<string>, mostSteps: number): string | undefined {
  const asked = plain(word);
  let best: string | undefined;
  let bestSteps = mostSteps + 1;
  for (const candidate of known) {
    const steps = candidate === word ? bestSteps : stepsBetween(asked, plain(candidate), bestSteps);
    if (steps < bestSteps) [best, bestSteps] = [candidate, steps];
  }
  return best;
}

/** Takes a word and the right ones; returns `did you mean x?`, or nothing. */
export function suggestion(word: string, known: Iterable<string>): string {
  const meant = didYouMean(word, known);
  return meant === undefined ? '' : `did you mean ${meant}?`;
}

function plain(word: string): string {
  return word
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Edits (insert, delete, replace, swap of neighbours) between two words; `limit` when that many or more. */
function stepsBetween(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      line.push(
        Math.min(
          at(last, column) + 1,
          at(line, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(beforeLast, column - 2) + 1 : limit,
        ),
      );
    }
    [beforeLast, last] = [last, line];
  }
  return Math.min(limit, at(last, to.length));
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? Number.MAX_SAFE_INTEGER;
}
