// Where the body of an HTTP/1.1 message ends (RFC 9112, 6.3), and the reader of the chunked coding (7.1), strict as the heads.
import { type Fields, Malformed } from './head.ts';

/** Bytes of the body, `chunked`, or `until-close`. */
export type Framing = number | 'chunked' | 'until-close';

/** Takes the fields of a request; returns how its body is framed. Throws Malformed when they contradict each other. */
export function requestFraming(fields: Fields, minor: 0 | 1): Framing {
  return framingOf(fields, minor) ?? 0;
}

/** Takes the fields and the status of an answer, and whether HEAD was asked; returns how its body is framed. Throws Malformed. */
export function answerFraming(fields: Fields, minor: 0 | 1, status: number, isHead: boolean): Framing {
  const framing = framingOf(fields, minor);
  if (isHead || status === 204 || status === 304) return 0;
  return framing ?? 'until-close';
}

function framingOf(fields: Fields, minor: 0 | 1): Framing | null {
  const { 'content-length': length, 'transfer-encoding': coding } = fields;
  if (coding !== undefined) {
    if (length !== undefined) throw new Malformed('content-length and transfer-encoding exclude each other');
    if (minor === 0 || coding.toLowerCase() !== 'chunked') throw new Malformed('the only transfer-encoding is chunked');
    return 'chunked';
  }
  if (length === undefined) return null;
  return lengthIn(length);
}

const mostDigits = 15;

/** Digit by digit: a regular expression costs more where it is not often asked. */
function lengthIn(text: string): number {
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) length = Number.NaN;
    else length = length * 10 + digit;
  }
  if (text.length < 1 || text.length > mostDigits || Number.isNaN(length))
    throw new Malformed('content-length must be a number');
  return length;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
/** Digits of a size that is read as such; more are left to the reader of odd lines. */
const plainDigits = 7;
/** A size, and extensions that nobody uses. */
const longestLine = 256;
const mostTrailers = 64;
const sizeLine =
  /^([0-9A-Fa-f]{1,12})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"[\t\x20\x21\x23-\x5b\x5d-\x7e]*"))?)*\r\n$/;
const trailerLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n$/;

/** Takes a byte; returns what it means as a digit, or -1. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Reads the chunked coding piece by piece. Trailers are read over. */
export class ChunkedReader {
  #state: 'size' | 'data' | 'data-end' | 'trailer' | 'done' = 'size';
  #left = 0;
  /** The beginning of a line whose end has not come. */
  #line = '';
  #trailers = 0;

  get isDone(): boolean {
    return this.#state === 'done';
  }

  /** Takes bytes and where to begin; hands on the data among them and returns how far it read: not to the end when the body is over. Throws Malformed. */
  read(bytes: Buffer, from: number, take: (data: Buffer) => void): number {
    let at = from;
    while (at < bytes.length && this.#state !== 'done') {
      at = this.#state === 'data' ? this.#data(bytes, at, take) : this.#plainLine(bytes, at);
    }
    return at;
  }

  /** The lines of nearly every chunk are here whole and hold no more than a size, or nothing: read without a word about them. */
  #plainLine(bytes: Buffer, from: number): number {
    if (this.#line !== '' || this.#state === 'trailer') return this.#lineOf(bytes, from);
    let at = from;
    let size = 0;
    for (let digit = hexDigit(bytes[at]); digit !== -1 && at - from < plainDigits; digit = hexDigit(bytes[at])) {
      size = size * 16 + digit;
      at++;
    }
    const isEmpty = at === from;
    if (bytes[at] !== carriageReturn || bytes[at + 1] !== lineFeed || isEmpty !== (this.#state === 'data-end'))
      return this.#lineOf(bytes, from);
    this.#state = isEmpty ? 'size' : this.#sized(size);
    return at + 2;
  }

  #data(bytes: Buffer, at: number, take: (data: Buffer) => void): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    if (this.#left === 0) this.#state = 'data-end';
    take(bytes.subarray(at, end));
    return end;
  }

  #lineOf(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(lineFeed, at);
    const end = feed === -1 ? bytes.length : feed + 1;
    if (this.#line.length + end - at > longestLine) throw new Malformed('a line of the chunked coding is too long');
    this.#line += bytes.toString('latin1', at, end);
    if (feed === -1) return end;
    const line = this.#line;
    this.#line = '';
    this.#state = this.#after(line);
    return end;
  }

  #after(line: string): 'size' | 'data' | 'trailer' | 'done' {
    if (this.#state === 'data-end') {
      if (line !== '\r\n') throw new Malformed('a chunk is longer than it says');
      return 'size';
    }
    if (this.#state === 'trailer') return this.#trailer(line);
    const size = sizeLine.exec(line)?.[1];
    if (size === undefined) throw new Malformed('the size of a chunk cannot be read');
    return this.#sized(Number.parseInt(size, 16));
  }

  #sized(size: number): 'trailer' | 'data' {
    this.#left = size;
    return size === 0 ? 'trailer' : 'data';
  }

  #trailer(line: string): 'trailer' | 'done' {
    if (line === '\r\n') return 'done';
    if (!trailerLine.test(line) || ++this.#trailers > mostTrailers) throw new Malformed('a trailer cannot be read');
    return 'trailer';
  }
}
