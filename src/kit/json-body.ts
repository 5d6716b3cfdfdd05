// A JSON body as bytes: where its top-level fields stand, and how to change some without touching the rest.
// Invariant: what is not edited keeps its bytes, so number spelling, field order and unknown fields survive.
import { isUtf8 } from 'node:buffer';

/** Where a top-level field stands: `start` at its key's quote, `value` and `end` around its value. */
export interface Span {
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

export type Flaw =
  | { readonly kind: 'utf8' | 'syntax' | 'depth' | 'not-object' }
  | { readonly kind: 'duplicate'; readonly field: string };

export interface BodyMap {
  readonly fields: ReadonlyMap<string, Span>;
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;

/** Values of the array `depths` beyond this are refused: no real request nests so deeply, and a hostile one may. */
export const deepest = 128;

/**
 * Takes the bytes of a JSON object that JSON.parse accepts (check that first), and the text they stand for; returns where its
 * top-level fields stand, or what is wrong with it.
 */
export function mapBody(bytes: Buffer, text: string): BodyMap | Flaw {
  const fields = new Map<string, Span>();
  // A character a byte: what is searched for is found faster in the text, at the same place.
  const plain = text.length === bytes.length ? text : null;
  let depth = 0;
  let keyStart = -1;
  let key: string | null = null;
  let valueStart = -1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = endOfString(bytes, plain, at);
      if (end === -1) return { kind: 'syntax' };
      if (depth === 1 && key === null) {
        keyStart = at;
        key = keyAt(bytes, at, end);
      }
      at = end - 1;
    } else if (byte === openBrace || byte === openBracket) {
      if (depth === 0 && byte === openBracket) return { kind: 'not-object' };
      if (++depth > deepest) return { kind: 'depth' };
    } else if (byte === closeBrace || byte === closeBracket || (byte === comma && depth === 1)) {
      if (depth === 1 && key !== null) {
        if (fields.has(key)) return { kind: 'duplicate', field: key };
        fields.set(key, { start: keyStart, value: valueStart, end: trimmedEnd(bytes, at) });
        key = null;
        valueStart = -1;
      }
      if (byte !== comma) depth--;
    } else if (byte === colon && depth === 1 && key !== null && valueStart === -1) {
      valueStart = afterBlanks(bytes, at + 1);
    }
  }
  return depth === 0 ? { fields } : { kind: 'syntax' };
}

/** Nearly every key is plain ASCII without escapes; the others are left to JSON.parse. */
function keyAt(bytes: Buffer, start: number, end: number): string {
  for (let at = start + 1; at < end - 1; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === backslash || byte > 0x7f) return JSON.parse(bytes.toString('utf8', start, end)) as string;
  }
  return bytes.toString('latin1', start + 1, end - 1);
}

/** Takes bytes; true when they are valid UTF-8. */
export function isText(bytes: Buffer): boolean {
  return isUtf8(bytes);
}

/** Short strings are walked byte by byte, which beats the call of a native search; long ones are left to it. */
const walkedBytes = 16;

function endOfString(bytes: Buffer, plain: string | null, start: number): number {
  const walkTo = Math.min(bytes.length, start + walkedBytes);
  for (let at = start + 1; at < walkTo; at++) {
    const byte = bytes[at];
    if (byte === quote) return at + 1;
    if (byte === backslash) at++;
  }
  return endOfLongString(bytes, plain, start);
}

function endOfLongString(bytes: Buffer, plain: string | null, start: number): number {
  let at = nextQuote(bytes, plain, start + 1);
  while (at !== -1) {
    let slashes = 0;
    while (bytes[at - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return at + 1;
    at = nextQuote(bytes, plain, at + 1);
  }
  return -1;
}

function nextQuote(bytes: Buffer, plain: string | null, from: number): number {
  return plain === null ? bytes.indexOf(quote, from) : plain.indexOf('"', from);
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function afterBlanks(bytes: Buffer, at: number): number {
  let next = at;
  while (isBlank(bytes[next])) next++;
  return next;
}

function trimmedEnd(bytes: Buffer, at: number): number {
  let end = at;
  while (isBlank(bytes[end - 1])) end--;
  return end;
}

/**
 * Takes a body, its map and edits (field → JSON text of the new value; undefined removes the field); returns the changed
 * body. Fields that are not there yet are put first.
 */
export function spliceBody(bytes: Buffer, map: BodyMap, edits: ReadonlyMap<string, string | undefined>): Buffer {
  const added: string[] = [];
  const changes: { from: number; to: number; text: string }[] = [];
  for (const [field, text] of edits) {
    const span = map.fields.get(field);
    if (span !== undefined) {
      changes.push(
        text === undefined ? { ...removal(bytes, span), text: '' } : { from: span.value, to: span.end, text },
      );
    } else if (text !== undefined) {
      added.push(`${JSON.stringify(field)}:${text}`);
    }
  }
  return assemble(bytes, map, changes, added);
}

/** The bytes to cut so that a field goes with the comma after it (or, for the last field, nothing more; see assemble). */
function removal(bytes: Buffer, span: Span): { from: number; to: number } {
  const after = afterBlanks(bytes, span.end);
  return bytes[after] === comma
    ? { from: span.start, to: afterBlanks(bytes, after + 1) }
    : { from: span.start, to: span.end };
}

function assemble(
  bytes: Buffer,
  map: BodyMap,
  changes: { from: number; to: number; text: string }[],
  added: readonly string[],
): Buffer {
  changes.sort((a, b) => a.from - b.from);
  const open = bytes.indexOf(openBrace) + 1;
  const removed = changes.filter((change) => change.text === '').length;
  const kept = map.fields.size - removed;
  const first = added.join(',') + (added.length > 0 && kept > 0 ? ',' : '');
  const room = bytes.length + changes.reduce((sum, { text }) => sum + text.length * 3, first.length * 3);
  const whole = Buffer.allocUnsafe(room);
  let length = bytes.copy(whole, 0, 0, open);
  length += whole.write(first, length);
  let at = open;
  for (const { from, to, text } of changes) {
    length += bytes.copy(whole, length, at, from);
    length += whole.write(text, length);
    at = to;
  }
  if (removed > 0 && bytes[afterBlanks(bytes, at)] === closeBrace) length = withoutTrailingComma(whole, length);
  length += bytes.copy(whole, length, at);
  return whole.subarray(0, length);
}

/** When the last field was removed, the comma before it stays behind: returns the length without it. */
function withoutTrailingComma(written: Buffer, length: number): number {
  const end = trimmedEnd(written, length);
  return written[end - 1] === comma ? end - 1 : length;
}
