// One signal for one call upstream: it fires when the client goes away, when the time is up, or when a stream has been silent for
// too long, and says which.
import type { Clock } from '../kit/clock.ts';
import { Abort, type Signal } from '../kit/signal.ts';

const nothing = (): void => undefined;

export class Deadline {
  readonly #abort = new Abort();
  readonly #gone: Signal;
  readonly #clock: Clock;
  #stopTimer: () => void = nothing;
  #ms = 0;
  /** Once a stream has begun: how long it may be silent. */
  #silenceMs: number | null = null;
  #expired = false;
  /** Since when more of a stream is waited for; null: nobody waits. */
  #waitsSince: number | null = null;

  /** Takes a clock and the signal of the client's going. */
  constructor(clock: Clock, gone: Signal) {
    this.#gone = gone;
    this.#clock = clock;
    if (gone.aborted) this.#abort.abort();
    else gone.addEventListener('abort', this.#onGone);
  }

  #expire(): void {
    this.#expired = true;
    this.#abort.abort();
  }

  readonly #onGone = (): void => this.#abort.abort();

  get signal(): Signal {
    return this.#abort;
  }

  /** True when it was the time, not the client. */
  get expired(): boolean {
    return this.#expired;
  }

  /** The time runs, from now on. Takes milliseconds. */
  within(ms: number): void {
    this.#ms = ms;
    this.#stopTimer = this.#clock.after(ms, this.#due);
  }

  /** A stream has begun. Takes the milliseconds it may be silent from now on while more of it is waited for. */
  begun(silenceMs: number): void {
    this.#silenceMs = silenceMs;
    // The timer that runs is the first to be due, nearly always: silence has just begun.
    if (silenceMs >= this.#ms) return;
    this.#stopTimer();
    this.#stopTimer = this.#clock.after(silenceMs, this.#due);
  }

  /** One timer a call, set anew only when it fires. */
  readonly #due = (): void => {
    const limitMs = this.#silenceMs;
    const silentMs = this.#waitsSince === null ? 0 : this.#clock.monotonic() - this.#waitsSince;
    if (limitMs === null || silentMs >= limitMs) this.#expire();
    else this.#stopTimer = this.#clock.after(limitMs - silentMs, this.#due);
  };

  /** More of the stream is waited for, from now on unless it was before. */
  waits(): void {
    this.#waitsSince ??= this.#clock.monotonic();
  }

  /** There is more of it; what its reader takes to read is not the upstream's silence. */
  heard(): void {
    this.#waitsSince = null;
  }

  /** The call has failed: what may be left of it is not wanted, and the upstream is let go. */
  giveUp(): void {
    this.end();
    this.#abort.abort();
  }

  /** The call is over. */
  end(): void {
    this.#stopTimer();
    this.#gone.removeEventListener('abort', this.#onGone);
  }
}
