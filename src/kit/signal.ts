// A signal that something is over, with the members of AbortSignal we use, so that either will do. Our own because the
// hot path makes two a request, and EventTarget costs ten times as much (listeners, events, weak references).

/** Fires at most once. An AbortSignal is one. */
export interface Signal {
  readonly aborted: boolean;
  /** Why, for those who ask; undefined when nothing was said. */
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** A signal and the means to fire it. Each listener is called once; one added after the firing is never called. */
export class Abort implements Signal {
  #listeners: (() => void)[] = [];
  #aborted = false;
  #reason: unknown;

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.#aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const at = this.#listeners.indexOf(listener);
    if (at !== -1) this.#listeners.splice(at, 1);
  }

  /** Fires: `aborted` is true from now on, and whoever listened is told. Takes the reason, if there is one to tell. */
  abort(reason?: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}
