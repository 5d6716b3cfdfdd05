// What usage rows add up to: one line of plain numbers for each combination of key, model, deployment and result.
// Invariants: a request costs one look-up and some additions; names that clients invent never become lines, and beyond the
// most lines there may be, whatever is new is counted under `other`.
import type { UsageRow } from '../core/records.ts';
import { Histogram } from './histogram.ts';

/** What stands in the labels. '' is nothing; `other` is a name that is not kept. */
export interface LineLabels {
  readonly key: string;
  readonly team: string;
  readonly user: string;
  readonly alias: string;
  readonly deployment: string;
  readonly provider: string;
  readonly model: string;
  readonly route: string;
  readonly stream: string;
  readonly outcome: string;
  readonly status: string;
  readonly error: string;
}

/** Where names come from: configuration and keys, never what a client wrote. */
export interface Names {
  /** Takes what a row calls its alias; true when that is configured. */
  readonly isAlias: (name: string) => boolean;
  /** Takes a deployment's id; returns where it belongs, or undefined when it is gone. */
  readonly deployment: (id: string) => Deployed | undefined;
  /** Takes a key's hash; returns its alias or preview, or undefined when it is gone. */
  readonly key: (hash: string) => string | undefined;
}

export interface Deployed {
  readonly alias: string;
  readonly provider: string;
  readonly model: string;
}

/** Seconds: from a local embedding to a long answer. */
const durations = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600];
/** Seconds: our own time is microseconds, unless something is wrong. */
const overheads = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5];

export const bounds = { durations, overheads } as const;

/** Times of one deployment under one name, by outcome. */
export class Times {
  readonly total = new Histogram(durations);
  readonly first = new Histogram(durations);
  readonly upstream = new Histogram(durations);
  readonly perToken = new Histogram(overheads);
  readonly overhead = new Histogram(overheads);
  readonly queue = new Histogram(overheads);
  readonly labels: LineLabels;

  constructor(labels: LineLabels) {
    this.labels = labels;
  }
}

/** One combination of labels and what was counted under it. Costs are US dollars. */
export class Line {
  requests = 0;
  attempts = 0;
  fallbacks = 0;
  input = 0;
  output = 0;
  cacheRead = 0;
  cacheWrite = 0;
  reasoning = 0;
  cost = 0;
  unpriced = 0;
  readonly labels: LineLabels;
  readonly times: Times;

  constructor(labels: LineLabels, times: Times) {
    this.labels = labels;
    this.times = times;
  }

  count(row: UsageRow): void {
    this.requests++;
    this.attempts += row.attempts;
    this.fallbacks += row.fallbacks;
    const { usage } = row;
    if (usage !== null) {
      this.input += usage.input;
      this.output += usage.output;
      this.cacheRead += usage.cacheRead;
      this.cacheWrite += usage.cacheWrite + usage.cacheWriteHour;
      this.reasoning += usage.reasoning;
      if (row.cost === null) this.unpriced++;
    }
    if (row.cost !== null) this.cost += row.cost;
    this.#time(row);
  }

  #time(row: UsageRow): void {
    const { times } = this;
    const upstreamMs = Math.max(0, row.totalMs - row.overheadMs);
    times.total.observe(row.totalMs / 1000);
    times.overhead.observe(row.overheadMs / 1000);
    if (row.attempts === 0) return;
    times.queue.observe(row.queueMs / 1000);
    times.upstream.observe(upstreamMs / 1000);
    if (row.firstMs !== null) times.first.observe(row.firstMs / 1000);
    if (row.usage !== null && row.usage.output > 0) times.perToken.observe(upstreamMs / row.usage.output / 1000);
  }
}

const other = 'other';

/** A line and the rows that belong to it. */
interface Way {
  readonly row: UsageRow;
  readonly line: Line;
}

/** True when two rows of the same key and deployment are counted on the same line. */
function isSame(a: UsageRow, b: UsageRow): boolean {
  return (
    a.alias === b.alias &&
    a.route === b.route &&
    a.stream === b.stream &&
    a.status === b.status &&
    a.errorCode === b.errorCode &&
    a.outcome === b.outcome &&
    (a.keyHash === null) === (b.keyHash === null)
  );
}

export class Ledger {
  /** By key and deployment, then the few that differ in the rest: no text is made to find a line. */
  readonly #ways = new Map<string | null, Map<string | null, Way[]>>();
  #wayCount = 0;
  readonly #lines = new Map<string, Line>();
  readonly #times = new Map<string, Times>();
  readonly #names: Names;
  readonly #most: number;
  #folded = 0;

  /** Takes where names come from, and how many lines there may be before new ones are counted under `other`. */
  constructor(names: Names, most: number) {
    this.#names = names;
    this.#most = most;
  }

  /** Counts a request. */
  observe(row: UsageRow): void {
    (this.#known(row) ?? this.#open(row)).count(row);
  }

  #known(row: UsageRow): Line | undefined {
    const ways = this.#ways.get(row.keyId)?.get(row.deploymentId);
    if (ways === undefined) return undefined;
    for (const way of ways) if (isSame(way.row, row)) return way.line;
    return undefined;
  }

  /** Requests that were counted under `other` because there were too many lines. */
  get folded(): number {
    return this.#folded;
  }

  get lines(): Iterable<Line> {
    return this.#lines.values();
  }

  get times(): Iterable<Times> {
    return this.#times.values();
  }

  #open(row: UsageRow): Line {
    const labels = this.#labelsOf(row);
    if (this.#lines.size >= this.#most && !this.#lines.has(placeOf(labels))) {
      this.#folded++;
      return this.#lineOf(folded(labels));
    }
    const line = this.#lineOf(labels);
    if (labels.alias === (row.alias ?? '')) this.#remember(row, line);
    return line;
  }

  /** Only for names that are configured. Keys and deployments that come and go leave their ways behind: now and then all are found anew. */
  #remember(row: UsageRow, line: Line): void {
    if (this.#wayCount++ > 2 * this.#most) {
      this.#ways.clear();
      this.#wayCount = 0;
    }
    const ofKey = this.#ways.get(row.keyId) ?? new Map<string | null, Way[]>();
    const ways = ofKey.get(row.deploymentId) ?? [];
    ways.push({ row, line });
    ofKey.set(row.deploymentId, ways);
    this.#ways.set(row.keyId, ofKey);
  }

  #lineOf(labels: LineLabels): Line {
    const place = placeOf(labels);
    const known = this.#lines.get(place);
    if (known !== undefined) return known;
    const line = new Line(labels, this.#timesOf(labels));
    this.#lines.set(place, line);
    return line;
  }

  #timesOf(labels: LineLabels): Times {
    const place = [labels.alias, labels.deployment, labels.stream, labels.outcome].join('\0');
    const times = this.#times.get(place) ?? new Times(labels);
    this.#times.set(place, times);
    return times;
  }

  #labelsOf(row: UsageRow): LineLabels {
    const deployed = row.deploymentId === null ? undefined : this.#names.deployment(row.deploymentId);
    const isKnown = row.alias !== null && this.#names.isAlias(row.alias);
    return {
      key: this.#keyOf(row),
      team: row.teamId ?? '',
      user: row.userId ?? '',
      alias: isKnown ? row.alias : row.alias === null ? '' : (deployed?.alias ?? other),
      deployment: row.deploymentId ?? '',
      provider: deployed?.provider ?? row.provider ?? '',
      model: deployed?.model ?? (row.deploymentId === null ? '' : other),
      route: row.route,
      stream: String(row.stream),
      outcome: row.outcome,
      status: String(row.status),
      error: row.errorCode ?? '',
    };
  }

  #keyOf(row: UsageRow): string {
    if (row.keyHash === null) return '';
    return row.keyId === null ? 'master' : (this.#names.key(row.keyHash) ?? other);
  }
}

const placeOf = (labels: LineLabels): string => Object.values(labels).join('\0');

/** The same result under no name in particular. */
function folded(labels: LineLabels): LineLabels {
  const name = (value: string): string => (value === '' ? '' : other);
  return {
    ...labels,
    key: name(labels.key),
    team: name(labels.team),
    user: name(labels.user),
    alias: name(labels.alias),
    deployment: name(labels.deployment),
    provider: name(labels.provider),
    model: name(labels.model),
  };
}
