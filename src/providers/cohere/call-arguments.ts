// The arguments of one call as Cohere's models write them. A tool without parameters is called with nothing, or with `null`:
// both mean an empty object, which every client can parse.

export class CallArguments {
  /** What could still turn out to be nothing or `null`; null once the arguments have begun. */
  #held: string | null = '';

  /** Takes the next piece; returns what can be sent on. */
  push(piece: string): string {
    if (this.#held === null) return piece;
    this.#held += piece;
    return 'null'.startsWith(this.#held.trim()) ? '' : this.#release();
  }

  /** Takes nothing more; returns what is still to be sent: an empty object when there was none. */
  end(): string {
    if (this.#held === null) return '';
    const rest = this.#held.trim();
    this.#held = null;
    return rest === '' || rest === 'null' ? '{}' : rest;
  }

  #release(): string {
    const text = this.#held ?? '';
    this.#held = null;
    return text;
  }
}
