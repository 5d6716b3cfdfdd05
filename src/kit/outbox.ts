// What is written when this turn of the event loop has read all there was to read: first what is asked of upstreams, so that models
// begin; then what must be kept (the journal); then what goes out to clients. Invariant: no answer goes out before what was put in to
// be kept. Why at the end of a turn: bytes for many sockets written one after the other wake their readers once instead of once each,
// and rows share one write to disk. What begins does not wait for that: the first request of a turn, the first words of a stream.

/** Something with bytes that wait. It must not throw, and may be asked when nothing waits any more. */
export interface Waiting {
  flush(): void;
}

export class Outbox {
  #asked: Waiting[] = [];
  #kept: Waiting[] = [];
  #answered: Waiting[] = [];
  #isPlanned = false;
  #hasAsked = false;

  /** Takes a request to an upstream. The first of a turn goes out at once. */
  ask(one: Waiting): void {
    if (this.#hasAsked) this.#asked.push(one);
    else {
      this.#hasAsked = true;
      one.flush();
    }
    this.#plan();
  }

  /** Takes something to be flushed before any answer goes out. */
  keep(one: Waiting): void {
    this.#kept.push(one);
    this.#plan();
  }

  /** Takes an answer, or a part of one. */
  answer(one: Waiting): void {
    this.#answered.push(one);
    this.#plan();
  }

  /** Takes an answer that was put in and has just begun; it goes out at once unless something is to be kept before it. */
  hurry(one: Waiting): void {
    if (this.#kept.length === 0) one.flush();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(this.#flush);
  }

  /** A loop for each kind: V8 knows what flush() is in each of them. */
  readonly #flush = (): void => {
    this.#isPlanned = false;
    this.#hasAsked = false;
    const asked = this.#asked;
    const kept = this.#kept;
    const answered = this.#answered;
    this.#asked = [];
    this.#kept = [];
    this.#answered = [];
    for (const one of asked) one.flush();
    for (const one of kept) one.flush();
    for (const one of answered) one.flush();
  };
}
