// Server-sent events, read and written (WHATWG HTML, section 9.2). Reading is byte-exact: an event keeps the bytes it
// came with, so that what is passed on unchanged is unchanged.

/** One event: its raw bytes with the closing blank line, its name and its joined data lines. */
export interface SseEvent {
  readonly raw: Buffer;
  readonly name: string;
  readonly data: string;
}

const lf = 0x0a;
const cr = 0x0d;
const space = 0x20;
const colon = 0x3a;

/** Cuts a byte stream into events, however it was chunked. One splitter serves one stream. */
export class SseSplitter {
  #rest: Buffer | null = null;
  /** Where the search for the end of the event goes on, so that a long event is scanned once. */
  #searched = 0;

  /** Takes the next bytes; returns the raw bytes of every event they complete. */
  push(bytes: Buffer): Buffer[] {
    const buffer = this.#rest === null ? bytes : Buffer.concat([this.#rest, bytes]);
    const complete: Buffer[] = [];
    let start = 0;
    let from = this.#searched;
    for (;;) {
      const end = endOfEvent(buffer, from);
      if (end === -1) break;
      complete.push(buffer.subarray(start, end));
      start = end;
      from = end;
    }
    this.#rest = start === buffer.length ? null : buffer.subarray(start);
    this.#searched = this.#rest === null ? 0 : Math.max(0, this.#rest.length - 3);
    return complete;
  }

  /** Bytes held back because their event is not complete. */
  get pendingBytes(): number {
    return this.#rest?.length ?? 0;
  }

  /** Returns what is left when the stream has ended: an event without its closing blank line, or null. */
  end(): Buffer | null {
    const rest = this.#rest;
    this.#rest = null;
    this.#searched = 0;
    return rest;
  }
}

/** Takes a buffer and where to look from; returns the index after the blank line that ends the event, or -1. */
function endOfEvent(buffer: Buffer, from: number): number {
  let at = buffer.indexOf(lf, from);
  while (at !== -1) {
    const next = buffer[at + 1];
    if (next === lf) return at + 2;
    if (next === cr && buffer[at + 2] === lf) return at + 3;
    at = buffer.indexOf(lf, at + 1);
  }
  return -1;
}

/** Takes the raw bytes of one event; returns its name (`message` when unnamed) and data. Comment lines are left out. */
export function readEvent(raw: Buffer): SseEvent {
  let name = 'message';
  const data: string[] = [];
  let start = 0;
  while (start < raw.length) {
    let end = raw.indexOf(lf, start);
    if (end === -1) end = raw.length;
    const stop = end > start && raw[end - 1] === cr ? end - 1 : end;
    const mark = raw.indexOf(colon, start);
    if (mark > start && mark < stop) {
      const value = raw[mark + 1] === space ? mark + 2 : mark + 1;
      const field = raw.toString('latin1', start, mark);
      if (field === 'data') data.push(raw.toString('utf8', value, stop));
      else if (field === 'event') name = raw.toString('utf8', value, stop);
    }
    start = end + 1;
  }
  return { raw, name, data: data.length === 1 ? (data[0] ?? '') : data.join('\n') };
}

/** Takes data (one line of JSON) and a name when the dialect names its events; returns the event as text. */
export function writeEvent(data: string, name?: string): string {
  return name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
}
