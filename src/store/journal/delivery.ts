// Batches on their way into the database: tried until they are there. Invariant: one line the database will not take holds
// up no other; it is told apart by halves and handed to whoever keeps such lines.
import { GatewayError } from '../../core/errors.ts';
import { type Clock, sleep } from '../../kit/clock.ts';
import type { Log } from '../../kit/log.ts';
import { Abort } from '../../kit/signal.ts';
import { sqlStateOf, sqlStates } from '../database.ts';
import type { Batch } from './batch.ts';

export interface DeliveryOptions {
  /** Takes a JSON array of lines and writes them, each request id once however often it is sent (write-usage.ts). */
  readonly write: (lines: Uint8Array) => Promise<unknown>;
  readonly clock: Clock;
  readonly log: Log;
  /** What the lines tell of, for people. */
  readonly what: string;
  /** Takes a line the database will not take, and why. */
  readonly onRefused: (line: string, why: unknown) => void;
  /** Called before each wait while the database is away. */
  readonly onAway: () => Promise<void>;
}

const firstWaitMs = 100;
const longestWaitMs = 2_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  /** Fired to cut the present wait short. */
  #hurry = new Abort();
  #isOver = false;
  #reason: string | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Why nothing is written now; undefined when all is well. */
  reason(): string | undefined {
    return this.#reason;
  }

  /** The next try comes at once. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** No try comes any more: deliver() gives up. */
  end(): void {
    this.#isOver = true;
    this.hurry();
  }

  /** Takes a batch; returns how many of its lines were refused, or undefined when it gave up before all was dealt with. */
  deliver(batch: Batch): Promise<number | undefined> {
    return this.#deliver(batch, 0, batch.count());
  }

  async #deliver(batch: Batch, from: number, to: number): Promise<number | undefined> {
    for (let waitMs = firstWaitMs; !this.#isOver; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
      try {
        await this.#options.write(batch.array(from, to));
        this.#recover();
        return 0;
      } catch (thrown) {
        if (isAboutRows(thrown)) return this.#divide(batch, from, to, thrown);
        this.#complain(thrown);
      }
      await this.#options.onAway();
      await sleep(this.#options.clock, waitMs, this.#hurry);
      if (this.#hurry.aborted) {
        this.#hurry = new Abort();
        waitMs = firstWaitMs / 2;
      }
    }
    return undefined;
  }

  async #divide(batch: Batch, from: number, to: number, thrown: unknown): Promise<number | undefined> {
    this.#recover();
    if (to - from === 1) {
      this.#options.onRefused(batch.line(from), thrown);
      return 1;
    }
    const middle = Math.ceil((from + to) / 2);
    const first = await this.#deliver(batch, from, middle);
    if (first === undefined) return undefined;
    const second = await this.#deliver(batch, middle, to);
    return second === undefined ? undefined : first + second;
  }

  #recover(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    this.#options.log.info(`${this.#options.what} rows are written again`);
  }

  #complain(thrown: unknown): void {
    const { message, cause } = GatewayError.from(thrown);
    const reason = cause instanceof Error ? cause.message : message;
    const { log, what } = this.#options;
    if (this.#reason === undefined) log.warn(`${what} rows cannot be written; they are kept`, { reason });
    this.#reason = reason;
  }
}

/** A value or a constraint at fault, not the database: trying the same rows again would not help. */
function isAboutRows(thrown: unknown): boolean {
  const state = sqlStateOf(thrown) ?? '';
  return state.startsWith(sqlStates.dataException) || state.startsWith(sqlStates.constraintViolation);
}
