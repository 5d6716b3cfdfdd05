// The answer to one request as HTTP/1.1, written to a client's socket in as few pieces as may be: a whole body together with
// its head, a stream's head together with its first piece. Invariant: no value of a header can end its line.
import type { Socket } from 'node:net';

export type HeaderLines = Readonly<Record<string, string>>;

/** What a response needs of the connection it goes out on. */
export interface Way {
  readonly socket: Socket;
  /** The client speaks HTTP/1.1: it reads the chunked coding, and the connection stays open unless somebody says otherwise. */
  readonly isModern: boolean;
  /** True: this is the last answer on the connection. Read when the head is written. */
  readonly isLast: () => boolean;
  /** The response is complete; called once, with what the client was told of the connection. */
  readonly done: (isLast: boolean) => void;
}

const reasons: Readonly<Record<number, string>> = { 200: 'OK', 204: 'No Content', 304: 'Not Modified' };
const unfit = /[^\t\x20-\x7e\x80-\xff]/;
/** Up to here head and body are copied into one buffer; beyond, two go out in one call. */
const longestCopy = 64 * 1024;
const lineEnd = Buffer.from('\r\n');

export class Response {
  readonly #way: Way;
  readonly #keepAlive: string;
  /** A stream's head that waits for the first piece. */
  #head = '';
  #isChunked = false;
  #hasBegun = false;
  #isLast = false;
  #isDone = false;
  /** Nobody reads this any more. */
  #isLost = false;
  #wake: (() => void) | null = null;

  /** Takes the way out and the seconds an idle connection is kept, which the client is told. */
  constructor(way: Way, keepAliveSeconds: number) {
    this.#way = way;
    this.#keepAlive = `connection: keep-alive\r\nkeep-alive: timeout=${keepAliveSeconds}\r\n`;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Something of it was written: nothing else can be said in its place. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Takes status, headers and the whole body (null: only its length is told, and this is it); writes all of it. Throws on a header that could end its line. */
  whole(status: number, headers: HeaderLines, body: Uint8Array | string, headOnly = false): void {
    const isText = typeof body === 'string';
    const length = isText ? Buffer.byteLength(body) : body.length;
    const head = `${this.#opening(status, headers)}content-length: ${length}\r\n\r\n`;
    const copied = headOnly ? 0 : length;
    if (copied > longestCopy) this.#writeBoth(head, body);
    else {
      const bytes = Buffer.allocUnsafe(head.length + copied);
      bytes.write(head, 0, 'latin1');
      if (copied > 0 && isText) bytes.write(body, head.length);
      else if (copied > 0 && !isText) bytes.set(body, head.length);
      this.#send(bytes);
    }
    this.#finish();
  }

  /** Takes status and headers; the body follows by write and end. */
  begin(status: number, headers: HeaderLines): void {
    this.#isChunked = this.#way.isModern;
    const framing = this.#isChunked ? 'transfer-encoding: chunked\r\n\r\n' : '\r\n';
    this.#head = this.#opening(status, headers) + framing;
  }

  /** Takes a piece of the body; returns false when the socket holds enough for now (see drained). */
  write(piece: Uint8Array | string): boolean {
    if (this.#isLost || this.#isDone) return true;
    const length = typeof piece === 'string' ? Buffer.byteLength(piece) : piece.length;
    if (length === 0 && this.#head === '') return true;
    const before = length > 0 && this.#isChunked ? `${this.#head}${length.toString(16)}\r\n` : this.#head;
    this.#head = '';
    if (length > longestCopy) return this.#writeBoth(before, piece, this.#isChunked);
    const end = length > 0 && this.#isChunked ? 2 : 0;
    const bytes = Buffer.allocUnsafe(before.length + length + end);
    bytes.write(before, 0, 'latin1');
    if (typeof piece === 'string') bytes.write(piece, before.length);
    else bytes.set(piece, before.length);
    if (end > 0) bytes.set(lineEnd, before.length + length);
    return this.#send(bytes);
  }

  /** Resolves when the socket takes bytes again, or is gone. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isLost || !this.#way.socket.writableNeedDrain) resolve();
      else this.#wake = resolve;
    });
  }

  /** The connection takes bytes again. */
  stir(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** The client has gone. */
  lose(): void {
    this.#isLost = true;
    this.stir();
  }

  /** The body is complete. */
  end(): void {
    if (this.#isLost || this.#isDone) return;
    const end = this.#head + (this.#isChunked ? '0\r\n\r\n' : '');
    if (end !== '') this.#send(Buffer.from(end, 'latin1'));
    this.#finish();
  }

  /** Breaks off: what was written so far must not look complete. */
  destroy(): void {
    this.#way.socket.destroy();
  }

  #finish(): void {
    this.#isDone = true;
    this.#way.done(this.#isLast);
  }

  #send(bytes: Uint8Array): boolean {
    return this.#isLost || this.#way.socket.write(bytes);
  }

  #writeBoth(before: string, body: Uint8Array | string, isChunk = false): boolean {
    const { socket } = this.#way;
    if (this.#isLost) return true;
    socket.cork();
    socket.write(before, 'latin1');
    const takes = typeof body === 'string' ? socket.write(body, 'utf8') : socket.write(body);
    if (isChunk) socket.write(lineEnd);
    socket.uncork();
    return takes;
  }

  #opening(status: number, headers: HeaderLines): string {
    this.#hasBegun = true;
    this.#isLast = this.#way.isLast();
    let text = `HTTP/1.1 ${status} ${reasons[status] ?? 'Status'}\r\n`;
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined) continue;
      if (unfit.test(value)) throw new TypeError(`the header ${name} holds a character that no header may hold`);
      text += `${name}: ${value}\r\n`;
    }
    return text + dateLine() + (this.#isLast ? 'connection: close\r\n' : this.#keepAlive);
  }
}

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
