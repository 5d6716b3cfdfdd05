// One signal for one call upstream: it fires when the client goes away, when the time is up, or when a stream has been silent for
// too long, and says which.
import type { Clock } from '../kit/clock.ts';
import { Abort, type Signal } from '../kit/signal.ts';

/** A stream that has begun and says nothing for so long has been forgotten, whatever time its deployment is given. */
const longestSilenceMs = 600_000;

const nothing = (): void => undefined;

export class Deadline {
  readonly #abort = new Abort();
  readonly #gone: Signal;
  readonly #clock: Clock;
  #stopTimer: () => void = nothing;
  #ms = 0;
  #endsAt = 0;
  #hasBegun = false;
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

  /** Milliseconds that a stream may be silent, once it has begun, while more of it is waited for. */
  get silenceMs(): number {
    return Math.min(this.#ms, longestSilenceMs);
  }

  /** The time runs, from now on. Takes milliseconds. */
  within(ms: number): void {
    this.#ms = ms;
    this.#endsAt = this.#clock.monotonic() + ms;
    this.#look(this.silenceMs);
  }

  /** A stream has begun: from now on its silence counts. */
  begun(): void {
    this.#hasBegun = true;
  }

  /** One timer a call, set anew only when it fires. No look is further off than a silence may last: a stream may begin at any time. */
  #look(inMs: number): void {
    this.#stopTimer = this.#clock.after(inMs, () => {
      const leftMs = this.#leftMs();
      if (leftMs > 0) this.#look(Math.min(leftMs, this.silenceMs));
      else this.#expire();
    });
  }

  #leftMs(): number {
    const now = this.#clock.monotonic();
    if (!this.#hasBegun) return this.#endsAt - now;
    return this.silenceMs - (this.#waitsSince === null ? 0 : now - this.#waitsSince);
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
