// Outgoing calls: one connection pool an origin, no-delay, back-pressure, abort (a time limit is an abort by the caller).
// The only file that reaches out, and (with kit/seal.ts) the only one that reveals a secret.
import { buildConnector } from 'undici';
import type { CallBytes, CallEvents } from './http1/channel.ts';
import { type CallControl, Lane } from './http1/lane.ts';
import { Outbox } from './outbox.ts';
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
  /** Requests go out with what else goes out in a turn; one of its own when it is not given. */
  readonly outbox?: Outbox;
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
  readonly #controller: CallControl;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #fault: UpstreamFault | null = null;
  #wake: (() => void) | null = null;
  #whole: { readonly limit: number; resolve(body: Buffer): void; reject(fault: UpstreamFault): void } | null = null;

  constructor(controller: CallControl) {
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
  readonly #lanes = new Map<string, Lane>();
  readonly #options: UpstreamOptions;
  readonly #outbox: Outbox;
  readonly #connector = buildConnector({ timeout: longestConnectMs, keepAlive: true });

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#outbox = options.outbox ?? new Outbox();
  }

  /** Takes a request; returns the answer once its head is there. Throws UpstreamFault. */
  send = (request: OutgoingRequest): Promise<IncomingAnswer> => {
    const lane = this.#lane(request.origin);
    return new Promise((resolve, reject) => {
      if (request.signal.aborted) return reject(new UpstreamFault('aborted'));
      const bytes = bytesOf(request);
      if (bytes instanceof Error) return reject(new UpstreamFault('unreachable', bytes));
      const call = new Call(request.signal, resolve, reject);
      call.control = lane.start(bytes, call);
    });
  };

  /** Connections in use and calls waiting for one, by origin. */
  stats(): Record<string, { running: number; waiting: number }> {
    return Object.fromEntries([...this.#lanes].map(([origin, lane]) => [origin, lane.stats]));
  }

  /** Closes every connection; calls under way are aborted. */
  async close(): Promise<void> {
    for (const lane of this.#lanes.values()) lane.close();
    this.#lanes.clear();
  }

  #lane(origin: string): Lane {
    const known = this.#lanes.get(origin);
    if (known !== undefined) return known;
    const { protocol, hostname, host, port } = new URL(origin);
    const place = {
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ''),
      host,
      port: port === '' ? (protocol === 'https:' ? '443' : '80') : port,
    };
    const lane = new Lane({
      connect: (opened) => this.#connector(place, (error, socket) => opened(error, socket)),
      connections: this.#options.connections,
      keepAliveMs: this.#options.keepAliveMs,
      lifetimeMs,
      outbox: this.#outbox,
    });
    this.#lanes.set(origin, lane);
    return lane;
  }
}

const longestConnectMs = 10_000;
/** Names are looked up anew at least this often. */
const lifetimeMs = 300_000;

/** One call from its start to the last byte. */
class Call implements CallEvents {
  readonly #resolve: (answer: IncomingAnswer) => void;
  readonly #reject: (fault: UpstreamFault) => void;
  readonly #signal: Signal;
  #control: CallControl | null = null;
  #isOver = false;
  #body: SocketBody | null = null;

  constructor(signal: Signal, resolve: (answer: IncomingAnswer) => void, reject: (fault: UpstreamFault) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
  }

  /** Set once, as soon as it is there; a call that failed at once needs none. */
  set control(control: CallControl) {
    this.#control = control;
    if (!this.#isOver) this.#signal.addEventListener('abort', this.#abort, { once: true });
  }

  readonly #abort = (): void => this.#control?.abort(new UpstreamFault('aborted'));

  head(status: number, headers: Record<string, string>): void {
    if (this.#control === null) return;
    this.#body = new SocketBody(this.#control);
    this.#resolve({ status, headers, body: this.#body });
  }

  data(chunk: Buffer): void {
    this.#body?.push(chunk);
  }

  ended(): void {
    this.#over();
    this.#body?.finish(null);
  }

  failed(error: Error): void {
    this.#over();
    const kind = this.#body === null ? 'unreachable' : 'cut';
    const fault = error instanceof UpstreamFault ? error : new UpstreamFault(kind, error);
    if (this.#body === null) this.#reject(fault);
    else this.#body.finish(fault);
  }

  #over(): void {
    this.#isOver = true;
    this.#signal.removeEventListener('abort', this.#abort);
  }
}

const fitName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unfitValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Takes a request; returns it as it goes out, or why it cannot: nothing in it may end a line. */
function bytesOf({ method, origin, path, headers, body }: OutgoingRequest): CallBytes | Error {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return new Error('the path holds a character that must be encoded');
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${origin.slice(origin.indexOf('://') + 3)}\r\n`;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : value.reveal();
    if (!fitName.test(name) || unfitValue.test(text))
      return new Error(`the header ${name} holds a character that no header may hold`);
    head += `${name}: ${text}\r\n`;
  }
  const length =
    body === null ? (method === 'POST' ? 'content-length: 0\r\n' : '') : `content-length: ${body.length}\r\n`;
  return { isHead: method === 'HEAD', head: `${head}${length}\r\n`, body };
}
