// Usage on its way to the database: kept in memory, written in batches, tried until it is there. Invariants: append never
// waits; a row leaves only when the database has it (twice sent is once written: the request id decides) or with a line in
// the log that says so. Between append and write stands the room for a journal on disk.
import { GatewayError } from '../core/errors.ts';
import type { UsageRow } from '../core/records.ts';
import { type Clock, sleep } from '../kit/clock.ts';
import type { Log } from '../kit/log.ts';
import { sqlStateOf, sqlStates } from './database.ts';

export interface JournalOptions {
  /** Writes rows, each request id once however often it is sent (tables/usage.ts, insertUsage). */
  readonly write: (rows: readonly UsageRow[]) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  /** Rows kept at most while the database is away (a row is about 1 KB); those beyond are counted and lost. */
  readonly capacity?: number;
}

export interface JournalState {
  /** Rows not written yet. */
  readonly waiting: number;
  readonly written: number;
  /** Rows that did not fit while the database was away. */
  readonly lost: number;
  /** Rows the database would not take, each named in the log. */
  readonly rejected: number;
  /** Why nothing is written now; undefined when all is well. */
  readonly reason: string | undefined;
}

export interface Journal {
  append(row: UsageRow): void;
  state(): JournalState;
  /** Writes what waits, for so many milliseconds at most; returns how many rows are left unwritten. */
  drain(deadlineMs: number): Promise<number>;
}

const batchRows = 500;
const batchMs = 1_000;
const defaultCapacity = 50_000;
const firstWaitMs = 100;
const longestWaitMs = 5_000;
const sayLostEveryMs = 10_000;

/** Takes how to write; returns a journal that writes every 500 rows or every second, whichever comes first. */
export function openJournal(options: JournalOptions): Journal {
  return new MemoryJournal(options);
}

class MemoryJournal implements Journal {
  readonly #options: JournalOptions;
  readonly #capacity: number;
  #waiting: UsageRow[] = [];
  #inHand = 0;
  #written = 0;
  #lost = 0;
  #rejected = 0;
  #reason: string | undefined;
  #lostSaidAt = Number.NEGATIVE_INFINITY;
  #writing: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  /** Aborted to cut the present wait short. */
  #hurry = new AbortController();

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#capacity = options.capacity ?? defaultCapacity;
  }

  append(row: UsageRow): void {
    if (this.#waiting.length + this.#inHand >= this.#capacity) {
      this.#lose();
      return;
    }
    this.#waiting.push(row);
    if (this.#waiting.length >= batchRows) this.#begin();
    else this.#cancelTimer ??= this.#options.clock.after(batchMs, () => this.#begin());
  }

  state(): JournalState {
    return {
      waiting: this.#waiting.length + this.#inHand,
      written: this.#written,
      lost: this.#lost,
      rejected: this.#rejected,
      reason: this.#reason,
    };
  }

  async drain(deadlineMs: number): Promise<number> {
    const { clock, log } = this.#options;
    this.#hurry.abort();
    this.#begin();
    const over = new AbortController();
    await Promise.race([this.#writing, sleep(clock, deadlineMs, over.signal)]);
    over.abort();
    const { waiting, lost, reason } = this.state();
    if (waiting > 0) log.error('usage rows are left unwritten', { rows: waiting, reason });
    if (lost > 0) log.error('usage rows were lost while the database was away', { rows: lost });
    return waiting;
  }

  #lose(): void {
    const { clock, log } = this.#options;
    this.#lost += 1;
    if (clock.monotonic() - this.#lostSaidAt < sayLostEveryMs) return;
    this.#lostSaidAt = clock.monotonic();
    log.error('usage rows are being lost: the journal is full and the database is away', {
      lost: this.#lost,
      capacity: this.#capacity,
      reason: this.#reason,
    });
  }

  #begin(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Writes batch after batch until nothing waits. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchRows);
      this.#inHand = batch.length;
      await this.#deliver(batch);
    }
  }

  /** Returns when every row is written or refused by the database; while that is away it tries again and again. */
  async #deliver(rows: readonly UsageRow[]): Promise<void> {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        await this.#options.write(rows);
        return this.#settle(rows.length, 'written');
      } catch (thrown) {
        if (isAboutRows(thrown)) return this.#divide(rows, thrown);
        this.#complain(thrown);
      }
      await sleep(this.#options.clock, waitMs, this.#hurry.signal);
      if (this.#hurry.signal.aborted) {
        this.#hurry = new AbortController();
        waitMs = firstWaitMs / 2;
      }
    }
  }

  /** One row the database will not take must not hold up the others: halves are tried until it stands alone. */
  async #divide(rows: readonly UsageRow[], thrown: unknown): Promise<void> {
    const [first] = rows;
    if (rows.length === 1 && first !== undefined) {
      this.#options.log.error('the database refuses a usage row', { requestId: first.requestId, error: thrown });
      return this.#settle(1, 'rejected');
    }
    const middle = Math.ceil(rows.length / 2);
    await this.#deliver(rows.slice(0, middle));
    await this.#deliver(rows.slice(middle));
  }

  #settle(rows: number, how: 'written' | 'rejected'): void {
    this.#inHand -= rows;
    if (how === 'written') this.#written += rows;
    else this.#rejected += rows;
    if (this.#reason === undefined) return;
    this.#options.log.info('usage rows are written again', { waiting: this.state().waiting });
    this.#reason = undefined;
  }

  #complain(thrown: unknown): void {
    const { message, cause } = GatewayError.from(thrown);
    const reason = cause instanceof Error ? cause.message : message;
    if (this.#reason === undefined) this.#options.log.warn('usage rows cannot be written; they are kept', { reason });
    this.#reason = reason;
  }
}

/** A value or a constraint at fault, not the database: trying the same rows again would not help. */
function isAboutRows(thrown: unknown): boolean {
  if (thrown instanceof RangeError || thrown instanceof TypeError) return true;
  const state = sqlStateOf(thrown) ?? '';
  return state.startsWith(sqlStates.dataException) || state.startsWith(sqlStates.constraintViolation);
}
