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

/** A stretch of a body, and the text that comes in its place; none: it goes. */
interface Change {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * Takes a body, its map and edits (field → JSON text of the new value; undefined removes the field); returns the changed body
 * in pieces, which are the given bytes wherever nothing changes. Fields that are not there yet are put first.
 */
export function spliceBody(
  bytes: Buffer,
  map: BodyMap,
  edits: ReadonlyMap<string, string | undefined>,
): readonly Buffer[] {
  const added: string[] = [];
  const changes: Change[] = [];
  for (const [field, text] of edits) {
    const span = map.fields.get(field);
    if (span === undefined) {
      if (text !== undefined) added.push(`${JSON.stringify(field)}:${text}`);
    } else if (text === undefined) changes.push(removal(bytes, span));
    else changes.push({ from: span.value, to: span.end, text });
  }
  const kept = map.fields.size - changes.filter(({ text }) => text === '').length;
  changes.sort((a, b) => a.from - b.from);
  cutTrailingComma(bytes, changes);
  if (added.length > 0) {
    const open = bytes.indexOf(openBrace) + 1;
    changes.unshift({ from: open, to: open, text: added.join(',') + (kept > 0 ? ',' : '') });
  }
  return pieced(bytes, changes);
}

/** The bytes to cut so that a field goes with the comma after it (or, for the last field, nothing more). */
function removal(bytes: Buffer, span: Span): Change {
  const after = afterBlanks(bytes, span.end);
  const to = bytes[after] === comma ? afterBlanks(bytes, after + 1) : span.end;
  return { from: span.start, to, text: '' };
}

/** When the last fields go, the comma before the first of them goes too. Takes changes in their order. */
function cutTrailingComma(bytes: Buffer, changes: Change[]): void {
  let first: Change | undefined;
  for (let change = changes.pop(); change !== undefined; change = changes.pop()) {
    const isLast = first === undefined ? bytes[afterBlanks(bytes, change.to)] === closeBrace : change.to === first.from;
    if (change.text !== '' || !isLast) {
      changes.push(change);
      break;
    }
    first = { ...change, to: first?.to ?? change.to };
  }
  if (first === undefined) return;
  const end = trimmedEnd(bytes, first.from);
  changes.push(bytes[end - 1] === comma ? { ...first, from: end - 1 } : first);
}

function pieced(bytes: Buffer, changes: readonly Change[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { from, to, text } of changes) {
    if (from > at) pieces.push(bytes.subarray(at, from));
    if (text !== '') pieces.push(Buffer.from(text));
    at = to;
  }
  pieces.push(at === 0 ? bytes : bytes.subarray(at));
  return pieces;
}
