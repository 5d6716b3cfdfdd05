// One client's connection: requests are read from it one after the other, strictly (kit/http1), and answered in that order.
// Invariants: a request is served when it is all here; the next one waits until the answer before it is written; what cannot
// be read, or is not there in time, ends the connection.
import type { Socket } from 'node:net';
import { GatheredBytes } from '../kit/gathered-bytes.ts';
import { ChunkedReader, type Framing, requestFraming } from '../kit/http1/framing.ts';
import { checkHeadSoFar, HeadMemory, Malformed, type RequestHead, readRequestHead } from '../kit/http1/head.ts';
import type { Outbox } from '../kit/outbox.ts';
import { Response, type Way } from './response.ts';

export interface ConnectionLimits {
  readonly headBytes: number;
  /** Milliseconds for a head to come, from its first byte (or the begin of the connection). */
  readonly headMs: number;
  /** Milliseconds for a whole request to come. */
  readonly requestMs: number;
  /** Milliseconds between two requests. */
  readonly keepAliveMs: number;
  /** An answer of which the client takes nothing for so many milliseconds is given up. */
  readonly stalledMs: number;
}

/** What cannot be read: why, for whoever writes the refusal. */
export type Unreadable = 'malformed' | 'headers-too-large' | 'too-slow';

/** Whoever answers. */
export interface Host {
  readonly limits: ConnectionLimits;
  readonly outbox: Outbox;
  /** A head has come. The host calls `receive` or `discard` of the exchange before it returns. */
  take(exchange: Exchange): void;
  /** Takes why a request could not be read, and in words; returns the whole answer as text, head and all. */
  refusal(why: Unreadable, message: string): string;
  /** True: no connection is kept for another request. */
  readonly isClosing: boolean;
  /** Something in the gateway itself went wrong; the connection is given up. */
  broken(error: unknown): void;
  closed(connection: Connection): void;
}

/** A request whose head is here, and its response. */
export interface Exchange {
  readonly head: RequestHead;
  readonly response: Response;
  /** Address of the client. */
  readonly from: string;
  /** Called when the client goes away before the response is complete. */
  onGone: (() => void) | null;
  /** Takes a limit; calls one of the two once: with the body when it is all here, or when it is larger (the rest is then read over). */
  receive(limit: number, take: (body: Buffer) => void, tooLarge: () => void): void;
  /** The body is not wanted: it is read over. */
  discard(): void;
}

const nothing = Buffer.alloc(0);
const headEnd = Buffer.from('\r\n\r\n');
const goOn = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');
/** Requests that come before their turn are held up to so many bytes; then the socket waits, until the next sweep at most. */
const mostHeld = 64 * 1024;
/** Room for a body is made before it comes, up to so many bytes: who announces more has to send it first. */
const longestAhead = 1024 * 1024;
/** A connection that was told to close is given so long to do so, from when all is written. */
const closingMs = 5_000;
const carriageReturn = 0x0d;

export class Connection {
  readonly socket: Socket;
  readonly #host: Host;
  readonly #from: string;
  #state: 'head' | 'body' | 'serving' | 'unsent' | 'closing' = 'head';
  readonly #memory = new HeadMemory();
  #held: Buffer | null = null;
  /** Bytes of `held` that hold no end of a head. */
  #searched = 0;
  /** When the present state, or the request, began. */
  #since = performance.now();
  #requests = 0;
  #exchange: Reading | null = null;
  #isAdvancing = false;
  /** What comes is thrown away, and the connection ends with the answer that is under way. */
  #isReadOver = false;

  constructor(socket: Socket, host: Host) {
    this.socket = socket;
    this.#host = host;
    this.#from = socket.remoteAddress ?? '';
    socket.on('data', (bytes: Buffer) => this.#data(bytes));
    socket.on('drain', () => this.#exchange?.response.stir());
    socket.on('end', () => this.#gone());
    socket.on('close', () => this.#closed());
    // Set only while something is unsent, and never up while the client takes some of it (net.Socket sees to that).
    socket.on('timeout', () => socket.destroy());
    // The close that follows tells all there is to know.
    socket.on('error', () => undefined);
  }

  /** Between two requests, or before the first: nobody waits for anything. */
  get isIdle(): boolean {
    return this.#state === 'head' && this.#held === null;
  }

  /** Takes the monotonic time; ends the connection when it has been waited for too long. */
  sweep(now: number): void {
    const { headMs, requestMs, keepAliveMs } = this.#host.limits;
    const waited = now - this.#since;
    if (this.#state === 'closing') {
      if (this.socket.writableLength === 0 && waited > closingMs) this.socket.destroy();
    } else if (this.isIdle && this.#requests > 0) {
      if (waited > keepAliveMs) this.socket.destroy();
    } else if (this.#state === 'head') {
      if (waited > headMs) this.#refuse('too-slow', `the head of the request did not come within ${headMs} ms`);
    } else if (this.#state === 'body' && waited > requestMs) {
      this.#refuse('too-slow', `the request did not come within ${requestMs} ms`);
    } else if (this.#state === 'serving' && this.socket.isPaused()) this.#readOver();
  }

  /** The client's going comes after all it sent: only who reads on hears of it. RFC 9112, 9.3.2: what is not answered is sent again. */
  #readOver(): void {
    this.#isReadOver = true;
    this.#held = null;
    this.socket.resume();
  }

  #data(bytes: Buffer): void {
    if (this.#state === 'closing' || this.#isReadOver) return;
    if (this.isIdle) this.#since = performance.now();
    this.#held = this.#held === null ? bytes : Buffer.concat([this.#held, bytes]);
    this.#advance();
    // What waits for its turn outlives the read (kit/http1/landing.ts).
    if (this.#held?.buffer === bytes.buffer) this.#held = Buffer.from(this.#held);
    this.#regulate();
  }

  /** Reads on from the socket as long as not too much waits for its turn. */
  #regulate(): void {
    const { socket } = this;
    if (this.#held !== null && this.#held.length > mostHeld) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  /** Once at a time: a response that is complete at once leads back here. */
  #advance(): void {
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    try {
      while (this.#held !== null && this.#step(this.#held));
    } catch (error) {
      if (error instanceof Malformed) this.#refuse('malformed', error.message);
      else {
        this.#host.broken(error);
        this.socket.destroy();
      }
    } finally {
      this.#isAdvancing = false;
    }
  }

  /** Takes what is held; returns true when there was something to do with it. */
  #step(bytes: Buffer): boolean {
    if (this.#state === 'head') return this.#readHead(bytes);
    if (this.#state === 'body') return this.#readBody(bytes);
    return false;
  }

  #readHead(bytes: Buffer): boolean {
    const { headBytes } = this.#host.limits;
    let start = 0;
    // RFC 9112, 2.2: an empty line before the request is read over.
    if (bytes[0] === carriageReturn && bytes[1] === 0x0a) start = 2;
    const end = bytes.indexOf(headEnd, Math.max(start, this.#searched - headEnd.length));
    if (end > headBytes || (end === -1 && bytes.length > headBytes)) {
      this.#refuse('headers-too-large', `the head of a request may have ${headBytes} bytes`);
      return false;
    }
    if (end === -1) {
      checkHeadSoFar(bytes, Math.max(start, this.#searched - 1));
      this.#searched = bytes.length;
      return false;
    }
    const head = readRequestHead(bytes.toString('latin1', start, end), this.#memory);
    const framing = requestFraming(head.fields, head.minor);
    this.#hold(bytes, end + headEnd.length);
    this.#begin(head, framing);
    return true;
  }

  #begin(head: RequestHead, framing: Framing): void {
    this.#requests++;
    this.#state = 'body';
    const wantsSign = expects(head) && this.#held === null;
    const exchange = new Reading(head, framing, this.#from, this.#wayOf(head));
    this.#exchange = exchange;
    exchange.wantsSign = wantsSign;
    this.#host.take(exchange);
    if (wantsSign && exchange.isWanted) this.socket.write(goOn);
    if (exchange.isComplete) this.#received(exchange);
  }

  #wayOf(head: RequestHead): Way {
    const isModern = head.minor === 1;
    const wantsLast = !isModern || head.fields.connection?.toLowerCase().includes('close') === true;
    const { limits, outbox } = this.#host;
    return {
      socket: this.socket,
      outbox,
      isModern,
      keepAliveSeconds: Math.floor(limits.keepAliveMs / 1000),
      stalledMs: limits.stalledMs,
      isLast: () =>
        wantsLast ||
        this.#isReadOver ||
        this.#exchange?.isUncertain === true ||
        (this.#host.isClosing && this.#held === null),
      written: (isLast) => this.#answered(isLast),
    };
  }

  #readBody(bytes: Buffer): boolean {
    const exchange = this.#exchange;
    if (exchange === null) return false;
    this.#hold(bytes, exchange.read(bytes));
    if (!exchange.isComplete) return false;
    this.#received(exchange);
    return true;
  }

  /** The whole request is here. */
  #received(exchange: Reading): void {
    this.#state = 'serving';
    exchange.deliver();
    if (exchange.response.isWritten) this.#turn(exchange.isLast);
  }

  #hold(bytes: Buffer, from: number): void {
    this.#held = from < bytes.length ? bytes.subarray(from) : null;
    this.#searched = 0;
  }

  /** A response is written; its request may still be on its way. */
  #answered(isLast: boolean): void {
    const exchange = this.#exchange;
    if (exchange === null) return;
    exchange.isLast = isLast;
    if (this.#state === 'serving' || exchange.isUncertain) this.#turn(isLast);
  }

  /** The next request's turn, once the client has taken enough of the answer: one who only asks must not fill memory. */
  #turn(isLast: boolean): void {
    if (this.#exchange === null) return;
    this.#exchange = null;
    if (isLast || this.#isReadOver) this.#close();
    else if (this.socket.writableLength === 0) this.#next();
    else {
      this.#state = 'unsent';
      this.socket.setTimeout(this.#host.limits.stalledMs);
      // With an error the close follows.
      this.socket.write(nothing, (error) => error == null && this.#next());
    }
  }

  #next(): void {
    if (this.#state === 'closing') return;
    if (this.#state === 'unsent') this.socket.setTimeout(0);
    this.#since = performance.now();
    this.#state = 'head';
    if (this.#held !== null) this.#advance();
    this.#regulate();
  }

  #refuse(why: Unreadable, message: string): void {
    const { socket } = this;
    // Once an answer has begun, nothing can be said in between.
    if (this.#exchange?.response.hasBegun === true) socket.destroy();
    else if (socket.writable) socket.write(this.#host.refusal(why, message));
    this.#exchange = null;
    this.#close();
  }

  /** No more is read; what is written goes out. */
  #close(): void {
    this.#state = 'closing';
    this.#held = null;
    this.#since = performance.now();
    const { socket } = this;
    if (!socket.writable) return;
    if (socket.writableLength > 0) socket.setTimeout(this.#host.limits.stalledMs);
    socket.end(() => {
      this.#since = performance.now();
    });
  }

  #gone(): void {
    const exchange = this.#exchange;
    this.#exchange = null;
    if (this.#state === 'unsent') this.#state = 'closing';
    if (exchange === null) return;
    this.#state = 'closing';
    const isCut = !exchange.response.isDone;
    exchange.response.lose();
    if (isCut) exchange.onGone?.();
  }

  #closed(): void {
    this.#gone();
    this.#host.closed(this);
  }
}

/** RFC 9110, 10.1.1. */
function expects(head: RequestHead): boolean {
  const { expect } = head.fields;
  if (expect === undefined) return false;
  if (expect.toLowerCase() !== '100-continue') throw new Malformed('the only expectation is 100-continue');
  return head.minor === 1;
}

/** A request of which not all is here yet. */
class Reading implements Exchange {
  readonly head: RequestHead;
  readonly response: Response;
  readonly from: string;
  onGone: (() => void) | null = null;
  /** The connection ends with this one. */
  isLast = false;
  isWanted = false;
  /** The client asked whether it should send the body. */
  wantsSign = false;
  #left: number;
  readonly #chunked: ChunkedReader | null;
  /** A body of which is known that it is not long is put together in its place. */
  #whole: Buffer | null = null;
  /** Any other, as it comes. */
  readonly #body = new GatheredBytes();
  #limit = 0;
  #take: ((body: Buffer) => void) | null = null;
  #tooLarge: (() => void) | null = null;

  constructor(head: RequestHead, framing: Framing, from: string, way: Way) {
    this.head = head;
    this.from = from;
    this.response = new Response(way);
    this.#chunked = framing === 'chunked' ? new ChunkedReader() : null;
    this.#left = typeof framing === 'number' ? framing : 0;
  }

  get isComplete(): boolean {
    return this.#chunked === null ? this.#left === 0 : this.#chunked.isDone;
  }

  /** Nobody told the client to send the body, so whether it will is its own affair: what comes next cannot be told from it. */
  get isUncertain(): boolean {
    return this.wantsSign && !this.isWanted && !this.isComplete;
  }

  receive(limit: number, take: (body: Buffer) => void, tooLarge: () => void): void {
    if (this.#left > limit) {
      tooLarge();
      return;
    }
    this.isWanted = !this.isComplete;
    if (this.#chunked === null && this.#left <= longestAhead) this.#whole = Buffer.allocUnsafe(this.#left);
    this.#limit = limit;
    this.#take = take;
    this.#tooLarge = tooLarge;
  }

  discard(): void {
    this.#take = null;
  }

  /** Takes bytes; returns how many belong to this request. */
  read(bytes: Buffer): number {
    if (this.#chunked !== null) return this.#chunked.read(bytes, 0, this.#keep);
    const end = Math.min(bytes.length, this.#left);
    this.#keep(end === bytes.length ? bytes : bytes.subarray(0, end));
    this.#left -= end;
    return end;
  }

  readonly #keep = (data: Buffer): void => {
    if (this.#take === null) return;
    if (this.#whole !== null) {
      this.#whole.set(data, this.#whole.length - this.#left);
      return;
    }
    if (this.#body.length + data.length <= this.#limit) {
      this.#body.push(Buffer.from(data));
      return;
    }
    this.#take = null;
    this.#body.clear();
    this.#tooLarge?.();
  };

  /** All of it is here. */
  deliver(): void {
    this.#take?.(this.#whole ?? this.#body.take());
  }
}
