// Server-sent events, read and written (WHATWG HTML, section 9.2). Reading is byte-exact: an event keeps the bytes it
// came with, so that what is passed on unchanged is unchanged.
import { GatheredBytes } from './gathered-bytes.ts';

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
const brace = 0x7b;
const nothing = Buffer.alloc(0);

/** The end of an event is this long at most, so that all but one byte of it may stand in what came before. */
const longestEnd = 3;

/** Cuts a byte stream into events, however it was chunked: each byte is looked at once. One splitter serves one stream. */
export class SseSplitter {
  /** The beginning of an event whose end has not come, and its last bytes, which may be the beginning of that end. */
  readonly #held = new GatheredBytes();
  #heldEnd: Buffer = nothing;

  /** Takes the next bytes; returns the raw bytes of every event they complete. */
  push(bytes: Buffer): Buffer[] {
    const complete: Buffer[] = [];
    let start = 0;
    let end = this.#held.length === 0 ? endOfEvent(bytes, 0) : this.#endOfHeld(bytes);
    if (end !== -1 && this.#held.length > 0) {
      this.#held.push(bytes.subarray(0, end));
      complete.push(this.#held.take());
      this.#heldEnd = nothing;
      start = end;
      end = endOfEvent(bytes, start);
    }
    for (; end !== -1; end = endOfEvent(bytes, start)) {
      complete.push(bytes.subarray(start, end));
      start = end;
    }
    if (start < bytes.length) this.#hold(start === 0 ? bytes : bytes.subarray(start));
    return complete;
  }

  /** Bytes held back because their event is not complete. */
  get pendingBytes(): number {
    return this.#held.length;
  }

  /** Returns what is left when the stream has ended: an event without its closing blank line, or null. */
  end(): Buffer | null {
    return this.#held.length === 0 ? null : this.#held.take();
  }

  #hold(bytes: Buffer): void {
    const isShort = this.#held.length > 0 && bytes.length < longestEnd - 1;
    const last = isShort ? Buffer.concat([this.#heldEnd, bytes]) : bytes;
    this.#heldEnd = last.subarray(Math.max(0, last.length - (longestEnd - 1)));
    this.#held.push(bytes);
  }

  /** Takes the bytes after what is held; returns where among them its event ends, or -1. */
  #endOfHeld(bytes: Buffer): number {
    const border = Buffer.concat([this.#heldEnd, bytes.subarray(0, longestEnd - 1)]);
    const end = endOfEvent(border, 0);
    return end === -1 ? endOfEvent(bytes, 0) : end - this.#heldEnd.length;
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

/**
 * Takes the raw bytes of one event; returns its name (`message` when unnamed) and data. Comment lines are left out. No field
 * begins with a brace: Google and others write an error bare into a stream, and it is read as the data that it should have been.
 */
export function readEvent(raw: Buffer): SseEvent {
  const { length } = raw;
  const isOneLine = raw.indexOf(lf) === length - 2 && raw[length - 1] === lf && raw[length - 3] !== cr;
  return isOneLine && isDataLine(raw)
    ? { raw, name: 'message', data: raw.toString('utf8', 'data: '.length, length - 2) }
    : readLines(raw);
}

/** Nearly every event is one line that begins with `data: `. */
function isDataLine(raw: Buffer): boolean {
  const isData = raw[0] === 0x64 && raw[1] === 0x61 && raw[2] === 0x74 && raw[3] === 0x61;
  return isData && raw[4] === colon && raw[5] === space;
}

function readLines(raw: Buffer): SseEvent {
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
  if (data.length === 0 && raw[0] === brace) return { raw, name, data: raw.toString('utf8').trim() };
  return { raw, name, data: data.length === 1 ? (data[0] ?? '') : data.join('\n') };
}

/** Takes data (one line of JSON) and a name when the dialect names its events; returns the event as text. */
export function writeEvent(data: string, name?: string): string {
  return name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
}
