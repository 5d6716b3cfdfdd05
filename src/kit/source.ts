// What comes piece by piece from somewhere that sets its own pace: whoever reads takes what is there, and when nothing is, has itself
// told of more. Calls, not promises: a stream of tokens wakes its reader for each one, and five awaits on the way cost more than the rest.

export interface Source<Piece> {
  /** Returns the next piece; undefined: it is not there yet (see `wake`); null: there is no more. Throws what broke it off. */
  take(): Piece | null | undefined;
  /** Takes who is to be told, once, that it is worth taking again; for a source that had nothing, and one reader at a time. */
  wake(told: () => void): void;
}

/** Takes a source; returns its next piece when it is there, or null at the end. Throws what broke it off. */
export async function next<Piece>(source: Source<Piece>): Promise<Piece | null> {
  for (;;) {
    const piece = source.take();
    if (piece !== undefined) return piece;
    await new Promise<void>((resolve) => source.wake(resolve));
  }
}
