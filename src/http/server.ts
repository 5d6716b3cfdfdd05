// The door: requests become Arrived, Replies go out, a client's going is noticed at once, and a stop lets what runs finish.
// Over node:net with a reader and a writer of our own (connection.ts, response.ts): docs/decisions says what node:http costs.
import { createServer, type Server as NetServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { Arrived } from '../core/wire.ts';
import type { RequestHead } from '../kit/http1/head.ts';
import { Outbox } from '../kit/outbox.ts';
import { Abort, type Signal } from '../kit/signal.ts';
import { Connection, type ConnectionLimits, type Exchange, type Host, type Unreadable } from './connection.ts';
import type { Edge } from './edge.ts';
import { giveReply } from './give-reply.ts';
import { landed } from './landed.ts';
import { type Match, RouteTable } from './route-table.ts';
import type { Route } from './routes.ts';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly bodyLimit: number;
  readonly keepAliveMs: number;
  readonly pingMs: number;
  /** Most connections at once; as many as the system has files for when it is not given. */
  readonly clientConnections?: number;
  /** Other bounds than those below. */
  readonly limits?: Partial<ConnectionLimits>;
}

export interface Server {
  /** `http://host:port` as it listens. */
  readonly url: string;
  /** Requests taken so far, and those under way. */
  activity(): { readonly taken: number; readonly running: number };
  /** Takes no new requests, waits up to the given milliseconds for running ones, then lets them go. */
  drain(graceMs: number): Promise<void>;
}

/** For heads and whole requests as Node has it; a reader that takes nothing as nginx has it. */
const usualLimits = { headBytes: 16 * 1024, headMs: 60_000, requestMs: 300_000, stalledMs: 60_000 };
const longestSweepMs = 1_000;
/** Connections beyond the bound are told of in the log this often. */
const tellingMs = 60_000;
/** Bytes of a body that are read before anyone is asked who sends it. */
const shortBody = 64 * 1024;

/** Takes options, routes, the edge, and the outbox that answers wait in; returns a server that listens. Throws the system's error when the port is taken. */
export async function openServer(
  options: ServerOptions,
  routes: readonly Route[],
  edge: Edge,
  outbox = new Outbox(),
): Promise<Server> {
  const door = new Door(options, new RouteTable(routes), edge, outbox);
  const server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (taken) => {
    door.connections.add(new Connection(landed(taken), door));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  server.removeAllListeners('error');
  if (options.clientConnections !== undefined) bound(server, options.clientConnections, edge);
  // No more open files, say: this one connection is lost, and the next may be taken again.
  server.on('error', (error) => edge.log.error('a connection could not be taken', { error }));
  const sweep = setInterval(() => door.sweep(), Math.min(longestSweepMs, door.limits.headMs, door.limits.requestMs));
  return {
    url: urlOf(server, options.host),
    activity: () => ({ taken: door.taken, running: door.running.size }),
    drain: async (graceMs) => {
      await drain(server, door, graceMs);
      clearInterval(sweep);
    },
  };
}

/** Takes a server and most connections at once: one beyond them is closed before anything is read from it. */
function bound(server: NetServer, connections: number, edge: Edge): void {
  // By the second also as one of several workers: the primary would go on offering the connection.
  Object.assign(server, { maxConnections: connections, dropMaxConnection: true });
  let toldAt = Number.NEGATIVE_INFINITY;
  let dropped = 0;
  server.on('drop', () => {
    dropped++;
    if (performance.now() - toldAt < tellingMs) return;
    toldAt = performance.now();
    edge.log.warn('connections beyond the bound are closed', { dropped, clientConnections: connections });
    dropped = 0;
  });
}

const nothing = Buffer.alloc(0);

/** Every request passes here. */
class Door implements Host {
  readonly connections = new Set<Connection>();
  /** Requests under way, by the signal that their client has gone. */
  readonly running = new Set<Abort>();
  readonly limits: Host['limits'];
  readonly outbox: Outbox;
  isClosing = false;
  /** Requests whose heads have come. */
  taken = 0;
  readonly #options: ServerOptions;
  readonly #routes: RouteTable;
  readonly #edge: Edge;

  constructor(options: ServerOptions, routes: RouteTable, edge: Edge, outbox: Outbox) {
    this.outbox = outbox;
    this.#options = options;
    this.#routes = routes;
    this.#edge = edge;
    this.limits = { ...usualLimits, keepAliveMs: options.keepAliveMs, ...options.limits };
  }

  take(exchange: Exchange): void {
    this.taken++;
    const { target, method } = exchange.head;
    const mark = target.indexOf('?');
    const path = mark === -1 ? target : target.slice(0, mark);
    const sent: Sent = { exchange, method, path, query: mark === -1 ? '' : target.slice(mark + 1) };
    let match: Match | undefined;
    try {
      match = this.#routes.find(method, path);
      if (this.isClosing) throw new GatewayError('draining', { retryAfterMs: 1_000 });
      this.#receive(sent, match, this.#mostBytes(exchange.head, match.route));
    } catch (error) {
      this.#turnAway(sent, match?.route, GatewayError.from(error));
    }
  }

  #receive(sent: Sent, match: Match, limit: number): void {
    const serve = (body: Buffer): void => void this.#serve(sent, match, body);
    sent.exchange.receive(limit, serve, () => this.#turnAway(sent, match.route, tooLarge(limit)));
  }

  /** Returns how large a body is taken: of a stranger, no more than a short one. Throws when a longer one comes from nobody we know. */
  #mostBytes({ fields }: RequestHead, route: Route): number {
    const { bodyLimit } = this.#options;
    const isShort = fields['transfer-encoding'] === undefined && Number(fields['content-length'] ?? 0) <= shortBody;
    if (isShort) return bodyLimit;
    if (route.identify === undefined) return Math.min(bodyLimit, shortBody);
    route.identify({ headers: fields });
    return bodyLimit;
  }

  /** What could not be read as HTTP (or not in time) has no route and no dialect. */
  refusal(why: Unreadable, message: string): string {
    const refusal = new GatewayError(unreadable[why], { message });
    const stranger = { id: this.#edge.newId(''), method: '', path: '' };
    const { status, headers, body } = this.#edge.refuse(refusal, stranger, undefined);
    const head = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
    const lines = [`HTTP/1.1 ${status} Refused`, ...head.map(([name, value]) => `${name}: ${value}`)];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  }

  broken(error: unknown): void {
    this.#edge.log.error('a connection is given up', { error });
  }

  closed(connection: Connection): void {
    this.connections.delete(connection);
  }

  sweep(): void {
    const now = performance.now();
    for (const connection of this.connections) connection.sweep(now);
  }

  closeIdle(): void {
    for (const connection of this.connections) if (connection.isIdle) connection.socket.destroy();
  }

  closeAll(): void {
    for (const connection of this.connections) connection.socket.destroy();
  }

  async #serve(sent: Sent, { route, parameters }: Match, body: Buffer): Promise<void> {
    const { exchange, method } = sent;
    const { response } = exchange;
    const gone = new Abort();
    exchange.onGone = () => gone.abort();
    this.running.add(gone);
    const arrived = this.#arrived(sent, parameters, body, gone);
    try {
      const reply = await this.#edge.guard(arrived, route);
      const giving = giveReply(response, reply, this.#options.pingMs, method === 'HEAD');
      if (giving !== null) await giving;
    } catch (error) {
      this.#edge.log.error('reply broken off', { request: arrived.id, error });
      response.destroy();
    } finally {
      this.running.delete(gone);
    }
  }

  /** A request that goes no further than the door; its body, if any, is read and thrown away so that the refusal is read. */
  #turnAway(sent: Sent, route: Route | undefined, error: GatewayError): void {
    const { exchange, method, path } = sent;
    exchange.discard();
    const arrived = this.#arrived(sent, {}, nothing, new Abort());
    const reply = route?.refuse?.(arrived, error) ?? this.#edge.refuse(error, arrived, route);
    const allow = error.code === 'method_not_allowed' ? { allow: this.#routes.methods(path).join(', ') } : {};
    exchange.response.whole({ ...reply, headers: { ...reply.headers, ...allow } }, reply.body, method === 'HEAD');
  }

  #arrived(sent: Sent, parameters: Match['parameters'], body: Buffer, gone: Signal): Arrived {
    const { exchange, method, path, query } = sent;
    const headers = exchange.head.fields;
    const id = this.#edge.newId('');
    return {
      id,
      callId: callIdOf(headers['x-litellm-call-id']) ?? id,
      method,
      path,
      query,
      parameters,
      headers,
      body,
      from: exchange.from,
      atMs: this.#edge.clock.monotonic(),
      startedAt: this.#edge.clock.now(),
      gone,
    };
  }
}

/** A request whose head has been read. */
interface Sent {
  readonly exchange: Exchange;
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

const unreadable = {
  malformed: 'request_malformed',
  'headers-too-large': 'headers_too_large',
  'too-slow': 'request_too_slow',
} as const;

function tooLarge(limit: number): GatewayError {
  const why = limit === shortBody ? 'of those who need not say who they are' : '(option bodyLimit)';
  return new GatewayError('body_too_large', { message: `at most ${limit} bytes are taken ${why}` });
}

/** A client's own id is echoed when it is sound: letters, digits and `-_.:`, at most 128. */
function callIdOf(given: string | undefined): string | undefined {
  return given !== undefined && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}

function urlOf(server: NetServer, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const lastWordsMs = 2_000;

/** Requests that outlive the grace are told why: a stream gets its dialect's error event before its socket is closed. */
async function drain(server: NetServer, door: Door, graceMs: number): Promise<void> {
  door.isClosing = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => door.closeIdle(), 50);
  const late = setTimeout(() => {
    for (const gone of door.running) gone.abort(new GatewayError('draining'));
  }, graceMs);
  const last = setTimeout(() => door.closeAll(), graceMs + lastWordsMs);
  await closed;
  for (const timer of [idle, late, last]) clearTimeout(timer);
  // The connections are closed; requests that were let go have a row to write yet.
  const until = performance.now() + lastWordsMs;
  while (door.running.size > 0 && performance.now() < until) await pause(5);
}
