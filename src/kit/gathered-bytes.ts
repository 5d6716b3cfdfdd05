// Bytes that come in pieces until they are wanted whole. Invariant: what they take in memory is bounded by how many there are,
// however small the pieces: a Buffer weighs a hundred bytes and more, so pieces of one byte each are joined on the way.

/** After so many pieces it is looked whether they are crumbs: this many bytes each, or fewer. */
const fewPieces = 1024;
const crumb = 1024;

export class GatheredBytes {
  #pieces: Buffer[] = [];
  /** Bytes of all pieces. */
  length = 0;
  /** Pieces before this one have been looked at, and the bytes of those from it on. */
  #seen = 0;
  #unseenBytes = 0;

  /** Takes the next piece; it is kept as it is, not copied, unless it is a crumb among crumbs. */
  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.length += piece.length;
    this.#unseenBytes += piece.length;
    if (this.#pieces.length - this.#seen >= fewPieces) this.#tidy();
  }

  /** Returns the first piece and forgets it; undefined: there is none. */
  shift(): Buffer | undefined {
    const piece = this.#pieces.shift();
    if (piece === undefined) return undefined;
    this.length -= piece.length;
    if (this.#seen > 0) this.#seen--;
    else this.#unseenBytes -= piece.length;
    return piece;
  }

  /** Returns all there is as one, and forgets it. */
  take(): Buffer {
    const [first] = this.#pieces;
    const all = this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces, this.length);
    this.clear();
    return all;
  }

  /** Forgets all there is. */
  clear(): void {
    this.#pieces = [];
    this.length = 0;
    this.#seen = 0;
    this.#unseenBytes = 0;
  }

  #tidy(): void {
    if (this.#unseenBytes <= fewPieces * crumb)
      this.#pieces.push(Buffer.concat(this.#pieces.splice(this.#seen), this.#unseenBytes));
    this.#seen = this.#pieces.length;
    this.#unseenBytes = 0;
  }
}
