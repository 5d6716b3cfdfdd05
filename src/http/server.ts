// The door: sockets become Arrived, Replies go out, a client's going is noticed at once, and a stop lets what runs finish.
// Over node:http itself: what a framework would add (a router, body parsers, hooks) costs more on the hot path than it gives.
import { createServer, type IncomingMessage, type Server as NodeServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayError } from '../core/errors.ts';
import type { Arrived } from '../core/wire.ts';
import { Abort, type Signal } from '../kit/signal.ts';
import type { Edge } from './edge.ts';
import { giveReply } from './give-reply.ts';
import { type Match, RouteTable } from './route-table.ts';
import type { Route } from './routes.ts';
import { takeBody } from './take-body.ts';

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly bodyLimit: number;
  readonly keepAliveMs: number;
  readonly pingMs: number;
}

export interface Server {
  /** `http://host:port` as it listens. */
  readonly url: string;
  /** Takes no new requests, waits up to the given milliseconds for running ones, then lets them go. */
  drain(graceMs: number): Promise<void>;
}

/** A request that has not arrived whole after this (Node's own limit) is given up. */
const slowestRequestMs = 300_000;

/** Takes options, routes and the edge; returns a server that listens. Throws the system's error when the port is taken. */
export async function openServer(options: ServerOptions, routes: readonly Route[], edge: Edge): Promise<Server> {
  const door = new Door(options, new RouteTable(routes), edge);
  const timing = { keepAliveTimeout: options.keepAliveMs, requestTimeout: slowestRequestMs };
  const server = createServer(timing, (request, response) => door.take(request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => door.refuseUnread(error, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return { url: urlOf(server, options.host), drain: (graceMs) => drain(server, door, graceMs) };
}

const nothing = Buffer.alloc(0);

/** Every request passes here. */
class Door {
  /** Requests under way, by the signal that their client has gone. */
  readonly running = new Set<Abort>();
  isClosing = false;
  readonly #options: ServerOptions;
  readonly #routes: RouteTable;
  readonly #edge: Edge;

  constructor(options: ServerOptions, routes: RouteTable, edge: Edge) {
    this.#options = options;
    this.#routes = routes;
    this.#edge = edge;
  }

  take(request: IncomingMessage, response: ServerResponse): void {
    const { url = '/', method = 'GET' } = request;
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const sent: Sent = { request, response, method, path, query: mark === -1 ? '' : url.slice(mark + 1) };
    let match: Match;
    try {
      match = this.#routes.find(method, path);
    } catch (error) {
      this.#turnAway(sent, undefined, GatewayError.from(error));
      return;
    }
    const serve = (body: Buffer): void => void this.#serve(sent, match, body);
    const turnAway = (error: GatewayError): void => this.#turnAway(sent, match.route, error);
    if (this.isClosing) turnAway(new GatewayError('draining', { retryAfterMs: 1_000 }));
    else if (method === 'GET' || method === 'HEAD') {
      request.resume();
      serve(nothing);
    } else takeBody(request, this.#options.bodyLimit, serve, turnAway);
  }

  /** What could not be read as HTTP (or not in time) has no route and no dialect: a short answer, and the socket is closed. */
  refuseUnread(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal = new GatewayError(unreadable[error.code ?? ''] ?? 'request_malformed', { message: error.message });
    const stranger = { id: this.#edge.newId(''), method: '', path: '' };
    const { status, headers, body } = this.#edge.refuse(refusal, stranger, undefined);
    const head = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
    const lines = [`HTTP/1.1 ${status} Refused`, ...head.map(([name, value]) => `${name}: ${value}`)];
    socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  async #serve(sent: Sent, { route, parameters }: Match, body: Buffer): Promise<void> {
    const { response, method } = sent;
    const gone = new Abort();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    this.running.add(gone);
    const arrived = this.#arrived(sent, parameters, body, gone);
    try {
      const reply = await this.#edge.guard(arrived, route);
      await giveReply(response, reply, this.#options.pingMs, method === 'HEAD');
    } catch (error) {
      this.#edge.log.error('reply broken off', { request: arrived.id, error });
      response.destroy();
    } finally {
      this.running.delete(gone);
    }
  }

  /** A request that goes no further than the door; its body, if any, is read and thrown away so that the refusal is read. */
  #turnAway(sent: Sent, route: Route | undefined, error: GatewayError): void {
    const { request, response, path } = sent;
    request.resume();
    const arrived = this.#arrived(sent, {}, nothing, new Abort());
    const reply = route?.refuse?.(arrived, error) ?? this.#edge.refuse(error, arrived, route);
    if (error.code === 'method_not_allowed') response.setHeader('allow', this.#routes.methods(path).join(', '));
    if (this.isClosing) response.setHeader('connection', 'close');
    for (const name in reply.headers) response.setHeader(name, reply.headers[name] ?? '');
    response.statusCode = reply.status;
    response.end(reply.body);
  }

  #arrived(sent: Sent, parameters: Match['parameters'], body: Buffer, gone: Signal): Arrived {
    const { request, method, path, query } = sent;
    const { headers } = request;
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
      from: request.socket.remoteAddress ?? '',
      atMs: this.#edge.clock.monotonic(),
      startedAt: this.#edge.clock.now(),
      gone,
    };
  }
}

/** A request whose head has been read, and the response it is to get. */
interface Sent {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
}

/** Node's errors of reading, in our codes. */
const unreadable: Readonly<Record<string, 'headers_too_large' | 'request_too_slow'>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_too_slow',
};

/** A client's own id is echoed when it is sound: letters, digits and `-_.:`, at most 128. */
function callIdOf(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}

function urlOf(server: NodeServer, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const lastWordsMs = 2_000;

/** Requests that outlive the grace are told why: a stream gets its dialect's error event before its socket is closed. */
async function drain(server: NodeServer, door: Door, graceMs: number): Promise<void> {
  door.isClosing = true;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => {
    for (const gone of door.running) gone.abort(new GatewayError('draining'));
  }, graceMs);
  const last = setTimeout(() => server.closeAllConnections(), graceMs + lastWordsMs);
  await closed;
  for (const timer of [idle, late, last]) clearTimeout(timer);
  // The connections are closed; requests that were let go have a row to write yet.
  const until = performance.now() + lastWordsMs;
  while (door.running.size > 0 && performance.now() < until) await pause(5);
}
