// The door: Fastify listens, sockets become Arrived, Replies go out. No-delay both ways, head and first piece together,
// back-pressure honoured, and a client's going noticed at once.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';
import type { Arrived, Reply } from '../core/wire.ts';
import { type Edge, lastResort } from './edge.ts';
import type { Route } from './routes.ts';

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
  const running = new Set<AbortController>();
  const fastify = Fastify({
    bodyLimit: options.bodyLimit,
    keepAliveTimeout: options.keepAliveMs,
    forceCloseConnections: false,
    logger: false,
    exposeHeadRoutes: true,
    requestTimeout: slowestRequestMs,
    frameworkErrors: (error, request, reply) => refuse(edge, request, reply, understood(error, options.bodyLimit)),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
  });
  takeBytes(fastify);
  for (const route of routes) {
    const serve = (request: FastifyRequest, reply: FastifyReply) =>
      respond(request, reply, route, options, edge, running);
    for (const url of route.paths) fastify.route({ method: route.method, url, handler: serve, config: { route } });
  }
  refuseTheRest(fastify, edge);
  await fastify.listen({ host: options.host, port: options.port });
  return { url: urlOf(fastify, options.host), drain: (graceMs) => drain(fastify, running, graceMs) };
}

/** Bodies of any type arrive as bytes; who needs JSON parses it, once. */
function takeBytes(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

const nothing = Buffer.alloc(0);

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  route: Route,
  options: ServerOptions,
  edge: Edge,
  running: Set<AbortController>,
): Promise<void> {
  reply.hijack();
  const response = reply.raw;
  const gone = new AbortController();
  running.add(gone);
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  const arrived = arrivedFrom(request, gone.signal, edge);
  try {
    await write(response, await edge.guard(arrived, route), options.pingMs, request.method === 'HEAD');
  } catch (error) {
    edge.log.error('reply broken off', { request: arrived.id, error });
    response.destroy();
  } finally {
    running.delete(gone);
  }
}

function arrivedFrom(request: FastifyRequest, gone: AbortSignal, edge: Edge): Arrived {
  const raw: IncomingMessage = request.raw;
  const url = raw.url ?? '/';
  const mark = url.indexOf('?');
  const parameters = request.params as Record<string, string>;
  const id = edge.newId('');
  return {
    id,
    callId: callIdOf(raw.headers['x-litellm-call-id']) ?? id,
    method: raw.method ?? 'GET',
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    parameters,
    headers: raw.headers,
    body: Buffer.isBuffer(request.body) ? request.body : nothing,
    from: raw.socket.remoteAddress ?? '',
    atMs: edge.clock.monotonic(),
    startedAt: edge.clock.now(),
    gone,
  };
}

/** A client's own id is echoed when it is sound: letters, digits and `-_.:`, at most 128. */
function callIdOf(given: string | string[] | undefined): string | undefined {
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}

async function write(response: ServerResponse, reply: Reply, pingMs: number, headOnly: boolean): Promise<void> {
  const { body } = reply;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(reply.status, headersOf(reply, Buffer.byteLength(body)));
    if (headOnly) response.end();
    else if (typeof body === 'string') response.end(body);
    else endWith(response, body);
    return;
  }
  response.writeHead(reply.status, reply.headers);
  if (reply.isLate === true) response.write(reply.ping ?? '');
  const pulse = new Pulse(response, reply.ping ?? '', pingMs);
  try {
    for await (const piece of body) {
      if (response.destroyed) break;
      pulse.beat();
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } finally {
    pulse.stop();
  }
}

/** Names and values in one flat list, which Node writes without a copy. */
function headersOf(reply: Reply, length: number): string[] {
  const list = ['content-length', String(length)];
  for (const name in reply.headers) {
    const value = reply.headers[name];
    if (value !== undefined) list.push(name, value);
  }
  return list;
}

const smallBytes = 16 * 1024;

/** A small body as a latin1 string goes out with the head in one write; each character is one byte, so the bytes are the same. */
function endWith(response: ServerResponse, body: Uint8Array): void {
  if (body.length > smallBytes) response.end(body);
  else response.end(Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1'), 'latin1');
}

/** Resolves when the socket takes bytes again, or is gone. */
async function drained(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const either = new AbortController();
  try {
    await Promise.race([
      once(response, 'drain', { signal: either.signal }),
      once(response, 'close', { signal: either.signal }),
    ]);
  } finally {
    either.abort();
  }
}

/** Sends the ping whenever nothing was written for the given time. One timer a stream, set anew only when it fires. */
class Pulse {
  readonly #response: ServerResponse;
  readonly #ping: string;
  readonly #everyMs: number;
  #last = performance.now();
  #timer: NodeJS.Timeout | null = null;

  constructor(response: ServerResponse, ping: string, everyMs: number) {
    this.#response = response;
    this.#ping = ping;
    this.#everyMs = everyMs;
    if (ping !== '') this.#timer = setTimeout(this.#fire, everyMs);
  }

  beat(): void {
    this.#last = performance.now();
  }

  readonly #fire = (): void => {
    const idle = performance.now() - this.#last;
    if (idle >= this.#everyMs - 1) {
      this.#response.write(this.#ping);
      this.beat();
    }
    this.#timer = setTimeout(this.#fire, Math.max(1, this.#everyMs - (performance.now() - this.#last)));
  };

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

function refuse(edge: Edge, request: FastifyRequest, reply: FastifyReply, error: GatewayError): void {
  const { route } = (request.routeOptions.config ?? {}) as { route?: Route };
  const id = edge.newId('');
  const path = (request.url.split('?')[0] ?? '').slice(0, 256);
  const { status, headers, body } = lastResort(error, id, path, route);
  edge.log.info('refused at the door', { request: id, method: request.method, path, status, error: error.code });
  reply.code(status).headers(headers).send(body);
}

function refuseTheRest(fastify: FastifyInstance, edge: Edge): void {
  fastify.setNotFoundHandler((request, reply) => {
    const error = new GatewayError('route_unknown', { message: `${request.method} ${request.url.split('?')[0]}` });
    refuse(edge, request, reply, error);
  });
  fastify.setErrorHandler((error, request, reply) =>
    refuse(edge, request, reply, understood(error, fastify.initialConfig.bodyLimit)),
  );
}

/** What Fastify itself refuses, in our codes. */
function understood(error: unknown, bodyLimit: number | undefined): GatewayError {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new GatewayError('body_too_large', { message: `at most ${bodyLimit} bytes are taken (option bodyLimit)` });
  }
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH') {
    return new GatewayError('header_invalid', {
      message: 'content-length does not fit the body',
      field: 'content-length',
    });
  }
  if (code === 'FST_ERR_BAD_URL' || code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new GatewayError('route_unknown', { message: 'the path cannot be read, or a part of it is too long' });
  }
  return GatewayError.from(error);
}

function urlOf(fastify: FastifyInstance, host: string): string {
  const address = fastify.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

const lastWordsMs = 2_000;

async function drain(fastify: FastifyInstance, running: Set<AbortController>, graceMs: number): Promise<void> {
  const closed = fastify.close();
  const idle = setInterval(() => fastify.server.closeIdleConnections(), 50);
  const late = setTimeout(() => {
    for (const gone of running) gone.abort();
    fastify.server.closeAllConnections();
  }, graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
  // The connections are closed; requests that were let go have a row to write yet.
  const until = performance.now() + lastWordsMs;
  while (running.size > 0 && performance.now() < until) await pause(5);
}
