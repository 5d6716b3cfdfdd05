// One signal for one call upstream: it fires when the client goes away or when the time is up, and says which.
import type { Clock } from '../kit/clock.ts';
import { Abort, type Signal } from '../kit/signal.ts';

export class Deadline {
  readonly #abort = new Abort();
  readonly #gone: Signal;
  readonly #stopTimer: () => void;
  #expired = false;

  /** Takes a clock, milliseconds, and the signal of the client's going. */
  constructor(clock: Clock, ms: number, gone: Signal) {
    this.#gone = gone;
    this.#stopTimer = clock.after(ms, () => {
      this.#expired = true;
      this.#abort.abort();
    });
    if (gone.aborted) this.#abort.abort();
    else gone.addEventListener('abort', this.#onGone);
  }

  readonly #onGone = (): void => this.#abort.abort();

  get signal(): Signal {
    return this.#abort;
  }

  /** True when it was the time, not the client. */
  get expired(): boolean {
    return this.#expired;
  }

  /** What was awaited is there: the time no longer counts, the client's going still does. */
  met(): void {
    this.#stopTimer();
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
