// Usage on its way to the database: appended to a file first, written in batches, tried until it is there.
// docs/usage-journal.md tells what happens when. Invariants: before the answer goes out, its row outlives the process, or state()
// says why not; a row leaves only when the database has it (twice sent is once written: the request id decides) or with a
// line in the log that says so; memory does not grow with what waits.
import { join } from 'node:path';
import type { UsageRow } from '../core/records.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import type { Outbox, Waiting } from '../kit/outbox.ts';
import { Abort } from '../kit/signal.ts';
import { Delivery } from './journal/delivery.ts';
import { Disk } from './journal/disk.ts';
import { showLifeMs } from './journal/folder.ts';
import { Keep, longestLine } from './journal/keep.ts';
import { usageLine } from './usage-line.ts';

export interface JournalOptions {
  /** The gateway's data folder. */
  readonly dataDir: string;
  /** What the lines tell of, for people: `usage` when not given. */
  readonly what?: string;
  /** The folder of the journal in it: `journal` when not given. */
  readonly folder?: string;
  /** Takes a JSON array of lines and writes them, each request id once however often it is sent (write-usage.ts). */
  readonly write: (lines: Uint8Array) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes on disk at most; 1 GiB when not given. */
  readonly limitBytes?: number;
  /** Given: rows are brought to the disk once a turn of the event loop, before the answers of that turn go out; not given: at once. */
  readonly outbox?: Outbox;
  /** Rows kept in memory at most while the disk takes none (a row is about 700 bytes); those beyond are counted and lost. */
  readonly capacity?: number;
}

export interface JournalState {
  /** Rows not written yet. */
  readonly waiting: number;
  readonly written: number;
  /** Rows that neither the disk nor memory could take. */
  readonly lost: number;
  /** Rows the database would not take, or that were found torn; each named in the log. */
  readonly rejected: number;
  /** Why nothing reaches the database now; undefined when all is well. */
  readonly reason: string | undefined;
  /** Why rows are kept in memory only; undefined when the disk takes them. */
  readonly diskReason: string | undefined;
}

/** A journal of lines, whatever they say. */
export interface LineJournal {
  /** Takes a line without its end, `longestLine` bytes at most. */
  append(line: string): void;
  state(): JournalState;
  /** Writes what waits, for so many milliseconds at most, and closes; returns how many lines are left for the next start. */
  drain(deadlineMs: number): Promise<number>;
}

export interface Journal extends Omit<LineJournal, 'append'> {
  append(row: UsageRow): void;
}

const batchRows = 1_000;
const batchMs = 1_000;
const defaultCapacity = 50_000;
const defaultLimit = 1024 * 1024 * 1024;
/** How long a write that is under way at the end may still take. */
const lastWordsMs = 500;
/** Every so many signs of life, the folders of gateways that ended are looked for. */
const inheritEvery = 4;
/** Every so many, an hour, what is delivered leaves the disk. */
const retireEvery = 3_600_000 / showLifeMs;

/** Takes where to keep it and how to write; returns a journal that writes every 1000 rows or every second, whichever comes first. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const lines = await openLineJournal(options);
  return {
    append: (row) => lines.append(usageLine(row)),
    state: () => lines.state(),
    drain: (deadlineMs) => lines.drain(deadlineMs),
  };
}

/** Takes where to keep it and how to write; returns a journal of lines that goes about it in the same way. */
export async function openLineJournal(options: JournalOptions): Promise<LineJournal> {
  const journal = new DiskJournal(options);
  await journal.open();
  return journal;
}

class DiskJournal implements LineJournal, Waiting {
  readonly #options: JournalOptions;
  readonly #what: string;
  readonly #disk: Disk;
  readonly #keep: Keep;
  readonly #delivery: Delivery;
  /** Rows of this turn of the event loop; no answer has gone out for any of them. */
  #lines: string[] = [];
  #waiting = 0;
  #written = 0;
  #rejected = 0;
  #isDraining = false;
  #isClosed = false;
  #writing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #cancelRound: (() => void) | undefined;

  constructor(options: JournalOptions) {
    const { clock, log, write, limitBytes = defaultLimit, capacity = defaultCapacity } = options;
    const { what = 'usage', folder = 'journal' } = options;
    this.#options = options;
    this.#what = what;
    this.#disk = new Disk({ directory: join(options.dataDir, folder), limitBytes });
    this.#keep = new Keep({ disk: this.#disk, clock, log, capacity, what });
    const onRefused = (line: string, why: unknown): void => this.#refuse(line, why);
    this.#delivery = new Delivery({ write, clock, log, what, onRefused, onAway: () => this.#secure() });
  }

  async open(): Promise<void> {
    try {
      await this.#disk.open();
    } catch (thrown) {
      this.#keep.fail(thrown);
    }
    await this.#inherit();
    this.#round(1);
  }

  append(line: string): void {
    const { outbox } = this.#options;
    if (this.#lines.length === 0) outbox?.keep(this);
    this.#lines.push(`${line}\n`);
    if (outbox === undefined) this.flush();
  }

  /** Brings the rows of this turn to the disk, in one piece. */
  flush(): void {
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length === 0) return;
    this.#waiting += this.#keep.add(lines);
    if (this.#waiting >= batchRows) this.#begin();
    else this.#cancelTimer ??= this.#options.clock.after(batchMs, () => this.#begin());
  }

  state(): JournalState {
    return {
      waiting: this.#waiting + this.#lines.length,
      written: this.#written,
      lost: this.#keep.lost(),
      rejected: this.#rejected + this.#keep.damaged(),
      reason: this.#delivery.reason(),
      diskReason: this.#keep.reason(),
    };
  }

  async drain(deadlineMs: number): Promise<number> {
    const { clock } = this.#options;
    this.flush();
    this.#isDraining = true;
    this.#cancelRound?.();
    this.#delivery.hurry();
    const over = new Abort();
    const deadline = sleep(clock, deadlineMs, over);
    for (let before = -1; this.#waiting > 0 && this.#waiting !== before; ) {
      before = this.#waiting;
      this.#begin();
      await Promise.race([this.#writing, deadline]);
    }
    this.#cancelTimer?.();
    this.#delivery.end();
    await Promise.race([this.#writing, sleep(clock, lastWordsMs, over)]);
    over.abort();
    this.#isClosed = true;
    await this.#close();
    return this.#waiting;
  }

  async #close(): Promise<void> {
    const { log } = this.#options;
    await this.#keep.mend();
    const { waiting, reason, lost } = this.state();
    const forgotten = lost + this.#keep.inMemory();
    if (waiting > 0) log.warn(`${this.#what} rows stay in the journal for the next start`, { rows: waiting, reason });
    if (forgotten > 0) log.error(`${this.#what} rows were lost`, { rows: forgotten });
    await this.#disk.close();
  }

  #begin(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writing ??= this.#writeAll()
      .catch((thrown: unknown) => this.#keep.fail(thrown))
      .finally(() => {
        this.#writing = undefined;
        if (this.#waiting > 0 && !this.#isDraining) {
          this.#cancelTimer ??= this.#options.clock.after(batchMs, () => this.#begin());
        }
      });
  }

  /** Writes batch after batch until less than a batch waits; a few rows wait for more to come along with them. */
  async #writeAll(): Promise<void> {
    do {
      await this.#keep.mend();
      const inHand = await this.#keep.next();
      if (inHand === undefined) return;
      const refused = await this.#delivery.deliver(inHand.batch);
      if (refused === undefined) return inHand.giveBack();
      inHand.settle();
      const count = inHand.batch.count();
      this.#waiting -= count;
      this.#written += count - refused;
      this.#rejected += refused;
    } while (!this.#isClosed && this.#hasMore());
  }

  /** What a gateway left behind is delivered to its end, where a torn line may stand. Long lines are more than a batch when they are few. */
  #hasMore(): boolean {
    const isBatch = this.#waiting >= batchRows || this.#disk.waiting() >= longestLine;
    return isBatch || this.#isDraining || this.#disk.inherits();
  }

  /** While the database is away: what memory holds goes to the disk, and what the disk holds outlives a power cut. */
  async #secure(): Promise<void> {
    await this.#keep.mend();
    try {
      await this.#disk.sync();
    } catch (thrown) {
      this.#keep.fail(thrown);
    }
  }

  #refuse(line: string, error: unknown): void {
    const requestId = /"requestId":"([^"]*)"/.exec(line)?.[1];
    const kept = this.#keep.refuse(`${line}\n`);
    this.#options.log.error(`the database refuses a ${this.#what} row`, { requestId, kept, error });
  }

  #round(number: number): void {
    this.#cancelRound = this.#options.clock.after(showLifeMs, () => {
      void this.#roundOf(number).finally(() => {
        if (!this.#isDraining) this.#round(number + 1);
      });
    });
  }

  async #roundOf(number: number): Promise<void> {
    try {
      this.#disk.showLife();
      if (number % retireEvery === 0) await this.#disk.retire();
    } catch (thrown) {
      this.#keep.fail(thrown);
    }
    if (number % inheritEvery === 0) await this.#inherit();
  }

  async #inherit(): Promise<void> {
    const { log } = this.#options;
    try {
      const rows = await this.#disk.inherit();
      if (rows === 0) return;
      log.info(`${this.#what} rows of a gateway that ended are delivered`, { rows });
      this.#waiting += rows;
      this.#begin();
    } catch (error) {
      log.warn(`what other gateways left in the journal of ${this.#what} cannot be read`, { error });
    }
  }
}
