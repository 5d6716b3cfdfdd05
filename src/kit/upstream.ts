// Outgoing calls: HTTP/1.1 over connections of our own to each origin (kit/http1), by a proxy or over HTTP/2 where that is set.
// The only file that reaches out (kit/http2-lane.ts for it), and (with kit/seal.ts) the only one that reveals a secret.
import type { Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { buildConnector } from 'undici';
import { type AddressRule, guardedLookup, urlFlaw } from './address-guard.ts';
import type { CallBytes, CallEvents } from './http1/channel.ts';
import { type CallControl, Lane } from './http1/lane.ts';
import { openTunnel } from './http1/tunnel.ts';
import { Http2Lane } from './http2-lane.ts';
import { type IncomingAnswer, IncomingCall, UpstreamFault } from './incoming.ts';
import { Outbox } from './outbox.ts';
import { noProxies, type Proxies, proxyFor } from './proxy-choice.ts';
import type { Secret } from './secret.ts';
import type { Signal } from './signal.ts';

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
  /** Set: the address came through the API, and this says where it may lead. Not set: it is trusted. */
  readonly addressRule?: AddressRule;
}

/** Addresses of proxies, which may hold a password, and the hosts that need none. */
export interface ProxyOptions {
  readonly https: Secret | null;
  readonly http: Secret | null;
  readonly none: readonly string[];
}

export interface UpstreamOptions {
  /** Connections an origin; a cap on concurrency, so thousands. */
  readonly connections: number;
  /** Milliseconds an idle connection is kept. */
  readonly keepAliveMs: number;
  /** Milliseconds after which a connection is not used again, so that names are looked up anew; five minutes when not given. */
  readonly lifetimeMs?: number;
  readonly proxies?: ProxyOptions;
  /** Certificates of authorities to trust besides the usual ones, in PEM. */
  readonly authorities?: readonly string[];
  /** Offer HTTP/2 to upstreams that begin with https. */
  readonly http2?: boolean;
  /** Looks names up; tests hand in their own. */
  readonly lookup?: Parameters<typeof guardedLookup>[1];
  /** Requests go out with what else goes out in a turn; one of its own when it is not given. */
  readonly outbox?: Outbox;
}

/** Calls to one origin. */
interface Route {
  readonly stats: { readonly running: number; readonly waiting: number };
  /** Takes a request and who is told of it; returns the means to end it, or why it cannot go out. */
  start(request: OutgoingRequest, events: CallEvents): CallControl | Error;
  close(): void;
}

const longestConnectMs = 10_000;
const defaultLifetimeMs = 300_000;

/** The way out. One for the process; tests hand in a function of the same shape as `send`. */
export class Upstreams {
  readonly #routes = new Map<string, Route>();
  readonly #options: UpstreamOptions;
  readonly #outbox: Outbox;
  readonly #proxies: Proxies;

  /** Throws a TypeError when the address of a proxy cannot be read. */
  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#proxies = options.proxies === undefined ? noProxies : readProxies(options.proxies);
    this.#outbox = options.outbox ?? new Outbox();
  }

  /** Takes a request; returns the answer once its head is there. Throws UpstreamFault. */
  send = (request: OutgoingRequest): Promise<IncomingAnswer> => {
    return new Promise((resolve, reject) => {
      if (request.signal.aborted) return reject(new UpstreamFault('aborted'));
      const route = this.#route(request.origin, request.addressRule);
      const call = new IncomingCall(request.signal, resolve, reject);
      const control = route instanceof Error ? route : route.start(request, call);
      if (control instanceof Error) reject(new UpstreamFault('unreachable', control));
      else call.control = control;
    });
  };

  /** Connections in use and calls waiting for one, by origin. */
  stats(): Record<string, { running: number; waiting: number }> {
    const all: Record<string, { running: number; waiting: number }> = {};
    for (const [key, { stats }] of this.#routes) {
      const origin = key.split(' ')[0] ?? key;
      const { running = 0, waiting = 0 } = all[origin] ?? {};
      all[origin] = { running: running + stats.running, waiting: waiting + stats.waiting };
    }
    return all;
  }

  /** Closes every connection; calls under way are aborted. */
  async close(): Promise<void> {
    for (const route of this.#routes.values()) route.close();
    this.#routes.clear();
  }

  #route(origin: string, rule: AddressRule | undefined): Route | Error {
    const key = rule === undefined ? origin : `${origin} ${rule}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const flaw = rule === undefined ? null : urlFlaw(origin, rule);
    if (flaw !== null) return new Error(`${origin} is not called: ${flaw}`);
    const route = this.#newRoute(origin, rule);
    this.#routes.set(key, route);
    return route;
  }

  #newRoute(origin: string, rule: AddressRule | undefined): Route {
    const { connections, keepAliveMs, http2 = false, authorities = [], lookup } = this.#options;
    const guard = rule === undefined ? lookup : guardedLookup(rule, lookup);
    const connect = {
      timeout: longestConnectMs,
      keepAlive: true,
      // Nobody else is to choose HTTP/2 on a connection that is then read as HTTP/1.1.
      allowH2: false,
      ...(authorities.length === 0 ? {} : { ca: [...getCACertificates('default'), ...authorities] }),
      ...(guard === undefined ? {} : { lookup: guard as never }),
    };
    const proxy = proxyFor(origin, this.#proxies);
    if (http2 && proxy === null && origin.startsWith('https:'))
      return new OverHttp2(new Http2Lane(origin, { connections, keepAliveMs, connect: { ...connect, allowH2: true } }));
    const { lifetimeMs = defaultLifetimeMs } = this.#options;
    const opener = proxy === null ? direct(origin, connect) : byProxy(origin, proxy, connect);
    return new OverLane(
      new Lane({ connect: opener, connections, keepAliveMs, lifetimeMs, outbox: this.#outbox }),
      proxy !== null && origin.startsWith('http:') ? proxy : null,
    );
  }
}

function readProxies({ https, http, none }: ProxyOptions): Proxies {
  const read = (address: Secret | null): URL | null => {
    if (address === null) return null;
    if (!URL.canParse(address.reveal())) throw new TypeError('the address of a proxy cannot be read');
    return new URL(address.reveal());
  };
  return { https: read(https), http: read(http), none };
}

type Opener = (opened: (error: Error | null, socket: Socket | null) => void) => void;

/** Takes a URL; returns where to connect to. */
function placeOf(url: URL): { protocol: string; hostname: string; host: string; port: string } {
  const { protocol, hostname, host, port } = url;
  const usual = protocol === 'https:' ? '443' : '80';
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port: port === '' ? usual : port };
}

function direct(origin: string, options: buildConnector.BuildOptions): Opener {
  const connector = buildConnector(options);
  const place = placeOf(new URL(origin));
  return (opened) => connector(place, (error, socket) => opened(error, socket));
}

/** To http origins the proxy itself is asked; to https ones it only leads. */
function byProxy(origin: string, proxy: URL, options: buildConnector.BuildOptions): Opener {
  const connector = buildConnector(options);
  const place = placeOf(new URL(origin));
  const toProxy: Opener = (opened) => connector(placeOf(proxy), (error, socket) => opened(error, socket));
  if (origin.startsWith('http:')) return toProxy;
  const hostname = place.hostname.includes(':') ? `[${place.hostname}]` : place.hostname;
  const tunnel = {
    authority: `${hostname}:${place.port}`,
    authorization: proofFor(proxy),
    patienceMs: longestConnectMs,
  };
  return (opened) =>
    toProxy((error, socket) => {
      if (error !== null || socket === null) return opened(error, null);
      openTunnel(socket, tunnel, (refused, way) => {
        if (refused !== null || way === null) return opened(refused, null);
        connector({ ...place, httpSocket: way }, (failed, secured) => opened(failed, secured));
      });
    });
}

/** The user and password of a proxy's address, as it wants them (RFC 7617); null when it has none. */
function proofFor({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

class OverLane implements Route {
  readonly #lane: Lane;
  readonly #proxy: URL | null;

  /** Takes a lane, and the proxy at its end when it is asked in place of the origin. */
  constructor(lane: Lane, proxy: URL | null) {
    this.#lane = lane;
    this.#proxy = proxy;
  }

  get stats(): Route['stats'] {
    return this.#lane.stats;
  }

  start(request: OutgoingRequest, events: CallEvents): CallControl | Error {
    const bytes = bytesOf(request, this.#proxy);
    return bytes instanceof Error ? bytes : this.#lane.start(bytes, events);
  }

  close(): void {
    this.#lane.close();
  }
}

class OverHttp2 implements Route {
  readonly #lane: Http2Lane;

  constructor(lane: Http2Lane) {
    this.#lane = lane;
  }

  get stats(): Route['stats'] {
    return this.#lane.stats;
  }

  start({ method, path, headers, body }: OutgoingRequest, events: CallEvents): CallControl {
    const list: string[] = [];
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) list.push(name, typeof value === 'string' ? value : value.reveal());
    }
    return this.#lane.start({ method, path, headers: list, body }, events);
  }

  close(): void {
    this.#lane.close();
  }
}

const fitName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unfitValue = /[^\t\x20-\x7e\x80-\xff]/;

/** Takes a request, and the proxy that is asked in place of its origin; returns it as it goes out, or why it cannot: nothing in it may end a line. */
function bytesOf({ method, origin, path, headers, body }: OutgoingRequest, proxy: URL | null): CallBytes | Error {
  if (!/^\/[\x21-\x7e]*$/.test(path)) return new Error('the path holds a character that must be encoded');
  let head = `${method} ${proxy === null ? path : origin + path} HTTP/1.1\r\nhost: ${origin.slice(origin.indexOf('://') + 3)}\r\n`;
  const proof = proxy === null ? null : proofFor(proxy);
  if (proof !== null) head += `proxy-authorization: ${proof}\r\n`;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    const text = typeof value === 'string' ? value : value.reveal();
    if (!fitName.test(name) || unfitValue.test(text))
      return new Error(`the header ${JSON.stringify(name)} holds a character that no header may hold`);
    head += `${name}: ${text}\r\n`;
  }
  const length =
    body === null ? (method === 'POST' ? 'content-length: 0\r\n' : '') : `content-length: ${body.length}\r\n`;
  return { isHead: method === 'HEAD', head: `${head}${length}\r\n`, body };
}
