// One signal for one call upstream: it fires when the client goes away or when the time is up, and says which.
import type { Clock } from '../kit/clock.ts';

export class Deadline {
  readonly #controller = new AbortController();
  readonly #gone: AbortSignal;
  readonly #stopTimer: () => void;
  #expired = false;

  /** Takes a clock, milliseconds, and the signal of the client's going. */
  constructor(clock: Clock, ms: number, gone: AbortSignal) {
    this.#gone = gone;
    this.#stopTimer = clock.after(ms, () => {
      this.#expired = true;
      this.#controller.abort();
    });
    if (gone.aborted) this.#controller.abort();
    else gone.addEventListener('abort', this.#onGone, { once: true });
  }

  readonly #onGone = (): void => this.#controller.abort();

  get signal(): AbortSignal {
    return this.#controller.signal;
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
    this.#controller.abort();
  }

  /** The call is over. */
  end(): void {
    this.#stopTimer();
    this.#gone.removeEventListener('abort', this.#onGone);
  }
}
