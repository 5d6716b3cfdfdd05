// One signal for one call upstream: it fires when the client goes away, when the time is up, or when a stream has been silent for
// too long, and says which.
import type { Clock } from '../kit/clock.ts';
import { Abort, type Signal } from '../kit/signal.ts';

export class Deadline {
  readonly #abort = new Abort();
  readonly #gone: Signal;
  readonly #clock: Clock;
  #stopTimer: () => void;
  #expired = false;
  /** Since when more of a stream is waited for; null: nobody waits. */
  #waitsSince: number | null = null;

  /** Takes a clock, milliseconds, and the signal of the client's going. */
  constructor(clock: Clock, ms: number, gone: Signal) {
    this.#gone = gone;
    this.#clock = clock;
    this.#stopTimer = clock.after(ms, this.#expire);
    if (gone.aborted) this.#abort.abort();
    else gone.addEventListener('abort', this.#onGone);
  }

  readonly #expire = (): void => {
    this.#expired = true;
    this.#abort.abort();
  };

  readonly #onGone = (): void => this.#abort.abort();

  get signal(): Signal {
    return this.#abort;
  }

  /** True when it was the time, not the client. */
  get expired(): boolean {
    return this.#expired;
  }

  /** A stream has begun. Takes the milliseconds it may be silent from now on while more of it is waited for. */
  begun(silenceMs: number): void {
    this.#stopTimer();
    this.#watch(silenceMs, silenceMs);
  }

  /** One timer a stream, set anew only when it fires. */
  #watch(inMs: number, silenceMs: number): void {
    this.#stopTimer = this.#clock.after(inMs, () => {
      const silent = this.#waitsSince === null ? 0 : this.#clock.monotonic() - this.#waitsSince;
      if (silent >= silenceMs) this.#expire();
      else this.#watch(silenceMs - silent, silenceMs);
    });
  }

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
