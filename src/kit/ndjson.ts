// Newline-delimited JSON, cut into lines (https://github.com/ndjson/ndjson-spec). A line is decoded only when it is whole,
// so a character cut between two reads stays whole.
import { GatheredBytes } from './gathered-bytes.ts';

const lf = 0x0a;
const cr = 0x0d;

/** Cuts a byte stream into lines, however it was chunked. Empty lines are left out. One splitter serves one stream. */
export class LineSplitter {
  readonly #held = new GatheredBytes();

  /** Takes the next bytes; returns every line they complete, without its line end. */
  push(bytes: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(lf); end !== -1; end = bytes.indexOf(lf, start)) {
      const line = this.#take(bytes.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < bytes.length) this.#held.push(bytes.subarray(start));
    return lines;
  }

  /** Bytes held back because their line is not complete. */
  get pendingBytes(): number {
    return this.#held.length;
  }

  /** Returns what is left when the stream has ended: a line without its line end, or null. */
  end(): string | null {
    const line = this.#take(Buffer.alloc(0));
    return line === '' ? null : line;
  }

  #take(last: Buffer): string {
    this.#held.push(last);
    const line = this.#held.take();
    const length = line.at(-1) === cr ? line.length - 1 : line.length;
    const text = line.toString('utf8', 0, length);
    return text.trim() === '' ? '' : text;
  }
}
