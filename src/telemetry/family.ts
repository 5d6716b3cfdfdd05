// A metric as plain data: what one process hands over, what several are added up to, what is written for Prometheus.
// Invariant: samples stand under their labels as written (`alias="chat",stream="true"`), so equal labels are one sample.

/** Samples by their labels as written; without labels the name is empty. */
export type Samples<Value> = Readonly<Record<string, Value>>;

/** Observations of one series: how many fell into each bucket (not added up; the last is beyond every bound), and their sum. */
export interface Observed {
  readonly counts: readonly number[];
  readonly sum: number;
}

/** How a gauge of several processes becomes one: added up, or the largest or smallest of them. */
export type Together = 'sum' | 'largest' | 'smallest';

interface Named {
  readonly name: string;
  readonly help: string;
}

export interface CounterFamily extends Named {
  readonly type: 'counter';
  readonly samples: Samples<number>;
}

export interface GaugeFamily extends Named {
  readonly type: 'gauge';
  readonly together: Together;
  readonly samples: Samples<number>;
}

export interface HistogramFamily extends Named {
  readonly type: 'histogram';
  /** Upper bounds of the buckets, in the metric's unit; +Inf is understood. */
  readonly bounds: readonly number[];
  readonly samples: Samples<Observed>;
}

export type Family = CounterFamily | GaugeFamily | HistogramFamily;

/** All metrics of a process at one moment. Plain JSON, so that it can be sent from a worker to its primary. */
export type Snapshot = readonly Family[];

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' };

/** Takes label names and values; returns them as Prometheus writes them, quoted (prometheus.io, exposition formats). */
export function labelText(labels: Readonly<Record<string, string>>): string {
  const parts: string[] = [];
  for (const name in labels)
    parts.push(`${name}="${(labels[name] ?? '').replace(/[\\\n"]/g, (sign) => escapes[sign] ?? sign)}"`);
  return parts.join(',');
}

/** Adds a number to what stands under these labels. */
export function add(samples: Record<string, number>, labels: string, value: number): void {
  samples[labels] = (samples[labels] ?? 0) + value;
}

/** Adds observations to those that stand under these labels. */
export function addObserved(samples: Record<string, Observed>, labels: string, more: Observed): void {
  const before = samples[labels];
  samples[labels] =
    before === undefined
      ? { counts: [...more.counts], sum: more.sum }
      : { counts: before.counts.map((count, at) => count + (more.counts[at] ?? 0)), sum: before.sum + more.sum };
}
