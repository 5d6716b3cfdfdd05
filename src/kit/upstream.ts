// Outgoing calls: one connection pool an origin, no-delay, back-pressure, abort (a time limit is an abort by the caller).
// The only file that reaches out, and (with kit/seal.ts) the only one that reveals a secret.
import { type Dispatcher, Pool } from 'undici';
import type { Secret } from './secret.ts';
import type { Signal } from './signal.ts';

export type FaultKind = 'unreachable' | 'cut' | 'aborted' | 'too-large';

/** A call that failed below HTTP: what happened, and the error of the socket as its cause. */
export class UpstreamFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, cause?: unknown) {
    super(`upstream ${kind}`, { cause });
    this.name = 'UpstreamFault';
    this.kind = kind;
  }
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'HEAD';
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, with a leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | Secret>>;
  readonly body: Buffer | null;
  /** Aborts the call whenever it fires, the body included. */
  readonly signal: Signal;
}

export interface IncomingAnswer {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: IncomingBody;
}

export interface UpstreamOptions {
  /** Connections an origin; a cap on concurrency, so thousands. */
  readonly connections: number;
  /** Milliseconds an idle connection is kept. */
  readonly keepAliveMs: number;
}

/** Bytes held for a slow reader before the socket is paused. */
const highWaterBytes = 256 * 1024;

/** The body of an answer, read once. */
export interface IncomingBody {
  /** Returns the next chunk, or null at the end. Throws UpstreamFault when the answer was cut or aborted. */
  next(): Promise<Buffer | null>;
  /** Takes a limit in bytes; returns the whole body. Throws UpstreamFault when it is larger, cut or aborted. */
  readAll(limit: number): Promise<Buffer>;
  /** Lets the upstream go: the rest of the body is not wanted. Harmless after the end. */
  cancel(): void;
}

/** A body that arrives from a socket, with back-pressure. */
class SocketBody implements IncomingBody {
  readonly #controller: Dispatcher.DispatchController;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #fault: UpstreamFault | null = null;
  #wake: (() => void) | null = null;
  #whole: { readonly limit: number; resolve(body: Buffer): void; reject(fault: UpstreamFault): void } | null = null;

  constructor(controller: Dispatcher.DispatchController) {
    this.#controller = controller;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#whole !== null) this.#gather();
    else {
      if (this.#bytes > highWaterBytes) this.#hold();
      this.#stir();
    }
  }

  #hold(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#controller.pause();
  }

  finish(fault: UpstreamFault | null): void {
    this.#ended = true;
    this.#fault = fault;
    this.#gather();
    this.#stir();
  }

  #stir(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  async next(): Promise<Buffer | null> {
    while (this.#chunks.length === 0) {
      if (this.#fault !== null) throw this.#fault;
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#chunks.shift() ?? null;
    this.#bytes -= chunk?.length ?? 0;
    if (this.#bytes <= highWaterBytes / 2) this.#flow();
    return chunk;
  }

  readAll(limit: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#whole = { limit, resolve, reject };
      this.#flow();
      this.#gather();
    });
  }

  #flow(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#controller.resume();
  }

  /** Once the whole is wanted, chunks are kept until the end has come or they are too many. */
  #gather(): void {
    if (this.#whole === null) return;
    const { limit, resolve, reject } = this.#whole;
    if (this.#bytes > limit) {
      this.#whole = null;
      this.cancel();
      reject(new UpstreamFault('too-large'));
    } else if (this.#fault !== null) reject(this.#fault);
    else if (this.#ended) resolve(joinedChunks(this.#chunks, this.#bytes));
  }

  cancel(): void {
    if (!this.#ended) this.#controller.abort(new UpstreamFault('aborted'));
  }
}

function joinedChunks(chunks: readonly Buffer[], bytes: number): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, bytes);
}

/** The way out. One for the process; tests hand in a function of the same shape as `send`. */
export class Upstreams {
  readonly #pools = new Map<string, Pool>();
  readonly #options: UpstreamOptions;

  constructor(options: UpstreamOptions) {
    this.#options = options;
  }

  /** Takes a request; returns the answer once its head is there. Throws UpstreamFault. */
  send = (request: OutgoingRequest): Promise<IncomingAnswer> => {
    const pool = this.#pool(request.origin);
    return new Promise((resolve, reject) => {
      const call = new CallHandler(request, resolve, reject);
      if (request.signal.aborted) return reject(new UpstreamFault('aborted'));
      pool.dispatch(
        { method: request.method, path: request.path, headers: flat(request.headers), body: request.body },
        call,
      );
    });
  };

  /** Connections in use and calls waiting for one, by origin. */
  stats(): Record<string, { running: number; waiting: number }> {
    return Object.fromEntries(
      [...this.#pools].map(([origin, pool]) => [origin, { running: pool.stats.running, waiting: pool.stats.queued }]),
    );
  }

  /** Closes every connection; calls under way are aborted. */
  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
    this.#pools.clear();
  }

  #pool(origin: string): Pool {
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: this.#options.connections,
      pipelining: 1,
      keepAliveTimeout: this.#options.keepAliveMs,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#pools.set(origin, pool);
    return pool;
  }
}

/** One call from dispatch to the last byte; undici calls its members. */
class CallHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: IncomingAnswer) => void;
  readonly #reject: (fault: UpstreamFault) => void;
  readonly #signal: Signal;
  #controller: Dispatcher.DispatchController | null = null;
  #body: SocketBody | null = null;

  constructor(
    request: OutgoingRequest,
    resolve: (answer: IncomingAnswer) => void,
    reject: (fault: UpstreamFault) => void,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = request.signal;
    request.signal.addEventListener('abort', this.#abort, { once: true });
  }

  /** Before undici has started the call there is no controller: the promise fails now, and the start is refused later. */
  readonly #abort = (): void => {
    const fault = new UpstreamFault('aborted');
    if (this.#controller === null) this.#reject(fault);
    else this.#controller.abort(fault);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(new UpstreamFault('aborted'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#body = new SocketBody(controller);
    this.#resolve({ status, headers: isFlat(headers) ? headers : joined(headers), body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.#body?.finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal.removeEventListener('abort', this.#abort);
    const kind = this.#body === null ? 'unreachable' : 'cut';
    const fault = error instanceof UpstreamFault ? error : new UpstreamFault(kind, error);
    if (this.#body === null) this.#reject(fault);
    else this.#body.finish(fault);
  }
}

function flat(headers: Readonly<Record<string, string | Secret>>): string[] {
  const list: string[] = [];
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) list.push(name, typeof value === 'string' ? value : value.reveal());
  }
  return list;
}

/** Repeated headers come as lists; they are rare, and without one there is nothing to join. */
function isFlat(headers: Record<string, string | string[] | undefined>): headers is Record<string, string> {
  for (const name in headers) if (typeof headers[name] !== 'string') return false;
  return true;
}

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) result[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return result;
}
