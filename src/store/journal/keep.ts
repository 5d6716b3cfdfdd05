// Lines that wait: on disk, or in memory while the disk takes none. Invariants: a line is in one of the two until it is dealt
// with; memory holds so many and no more; what is lost or damaged is counted and said.
import type { Clock } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { Batch } from './batch.ts';
import type { Disk } from './disk.ts';
import type { Segment } from './segment.ts';

export interface KeepOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
  /** Lines in memory at most. */
  readonly capacity: number;
  /** What the lines tell of, for people. */
  readonly what: string;
}

/** Lines that are being delivered. One of the two must be called. */
export interface InHand {
  readonly batch: Batch;
  /** They are dealt with. */
  settle(): void;
  /** They are not, and wait again. */
  giveBack(): void;
}

/** Lines and bytes in one piece at most. */
const batchLines = 1_000;
const batchBytes = 1024 * 1024;
/** Bytes of a line at most, its end included: a batch holds one at least. */
export const longestLine = batchBytes - 1;
const diskAgainMs = 1_000;
const sayLostEveryMs = 10_000;

export class Keep {
  readonly #options: KeepOptions;
  readonly #buffer = Buffer.alloc(batchBytes);
  #memory: string[] = [];
  #lost = 0;
  #damaged = 0;
  #reason: string | undefined;
  #failedAt = 0;
  #lostSaidAt = Number.NEGATIVE_INFINITY;

  constructor(options: KeepOptions) {
    this.#options = options;
  }

  /** Why lines are kept in memory only; undefined when the disk takes them. */
  reason(): string | undefined {
    return this.#reason;
  }

  /** Lines that neither disk nor memory could take. */
  lost(): number {
    return this.#lost;
  }

  /** Lines found torn. */
  damaged(): number {
    return this.#damaged;
  }

  inMemory(): number {
    return this.#memory.length;
  }

  /** Takes lines, each with its end; returns how many are kept: the others are lost. */
  add(lines: readonly string[]): number {
    const [only = ''] = lines;
    if (this.#mayTryDisk() && this.#toDisk(lines.length === 1 ? only : lines.join(''))) return lines.length;
    const room = Math.max(0, this.#options.capacity - this.#memory.length);
    const kept = lines.slice(0, room);
    this.#memory.push(...kept);
    if (kept.length < lines.length) this.#lose(lines.length - kept.length);
    return kept.length;
  }

  #mayTryDisk(): boolean {
    return this.#reason === undefined || this.#options.clock.monotonic() - this.#failedAt >= diskAgainMs;
  }

  #toDisk(lines: string): boolean {
    try {
      this.#options.disk.append(lines);
    } catch (thrown) {
      this.fail(thrown);
      return false;
    }
    if (this.#reason !== undefined) this.#options.log.info(`the journal of ${this.#options.what} is on disk again`);
    this.#reason = undefined;
    return true;
  }

  /** Takes what went wrong with the disk. */
  fail(thrown: unknown): void {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    if (this.#reason === undefined) {
      const { log, what } = this.#options;
      log.error(`the journal of ${what} cannot be kept on disk; rows are kept in memory`, { reason });
    }
    this.#reason = reason;
    this.#failedAt = this.#options.clock.monotonic();
  }

  #lose(count: number): void {
    const { clock, log, capacity, what } = this.#options;
    this.#lost += count;
    if (clock.monotonic() - this.#lostSaidAt < sayLostEveryMs) return;
    this.#lostSaidAt = clock.monotonic();
    const why = { lost: this.#lost, capacity, reason: this.#reason };
    log.error(`${what} rows are being lost: the disk takes none and memory is full`, why);
  }

  /** Brings what memory holds to the disk, as far as that takes it. */
  async mend(): Promise<void> {
    const { disk } = this.#options;
    if ((this.#reason === undefined && this.#memory.length === 0) || !this.#mayTryDisk()) return;
    try {
      await disk.open();
    } catch (thrown) {
      this.fail(thrown);
      return;
    }
    for (;;) {
      const lines = this.#memory.slice(0, batchLines);
      if (lines.length === 0 || !this.#toDisk(lines.join(''))) return;
      this.#memory = this.#memory.slice(batchLines);
    }
  }

  /**
   * Returns the next lines to deliver, undefined when none wait. Those on disk come first: what they leave is room for those in
   * memory. Throws the system's error when they cannot be read.
   */
  async next(): Promise<InHand | undefined> {
    for (;;) {
      const segment = await this.#options.disk.next();
      if (segment === undefined) return this.#memory.length > 0 ? this.#fromMemory() : undefined;
      const { read, whole } = await segment.read(this.#buffer, 1);
      if (whole > 0) return fromDisk(segment, this.#buffer.subarray(0, whole + 1));
      this.#setAside(segment, read);
    }
  }

  #fromMemory(): InHand {
    const lines = this.#memory.splice(0, batchLines);
    return {
      batch: Batch.of(lines),
      settle: () => undefined,
      giveBack: () => {
        this.#memory.unshift(...lines);
      },
    };
  }

  /** The end of a segment is no whole line: the process or the power went while it was written. */
  #setAside(segment: Segment, read: number): void {
    this.#damaged++;
    const torn = this.#buffer.toString('utf8', 1, read + 1);
    const kept = this.refuse(`${torn}\n`);
    this.#options.log.error(`a line of the ${this.#options.what} journal is torn`, {
      segment: segment.path,
      bytes: segment.waiting(),
      kept,
    });
    segment.settle(read === 0 ? segment.waiting() : read);
  }

  /** Takes lines that cannot be delivered; keeps them in a file for people and returns its path, or why that failed. */
  refuse(lines: string): string {
    try {
      return this.#options.disk.keepRefused(lines);
    } catch (thrown) {
      return `not kept: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    }
  }
}

function fromDisk(segment: Segment, bytes: Buffer): InHand {
  return { batch: new Batch(bytes), settle: () => segment.settle(bytes.length - 1), giveBack: () => undefined };
}
