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
  /**
   * What is folded, three numbers each: where it begins, where it ends, and what it is: `aText` (without its quotes), else the number of
   * the opening of an element that is folded whole.
   */
  readonly folded: readonly number[];
}

/** What may be folded of one top-level field. */
export interface Folds {
  readonly field: string;
  /** Long values of these names, however deep. */
  readonly names: readonly string[];
  /** Elements that begin with one of these, the quote of a long text included, and end with that text and a brace. */
  readonly openings: readonly string[];
}

const nothingFolded = { field: null, names: [], openings: [] };

/** Among what is folded: a text. */
export const aText = -1;

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

/** A text of up to so many bytes is as soon read as folded. */
const longestUnfolded = 64;

/**
 * Takes a body that is UTF-8, and what of it may be folded; returns where its top-level fields and what is folded stand, or
 * what is wrong with it. It reads strings to the last escape, and of the rest no more than it needs: whether the body is JSON, JSON.parse
 * says of its outline.
 */
export function mapBody(bytes: Buffer, folds: Folds | null): BodyMap | Flaw {
  const fields = new Map<string, Span>();
  const folded: number[] = [];
  const { field, names, openings } = folds ?? nothingFolded;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let depth = 0;
  let keyStart = -1;
  let key: string | null = null;
  let isFolding = false;
  let valueStart = -1;
  let lastString = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) {
      const end = endOfString(bytes, view, at);
      if (end === -1) return { kind: 'syntax' };
      if (depth === 1 && key === null) {
        keyStart = at;
        key = keyAt(bytes, at, end);
        isFolding = key === field;
      } else if (isFolding && end - at > longestUnfolded && isNamed(bytes, lastString, at, names)) {
        folded.push(at + 1, end - 1, aText);
      }
      lastString = at;
      at = end - 1;
    } else if (byte === openBrace || byte === openBracket) {
      const opening = isFolding && depth === 2 ? openingAt(bytes, at, openings) : -1;
      const end = opening === -1 ? -1 : endOfElement(bytes, view, at + (openings[opening] ?? '').length - 1);
      if (end !== -1) {
        folded.push(at, end, opening);
        at = end - 1;
        continue;
      }
      if (depth === 0 && byte === openBracket) return { kind: 'not-object' };
      if (++depth > deepest) return { kind: 'depth' };
    } else if (byte === closeBrace || byte === closeBracket || (byte === comma && depth === 1)) {
      if (depth === 1 && key !== null) {
        if (fields.has(key)) return { kind: 'duplicate', field: key };
        fields.set(key, { start: keyStart, value: valueStart, end: trimmedEnd(bytes, at) });
        key = null;
        isFolding = false;
        valueStart = -1;
      }
      if (byte !== comma) depth--;
    } else if (byte === colon && depth === 1 && key !== null && valueStart === -1) {
      valueStart = afterBlanks(bytes, at + 1);
    }
  }
  return depth === 0 ? { fields, folded } : { kind: 'syntax' };
}

const dots = Buffer.from('...');
/** Stands for an element: beside any other token it is as wrong as an object would be there, and V8 makes no object of it. */
const nothing = Buffer.from('null');

/**
 * Takes a body and its map; returns its text with three dots in place of each folded text and null in place of each folded element:
 * JSON exactly when the body is.
 */
export function outlineOf(bytes: Buffer, { folded }: BodyMap): string {
  if (folded.length === 0) return bytes.toString('utf8');
  let length = bytes.length;
  for (let at = 0; at < folded.length; at += 3) {
    length -= (folded[at + 1] ?? 0) - (folded[at] ?? 0) - standIn(folded[at + 2]).length;
  }
  const outline = Buffer.allocUnsafe(length);
  let written = 0;
  let from = 0;
  for (let at = 0; at < folded.length; at += 3) {
    written = copy(bytes, from, folded[at] ?? 0, outline, written);
    const short = standIn(folded[at + 2]);
    written = copy(short, 0, short.length, outline, written);
    from = folded[at + 1] ?? 0;
  }
  copy(bytes, from, bytes.length, outline, written);
  return outline.toString('utf8');
}

const standIn = (what: number | undefined): Buffer => (what === aText ? dots : nothing);

/** Most of what stands between two texts is so short that a call of Buffer's own copy would cost more than the bytes. */
const walkedBytes = 64;

/** Returns where the next byte goes. */
function copy(bytes: Buffer, from: number, to: number, target: Buffer, start: number): number {
  if (to - from > walkedBytes) return start + bytes.copy(target, start, from, to);
  let next = start;
  for (let at = from; at < to; at++) target[next++] = bytes[at] ?? 0;
  return next;
}

/** Takes where the string before another one begins, and that one; true when the first is one of the names, and names the second. */
function isNamed(bytes: Buffer, name: number, at: number, names: readonly string[]): boolean {
  const mark = bytes[at - 1] === colon ? at - 1 : bytes[at - 1] === 0x20 && bytes[at - 2] === colon ? at - 2 : -1;
  return mark !== -1 && names.some((one) => mark - name === one.length + 2 && stands(bytes, name + 1, one));
}

/** Takes where a brace stands; returns the number of the opening that stands there, or -1. */
function openingAt(bytes: Buffer, at: number, openings: readonly string[]): number {
  for (let number = 0; number < openings.length; number++) {
    if (stands(bytes, at, openings[number] ?? '')) return number;
  }
  return -1;
}

/** Takes where an element's last string begins; returns where the element has ended, or -1 when more follows or the string is short. */
function endOfElement(bytes: Buffer, view: DataView, string: number): number {
  const end = endOfString(bytes, view, string);
  return end - string > longestUnfolded && bytes[end] === closeBrace ? end + 1 : -1;
}

function stands(bytes: Buffer, start: number, word: string): boolean {
  for (let at = 0; at < word.length; at++) if (bytes[start + at] !== word.charCodeAt(at)) return false;
  return true;
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

/** Takes where a string begins; returns where it has ended, or -1 when it does not, or not as RFC 8259, section 7, has it. */
function endOfString(bytes: Buffer, view: DataView, start: number): number {
  let at = nextMark(bytes, view, start + 1);
  while (bytes[at] === backslash) {
    const length = isEscape[bytes[at + 1] ?? 0] === 1 ? 2 : lengthOfUnicode(bytes, at);
    if (length === 0) return -1;
    at = nextMark(bytes, view, at + length);
  }
  return bytes[at] === quote ? at + 1 : -1;
}

/** Returns where the next byte stands that is no plain part of a string (a quote, a backslash, a control), or the end. */
function nextMark(bytes: Buffer, view: DataView, from: number): number {
  const last = bytes.length - 8;
  let at = from;
  for (; at <= last; at += 8) {
    const first = marksIn(view.getInt32(at, true));
    if (first !== 0) return at + lowest(first);
    const second = marksIn(view.getInt32(at + 4, true));
    if (second !== 0) return at + 4 + lowest(second);
  }
  return nextMarkByByte(bytes, at);
}

/** A function of its own: V8 makes worse of the loop above with a second one beside it. */
function nextMarkByByte(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && !isMark(bytes[at] ?? 0)) at++;
  return at;
}

function isMark(byte: number): boolean {
  return byte === quote || byte === backslash || byte < 0x20;
}

/**
 * Takes four bytes at once; returns a number whose lowest bit that is set is the highest bit of the first mark among them, 0 when there
 * is none. What is subtracted borrows a byte's highest bit where the byte is smaller (and may borrow for the bytes after it, no matter);
 * with their second bit turned, quotes stand right above the controls, and below all that is plain.
 */
function marksIn(four: number): number {
  return (((four ^ 0x02020202) - 0x21212121) | ((four ^ 0x5c5c5c5c) - 0x01010101)) & ~four & 0x80808080;
}

/** Takes what marksIn returns, not 0; returns the first mark's place, 0 to 3. */
function lowest(marks: number): number {
  return (31 - Math.clz32(marks & -marks)) >> 3;
}

/** Takes where a backslash stands; returns how many bytes belong to it when a code follows, or 0 when none does. */
function lengthOfUnicode(bytes: Buffer, at: number): number {
  return /^u[0-9a-f]{4}$/i.test(bytes.toString('latin1', at + 1, at + 6)) ? 6 : 0;
}

/** By the byte after the backslash; a code (`\u`) has more to it. */
const isEscape = new Uint8Array(256);
for (const byte of Buffer.from('"\\/bfnrt')) isEscape[byte] = 1;

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
