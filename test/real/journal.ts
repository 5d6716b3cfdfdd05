// What a real part has seen, in order, so that a test can assert it and wait for it without sleeping.
// Invariant: entries are only ever added, each with the next number.

export type JournalEntry = { readonly seq: number; readonly event: string; readonly [detail: string]: unknown };

export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #waiting = new Set<() => void>();

  add(event: string, detail: Record<string, unknown> = {}): void {
    this.entries.push({ seq: this.entries.length + 1, event, ...detail });
    for (const look of [...this.#waiting]) look();
  }

  /** The first entry called `event` after number `after`, now or once it comes. Rejects when the signal aborts. */
  next(event: string, after: number, signal: AbortSignal): Promise<JournalEntry> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = this.entries.find((entry) => entry.event === event && entry.seq > after);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      signal.addEventListener('abort', () => {
        this.#waiting.delete(look);
        reject(signal.reason);
      });
      this.#waiting.add(look);
      look();
    });
  }
}
