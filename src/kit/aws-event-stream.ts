// Amazon's binary event stream (application/vnd.amazon.eventstream), cut into events. Both checksums of a message are checked
// before a byte of it is believed. https://smithy.io/2.0/aws/amazon-eventstream.html
import { crc32 } from 'node:zlib';
import { GatheredBytes } from './gathered-bytes.ts';

/** One message: what it is, and its payload as text. An exception's name begins with `exception:`, an error's with `error:`. */
export interface AwsEvent {
  readonly name: string;
  readonly data: string;
}

/** Lengths of message and headers, and their checksum. */
const preludeBytes = 12;
const checksumBytes = 4;

/** Amazon ends at 24 MiB of payload and 128 KiB of headers; a longer message is none. */
const longestMessage = 25 * 1024 * 1024;

/**
 * Cuts a byte stream into events, however it was chunked. One splitter serves one stream. What cannot be read sets `flaw`,
 * and nothing is read after it: without a length that can be trusted there is no next event.
 */
export class AwsEventSplitter {
  readonly #held = new GatheredBytes();
  /** Bytes that must be there before it is worth looking again, so that a long message is joined once. */
  #wanted = preludeBytes;
  /** What was wrong with the stream, in words; null as long as all could be read. */
  flaw: string | null = null;

  /** Takes the next bytes; returns every event they complete. */
  push(bytes: Buffer): AwsEvent[] {
    if (this.flaw !== null) return [];
    this.#held.push(bytes);
    return this.#held.length < this.#wanted ? [] : this.#cut();
  }

  /** Bytes held back because their event is not complete. */
  get pendingBytes(): number {
    return this.#held.length;
  }

  #cut(): AwsEvent[] {
    const events: AwsEvent[] = [];
    let rest = this.#held.take();
    for (;;) {
      this.#wanted = this.#lengthOf(rest);
      if (this.flaw !== null || rest.length < this.#wanted) break;
      const event = this.#read(rest.subarray(0, this.#wanted));
      if (event === null) break;
      events.push(event);
      rest = rest.subarray(this.#wanted);
    }
    if (this.flaw === null && rest.length > 0) this.#held.push(rest);
    return events;
  }

  /** Returns how long the first message is, or the prelude's length while that is not here. */
  #lengthOf(bytes: Buffer): number {
    if (bytes.length < preludeBytes) return preludeBytes;
    const length = bytes.readUInt32BE(0);
    const headers = bytes.readUInt32BE(4);
    if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) this.flaw = 'the checksum of a prelude is wrong';
    else if (length > longestMessage) this.flaw = `a message of ${length} bytes`;
    else if (length < preludeBytes + headers + checksumBytes) this.flaw = 'a message shorter than its headers';
    return length;
  }

  /** Takes a whole message; returns its event, or null after noting the flaw. */
  #read(message: Buffer): AwsEvent | null {
    const end = message.length - checksumBytes;
    const headersEnd = preludeBytes + message.readUInt32BE(4);
    if (crc32(message.subarray(0, end)) !== message.readUInt32BE(end)) {
      this.flaw = 'the checksum of a message is wrong';
      return null;
    }
    const headers = headersOf(message.subarray(preludeBytes, headersEnd));
    if (headers === null) {
      this.flaw = 'headers that do not end where they say';
      return null;
    }
    return eventOf(headers, message.toString('utf8', headersEnd, end));
  }
}

/** An error has no payload: its words stand in a header. */
function eventOf(headers: ReadonlyMap<string, string>, payload: string): AwsEvent {
  switch (headers.get(':message-type')) {
    case 'exception':
      return { name: `exception:${headers.get(':exception-type') ?? ''}`, data: payload };
    case 'error': {
      const message = headers.get(':error-message') ?? '';
      return { name: `error:${headers.get(':error-code') ?? ''}`, data: JSON.stringify({ message }) };
    }
    default:
      return { name: headers.get(':event-type') ?? '', data: payload };
  }
}

/** Bytes of a value by the number of its kind; kinds 6 (bytes) and 7 (text) say their length themselves. */
const fixedBytes: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];
const textKind = 7;

/** Takes the header section; returns the headers that hold text, or null when it cannot be read to its end. */
function headersOf(bytes: Buffer): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    const kind = bytes[nameEnd] ?? fixedBytes.length;
    const isCounted = kind === 6 || kind === textKind;
    if (kind >= fixedBytes.length || (isCounted && nameEnd + 3 > bytes.length)) return null;
    const start = nameEnd + (isCounted ? 3 : 1);
    const end = start + (isCounted ? bytes.readUInt16BE(nameEnd + 1) : (fixedBytes[kind] ?? 0));
    if (end > bytes.length) return null;
    if (kind === textKind) headers.set(bytes.toString('utf8', at + 1, nameEnd), bytes.toString('utf8', start, end));
    at = end;
  }
  return headers;
}
