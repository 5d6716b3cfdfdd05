// The answer to one request as HTTP/1.1, written to a client's socket in as few pieces as may be: a whole body together with
// its head, a stream's head together with its first pieces. Invariant: no value of a header can end its line.
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Reply } from '../core/wire.ts';
import { writeThrough } from '../kit/http1/write-through.ts';
import type { Outbox, Waiting } from '../kit/outbox.ts';

/** What is said of an answer before its body. */
export type Opening = Pick<Reply, 'status' | 'headers' | 'lines'>;

/** What a response needs of the connection it goes out on. */
export interface Way {
  readonly socket: Socket;
  readonly outbox: Outbox;
  /** The client speaks HTTP/1.1: it reads the chunked coding, and the connection stays open unless somebody says otherwise. */
  readonly isModern: boolean;
  /** Seconds an idle connection is kept, which the client is told. */
  readonly keepAliveSeconds: number;
  /** Milliseconds for which a client may take nothing of what waits for it; then its connection is closed. */
  readonly stalledMs: number;
  /** True: this is the last answer on the connection. Asked when the head is written. */
  isLast(): boolean;
  /** The response is written; called once, with what the client was told of the connection. */
  written(isLast: boolean): void;
}

const unfit = /[^\t\x20-\x7e\x80-\xff]/;
/** Pieces that come to this together are copied into one, of Node's pool; longer ones go out side by side in one call. */
const longestCopy = 16 * 1024;
/** So much waits for a slow reader before more is asked of the upstream. */
const mostWaiting = 64 * 1024;
const lineEnd = Buffer.from('\r\n');

export class Response implements Waiting {
  readonly #way: Way;
  /** What waits for the end of the turn. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #isChunked = false;
  #hasBegun = false;
  #isLast = false;
  #isDone = false;
  #isWritten = false;
  #isLost = false;
  #wake: (() => void) | null = null;

  constructor(way: Way) {
    this.#way = way;
  }

  /** The client has gone: nobody reads this any more. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** It is complete, written or about to be. */
  get isDone(): boolean {
    return this.#isDone;
  }

  get isWritten(): boolean {
    return this.#isWritten;
  }

  /** Its head is made: nothing else can be said in its place. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes the opening and the whole body (for HEAD only its length is told); sends all of it. Throws on a header that could end its line. */
  whole(opening: Opening, body: Uint8Array | string, headOnly = false): void {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
    const head = `${this.#head(opening)}content-length: ${length}\r\n\r\n`;
    this.#put(head, headOnly ? '' : body, headOnly ? 0 : length, false);
    this.#isDone = true;
  }

  /** Takes the opening; the body follows by write and end. Throws on a header that could end its line. */
  begin(opening: Opening): void {
    this.#isChunked = this.#way.isModern;
    const framing = this.#isChunked ? 'transfer-encoding: chunked\r\n\r\n' : '\r\n';
    this.#put(this.#head(opening) + framing, '', 0, false);
  }

  /** Takes a piece of the body; returns false when enough waits for the client (see drained). */
  write(piece: Uint8Array | string): boolean {
    const length = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    if (this.#isDone || length === 0) return true;
    this.#put(this.#isChunked ? `${length.toString(16)}\r\n` : '', piece, length, this.#isChunked);
    return this.#isLost || this.#bytes + this.#way.socket.writableLength < mostWaiting;
  }

  /** The client has not taken what waits for it. */
  get isHeldUp(): boolean {
    return this.#wake !== null;
  }

  /** Takes who is to be told, once, when the client has taken what waited, or is gone: also by taking nothing for too long. */
  drained(told: () => void): void {
    if (this.#isLost) {
      told();
      return;
    }
    this.#wake = told;
    this.#way.socket.setTimeout(this.#way.stalledMs);
  }

  /** The socket has taken all it was given. */
  stir(): void {
    const wake = this.#wake;
    if (wake === null) return;
    this.#wake = null;
    this.#way.socket.setTimeout(0);
    wake();
  }

  /** The client has gone. */
  lose(): void {
    this.#isLost = true;
    this.stir();
  }

  /** The body is complete. */
  end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#put(this.#isChunked ? '0\r\n\r\n' : '', '', 0, false);
  }

  /** Breaks off: what was written so far must not look complete. */
  destroy(): void {
    this.#way.socket.destroy();
  }

  /** What waits is the beginning of a stream, and goes out now if it may. */
  hurry(): void {
    this.#way.outbox.hurry(this);
  }

  /** Writes what waits, if anything: at the end of a turn, or sooner (hurry). */
  flush(): void {
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    if (this.#isLost) return;
    const { socket } = this.#way;
    writeThrough(socket, pieces.length > 1 && bytes <= longestCopy ? [Buffer.concat(pieces, bytes)] : pieces);
    if (this.#isDone && !this.#isWritten) {
      this.#isWritten = true;
      this.#way.written(this.#isLast);
    } else if (!socket.writableNeedDrain) this.stir();
  }

  /** Takes text, a piece of a body and its length in bytes, and whether a line's end follows; short ones become one piece. */
  #put(before: string, body: Uint8Array | string, length: number, isLine: boolean): void {
    if (this.#isLost) return;
    if (this.#pieces.length === 0) this.#way.outbox.answer(this);
    const end = isLine ? lineEnd.length : 0;
    if (length > longestCopy) {
      this.#add(Buffer.from(before, 'latin1'));
      this.#add(typeof body === 'string' ? Buffer.from(body) : body);
      if (isLine) this.#add(lineEnd);
      return;
    }
    const bytes = Buffer.allocUnsafe(before.length + length + end);
    bytes.write(before, 0, 'latin1');
    if (typeof body === 'string') bytes.write(body, before.length);
    else bytes.set(body, before.length);
    if (isLine) bytes.set(lineEnd, before.length + length);
    this.#add(bytes);
  }

  #add(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
  }

  #head({ status, headers, lines = '' }: Opening): string {
    this.#hasBegun = true;
    this.#isLast = this.#way.isLast();
    const { keepAliveSeconds } = this.#way;
    let text = status === 200 ? usualLine : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unnamed'}\r\n`;
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined) continue;
      if (unfit.test(value)) throw new TypeError(`the header ${name} holds a character that no header may hold`);
      text += `${name}: ${value}\r\n`;
    }
    return text + lines + dateLine() + (this.#isLast ? 'connection: close\r\n' : keepAlive(keepAliveSeconds));
  }
}

const usualLine = 'HTTP/1.1 200 OK\r\n';

const keepAlive = (seconds: number): string => `connection: keep-alive\r\nkeep-alive: timeout=${seconds}\r\n`;

let dateSecond = 0;
let dateText = '';

/** RFC 9110, 6.6.1; written once a second. */
function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}
