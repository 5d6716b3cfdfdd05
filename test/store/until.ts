// Waiting in tests: for a condition, never for a time.
import { setTimeout as pause } from 'node:timers/promises';

/** Takes a condition and its name; resolves with what it gives once that is neither undefined nor false. Throws after 30 s. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  patienceMs = 30_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await pause(5);
  }
}
