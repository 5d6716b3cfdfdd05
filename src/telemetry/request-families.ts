// What the ledger says, as Plumbline's own metrics. Names and labels are pinned: dashboards stand on them.
import { add, addObserved, type CounterFamily, type HistogramFamily, labelText, type Observed } from './family.ts';
import type { Histogram } from './histogram.ts';
import { bounds, type Ledger, type Line, type LineLabels, type Times } from './ledger.ts';

type Label = keyof LineLabels;

/** A counter: its name, what it counts, its labels, and where a line keeps it. */
export interface LineCounter {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, Label | ((line: Line) => string)>>;
  readonly value: (line: Line) => number;
  /** Lines that have no part in it. */
  readonly isOut?: (line: Line) => boolean;
}

/** A histogram: its name, what it observes, its labels, and where times are kept. */
export interface TimesHistogram {
  readonly name: string;
  readonly help: string;
  readonly labels: Readonly<Record<string, Label>>;
  readonly bounds: readonly number[];
  readonly observed: (times: Times) => Histogram;
  readonly isOut?: (times: Times) => boolean;
}

const same = <Name extends Label>(...names: readonly Name[]): Record<Name, Name> =>
  Object.fromEntries(names.map((name) => [name, name])) as Record<Name, Name>;

const where = same('alias', 'deployment', 'provider', 'model');
const spent = { ...where, ...same('key', 'team') };

const counters: readonly LineCounter[] = [
  {
    name: 'plumbline_requests_total',
    help: 'Requests by what became of them; error is a code of docs/errors.md.',
    labels: { ...where, ...same('route', 'stream', 'outcome', 'status', 'error') },
    value: ({ requests }) => requests,
  },
  {
    name: 'plumbline_key_requests_total',
    help: 'Requests by key, named by its alias or its last four characters.',
    labels: same('key', 'team', 'alias', 'outcome'),
    value: ({ requests }) => requests,
  },
  {
    name: 'plumbline_attempts_total',
    help: 'Calls to providers, retries and fallbacks included, by the deployment that was called last.',
    labels: { ...where, ...same('outcome') },
    value: ({ attempts }) => attempts,
  },
  {
    name: 'plumbline_fallbacks_total',
    help: 'Turns from one model name to the next, by the name that was turned to last.',
    labels: same('alias', 'outcome'),
    value: ({ fallbacks }) => fallbacks,
  },
  {
    name: 'plumbline_input_tokens_total',
    help: 'Tokens read, those from and into a cache included.',
    labels: spent,
    value: ({ input }) => input,
  },
  {
    name: 'plumbline_output_tokens_total',
    help: 'Tokens written, reasoning included.',
    labels: spent,
    value: ({ output }) => output,
  },
  {
    name: 'plumbline_cache_read_tokens_total',
    help: 'Tokens read from a cache of the provider; part of the tokens read.',
    labels: spent,
    value: ({ cacheRead }) => cacheRead,
  },
  {
    name: 'plumbline_cache_write_tokens_total',
    help: 'Tokens written to a cache of the provider; part of the tokens read.',
    labels: spent,
    value: ({ cacheWrite }) => cacheWrite,
  },
  {
    name: 'plumbline_reasoning_tokens_total',
    help: 'Tokens of reasoning; part of the tokens written.',
    labels: spent,
    value: ({ reasoning }) => reasoning,
  },
  { name: 'plumbline_cost_dollars_total', help: 'Cost in US dollars.', labels: spent, value: ({ cost }) => cost },
  {
    name: 'plumbline_unpriced_requests_total',
    help: 'Requests that used tokens whose price is unknown; their cost is in no sum.',
    labels: where,
    value: ({ unpriced }) => unpriced,
  },
];

const timed = { ...where, ...same('stream', 'outcome') };
const { durations, overheads } = bounds;

const histograms: readonly TimesHistogram[] = [
  {
    name: 'plumbline_request_duration_seconds',
    help: 'From the arrival of a request to the last byte of its answer.',
    labels: timed,
    bounds: durations,
    observed: ({ total }) => total,
  },
  {
    name: 'plumbline_time_to_first_byte_seconds',
    help: 'From the arrival of a request to the first byte of its answer.',
    labels: timed,
    bounds: durations,
    observed: ({ first }) => first,
  },
  {
    name: 'plumbline_overhead_seconds',
    help: "Time before the first byte that was the gateway's own and not the provider's.",
    labels: timed,
    bounds: overheads,
    observed: ({ overhead }) => overhead,
  },
  {
    name: 'plumbline_queue_seconds',
    help: 'From the arrival of a request to the first call of a provider.',
    labels: timed,
    bounds: overheads,
    observed: ({ queue }) => queue,
  },
];

/** Takes the ledger; returns what was asked, as metrics. */
export function requestFamilies(ledger: Ledger): (CounterFamily | HistogramFamily)[] {
  return [
    ...counters.map((counter) => countedBy(counter, ledger)),
    ...histograms.map((histogram) => observedBy(histogram, ledger)),
  ];
}

/** Takes a counter's row and the ledger; returns the family, lines with equal labels added up. */
export function countedBy({ name, help, labels, value, isOut }: LineCounter, ledger: Ledger): CounterFamily {
  const samples: Record<string, number> = {};
  for (const line of ledger.lines) {
    if (isOut?.(line) === true) continue;
    const told: Record<string, string> = {};
    for (const [label, from] of Object.entries(labels))
      told[label] = typeof from === 'function' ? from(line) : line.labels[from];
    add(samples, labelText(told), value(line));
  }
  return { name, help, type: 'counter', samples };
}

/** Takes a histogram's row and the ledger; returns the family, times with equal labels added up. */
export function observedBy(
  { name, help, labels, bounds: buckets, observed, isOut }: TimesHistogram,
  ledger: Ledger,
): HistogramFamily {
  const samples: Record<string, Observed> = {};
  for (const times of ledger.times) {
    if (isOut?.(times) === true) continue;
    const told: Record<string, string> = {};
    for (const [label, from] of Object.entries(labels)) told[label] = times.labels[from];
    addObserved(samples, labelText(told), observed(times));
  }
  return { name, help, type: 'histogram', bounds: buckets, samples };
}
