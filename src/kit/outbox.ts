// What is written when this turn of the event loop has read all there was to read: first what must be kept (the journal), then
// what goes out to sockets. Invariant: nothing goes out before what was put in to be kept. Why at the end of a turn: bytes for
// many sockets written one after the other wake their readers once instead of once each, and rows share one write to disk.

/** Something with bytes that wait. It must not throw. */
export interface Waiting {
  flush(): void;
}

export class Outbox {
  #kept: Waiting[] = [];
  #sent: Waiting[] = [];
  #isPlanned = false;

  /** Takes something to be flushed before anything goes out. */
  keep(one: Waiting): void {
    this.#kept.push(one);
    this.#plan();
  }

  /** Takes something to be flushed at the end of this turn. */
  send(one: Waiting): void {
    this.#sent.push(one);
    this.#plan();
  }

  #plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isPlanned = false;
    const kept = this.#kept;
    const sent = this.#sent;
    this.#kept = [];
    this.#sent = [];
    for (const one of kept) one.flush();
    for (const one of sent) one.flush();
  };
}
