// Now and later, as a part that is handed in, so that tests own the time.
import type { Signal } from './signal.ts';

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Calls back after the given milliseconds; returns a function that calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, Math.min(ms, 2_147_483_647));
    return () => clearTimeout(timer);
  },
};

/** Takes a clock, milliseconds and a signal; resolves after that time, or at once when the signal aborts. */
export function sleep(clock: Clock, ms: number, signal?: Signal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = () => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
