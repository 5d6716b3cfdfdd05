// Lines on their way into the database, in one piece of memory that is sent as it is. Invariant: byte 0 is free and every
// line ends with a byte that is no part of it, so that any run of lines becomes a JSON array without being copied.

const newline = 10;
const comma = 44;
const opening = 91;
const closing = 93;

export class Batch {
  readonly #bytes: Buffer;
  /** Where the byte after each line is. */
  readonly #ends: readonly number[];

  /** Takes memory whose byte 0 is free, with whole lines after it. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    const ends: number[] = [];
    for (let at = bytes.indexOf(newline, 1); at !== -1; at = bytes.indexOf(newline, at + 1)) ends.push(at);
    this.#ends = ends;
  }

  /** Takes lines of text; returns them as a batch. */
  static of(lines: readonly string[]): Batch {
    return new Batch(Buffer.from(` ${lines.join('')}`));
  }

  /** How many lines. */
  count(): number {
    return this.#ends.length;
  }

  /** Takes the first line and the one after the last; returns them as a JSON array, good until the next call. */
  array(from: number, to: number): Uint8Array {
    const start = this.#startOf(from) - 1;
    const end = this.#endOf(to - 1);
    for (const separator of this.#ends.slice(from, to)) this.#bytes[separator] = comma;
    this.#bytes[start] = opening;
    this.#bytes[end] = closing;
    return this.#bytes.subarray(start, end + 1);
  }

  /** Takes the number of a line; returns its text. */
  line(number: number): string {
    return this.#bytes.toString('utf8', this.#startOf(number), this.#endOf(number));
  }

  #startOf(line: number): number {
    return line === 0 ? 1 : this.#endOf(line - 1) + 1;
  }

  #endOf(line: number): number {
    return this.#ends[line] ?? this.#bytes.length - 1;
  }
}
