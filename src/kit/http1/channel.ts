// One connection to an upstream that speaks HTTP/1.1: one call at a time, its answer read strictly. Invariant: a connection on
// which anything is out of order (bytes too many, an answer cut or framed in two ways) is never used again.
import type { Socket } from 'node:net';
import type { Outbox, Waiting } from '../outbox.ts';
import { answerFraming, ChunkedReader, type Framing } from './framing.ts';
import { type AnswerHead, type Fields, HeadMemory, Malformed, readAnswerHead } from './head.ts';
import { writeThrough } from './write-through.ts';

/** Who is told what becomes of a call. Of `ended` and `failed` one is called, once, and nothing after it. */
export interface CallEvents {
  head(status: number, fields: Fields): void;
  data(bytes: Buffer): void;
  ended(): void;
  failed(error: Error): void;
}

/** A request as it goes out. */
export interface CallBytes {
  readonly isHead: boolean;
  /** Request line and headers, with the empty line at their end. */
  readonly head: string;
  readonly body: readonly Buffer[];
  /** Bytes of the body. */
  readonly length: number;
}

/** Whoever lends the connection out. */
export interface Owner {
  /** The call is over, and the connection takes another, for so many milliseconds if the upstream said so. */
  free(channel: Channel, keepAliveMs: number | null): void;
  /** The connection is gone. */
  lost(channel: Channel): void;
}

const headEnd = Buffer.from('\r\n\r\n');
const longestHead = 64 * 1024;
/** Up to here head and body are copied into one buffer of Node's pool; beyond, they go out side by side in one call. */
const longestCopy = 16 * 1024;
const nothing: readonly Buffer[] = [];

export class Channel implements Waiting {
  /** Milliseconds of the monotonic clock: when it was opened, and until when it may be used again. */
  readonly bornAt = performance.now();
  usableUntil = Number.POSITIVE_INFINITY;
  readonly #socket: Socket;
  readonly #owner: Owner;
  readonly #outbox: Outbox;
  #call: CallEvents | null = null;
  #isHead = false;
  readonly #memory = new HeadMemory();
  #held: Buffer | null = null;
  #head: AnswerHead | null = null;
  #left = 0;
  #chunked: ChunkedReader | null = null;
  #framing: Framing = 0;
  #isLost = false;
  /** The request until it is written: its head with a short body, or with the pieces of a long one after it. */
  #out: readonly Buffer[] = nothing;

  constructor(socket: Socket, owner: Owner, outbox: Outbox) {
    this.#socket = socket;
    this.#owner = owner;
    this.#outbox = outbox;
    socket.on('data', (bytes: Buffer) => this.#data(bytes));
    socket.on('end', () => this.#ended());
    socket.on('error', (error) => this.#break(error));
    socket.on('close', () => this.#break(new Error('the upstream closed the connection')));
  }

  /** Takes a call and who is told of it; the connection must be free. */
  start({ isHead, head, body, length }: CallBytes, call: CallEvents): void {
    this.#call = call;
    this.#isHead = isHead;
    const isCopied = length <= longestCopy;
    const start = Buffer.allocUnsafe(head.length + (isCopied ? length : 0));
    let end = start.write(head, 0, 'latin1');
    if (isCopied) {
      for (const piece of body) {
        start.set(piece, end);
        end += piece.length;
      }
    }
    this.#out = isCopied ? [start] : [start, ...body];
    this.#outbox.ask(this);
  }

  /** Writes the request, unless the call was ended meanwhile. */
  flush(): void {
    const pieces = this.#out;
    this.#out = nothing;
    if (!this.#isLost) writeThrough(this.#socket, pieces);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the call and the connection; the call is told. */
  abort(error: Error): void {
    this.#break(error);
  }

  /** Lets the connection go; for one that is free. */
  close(): void {
    this.#isLost = true;
    this.#socket.destroy();
  }

  #data(bytes: Buffer): void {
    if (this.#isLost) return;
    if (this.#call === null) {
      this.#break(new Error('the upstream spoke unasked'));
      return;
    }
    try {
      this.#read(bytes);
    } catch (error) {
      this.#break(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #read(bytes: Buffer): void {
    let rest: Buffer | null = bytes;
    while (rest !== null && this.#head === null) rest = this.#readHead(rest);
    if (rest !== null && this.#head !== null) this.#readBody(rest);
  }

  /** Takes bytes; returns what follows the head, or null when there is nothing more. */
  #readHead(more: Buffer): Buffer | null {
    const bytes = this.#held === null ? more : Buffer.concat([this.#held, more]);
    const end = bytes.indexOf(headEnd, Math.max(0, (this.#held?.length ?? 0) - headEnd.length));
    if (bytes.length > longestHead && (end === -1 || end > longestHead)) throw new Malformed('the head is too long');
    // What is kept, here and of the body, outlives the read (landing.ts).
    this.#held = end === -1 ? Buffer.from(bytes) : null;
    if (end === -1) return null;
    const head = readAnswerHead(bytes.toString('latin1', 0, end), this.#memory);
    const rest = end + headEnd.length < bytes.length ? bytes.subarray(end + headEnd.length) : null;
    if (head.status === 101) throw new Malformed('the upstream changes the protocol unasked');
    if (head.status > 199) this.#begin(head, rest === null);
    return rest;
  }

  #begin(head: AnswerHead, isAll: boolean): void {
    this.#head = head;
    this.#framing = answerFraming(head.fields, head.minor, head.status, this.#isHead);
    this.#chunked = this.#framing === 'chunked' ? new ChunkedReader() : null;
    this.#left = typeof this.#framing === 'number' ? this.#framing : 0;
    this.#call?.head(head.status, head.fields);
    if (isAll && this.#framing === 0) this.#finish();
    else if (this.#framing === 0) throw new Malformed('the answer is longer than it says');
  }

  #readBody(bytes: Buffer): void {
    const call = this.#call;
    if (call === null || this.#isLost) return;
    if (this.#framing === 'until-close') call.data(Buffer.from(bytes));
    else if (this.#chunked !== null) {
      const end = this.#chunked.read(bytes, 0, (data) => this.#call?.data(Buffer.from(data)));
      if (this.#chunked.isDone) this.#finish(end < bytes.length);
    } else {
      const isTooMuch = bytes.length > this.#left;
      this.#left -= bytes.length;
      call.data(Buffer.from(isTooMuch ? bytes.subarray(0, bytes.length + this.#left) : bytes));
      if (this.#left <= 0) this.#finish(isTooMuch);
    }
  }

  /** The answer is complete. */
  #finish(hasMore = false): void {
    const call = this.#call;
    const head = this.#head;
    if (call === null || head === null) return;
    this.#call = null;
    this.#head = null;
    // A reader that was too slow may have held it up to the very end.
    if (this.#socket.isPaused()) this.#socket.resume();
    const isDirty = hasMore || this.#socket.writableLength > 0 || this.#socket.destroyed;
    if (isDirty || !staysOpen(head)) this.#lose();
    else this.#owner.free(this, keepAliveOf(head.fields));
    call.ended();
  }

  #ended(): void {
    if (this.#framing === 'until-close' && this.#head !== null) this.#finish();
    else this.#break(new Error('the upstream closed the connection'));
  }

  #break(error: Error): void {
    const call = this.#call;
    this.#call = null;
    this.#lose();
    call?.failed(error);
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#socket.destroy();
    this.#owner.lost(this);
  }
}

/** RFC 9112, 9.3. */
function staysOpen({ minor, fields }: AnswerHead): boolean {
  const said = fields.connection?.toLowerCase();
  if (said === undefined) return minor === 1;
  return minor === 1 ? !said.includes('close') : said.includes('keep-alive');
}

/** What the upstream says of how long it keeps an idle connection, less a second for the way; null when it says nothing. */
function keepAliveOf(fields: Fields): number | null {
  const seconds = /timeout=(\d{1,6})/i.exec(fields['keep-alive'] ?? '')?.[1];
  return seconds === undefined ? null : Math.max(0, Number(seconds) * 1000 - 1000);
}
