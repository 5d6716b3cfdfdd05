// The guard: CPU a request as a ratio to nginx in the same run, held against the ratio that was stored.
// Invariant: a ratio that is stored but was not measured, or measured but not stored, is a failure and says so.
import type { Figures } from './median.ts';
import type { Ask } from './requests.ts';

/** How much worse than the stored ratio is still taken for noise of a shared machine. */
export const tolerance = 0.15;

/** Ratios by row: our CPU a request over nginx's. */
export type Ratios = Readonly<Record<string, number>>;

/** Takes our medians, nginx's and the rows; returns the ratio of each row that both have. */
export function ratios(ours: Figures, nginx: Figures, asks: readonly Ask[]): Ratios {
  const pairs = asks.flatMap(({ name }) => {
    const [we, they] = [ours[`${name}.cpuMicros`], nginx[`${name}.cpuMicros`]];
    return we === undefined || they === undefined || they === 0 ? [] : [[name, Number((we / they).toFixed(3))]];
  });
  return Object.fromEntries(pairs);
}

/** Takes measured ratios and the rows; returns a sentence for each row that has none. A guard is kept whole or not at all. */
export function unmeasured(measured: Ratios, asks: readonly Ask[]): readonly string[] {
  return asks.flatMap(({ name }) => (name in measured ? [] : [`${name} could not be measured, so nothing is kept`]));
}

/** Takes stored and measured ratios; returns a sentence for each that is worse by more than the tolerance, or missing. */
export function complaints(stored: Ratios, measured: Ratios): readonly string[] {
  const names = [...new Set([...Object.keys(stored), ...Object.keys(measured)])];
  return names.flatMap((name) => {
    const [before, now] = [stored[name], measured[name]];
    if (before === undefined)
      return [`${name} has no stored ratio; measure and keep it: npm run bench -- --quick --keep`];
    if (now === undefined) return [`${name} could not be measured`];
    const change = now / before - 1;
    return change > tolerance
      ? [`${name} costs ${now} times nginx's CPU, ${Math.round(change * 100)} % more than the stored ${before}`]
      : [];
  });
}
