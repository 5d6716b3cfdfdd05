// Outgoing calls: HTTP/1.1 over connections of our own to each origin (kit/http1), by a proxy or over HTTP/2 where that is set.
// The only way out (kit/opener.ts and kit/http2-lane.ts work for it), and with kit/seal.ts the only one that reveals a secret.
import type { SecureContext } from 'node:tls';
import { type AddressRule, guardedLookup, ruleFor, urlFlaw } from './address-guard.ts';
import type { CallBytes, CallEvents } from './http1/channel.ts';
import { type CallControl, Lane } from './http1/lane.ts';
import { Http2Lane } from './http2-lane.ts';
import { type IncomingAnswer, IncomingCall, UpstreamFault } from './incoming.ts';
import { byProxy, connecting, direct, type Lookup, proofFor, trustedWith } from './opener.ts';
import { Outbox } from './outbox.ts';
import { noProxies, type Proxies, proxyFor } from './proxy-choice.ts';
import type { Secret } from './secret.ts';
import type { Signal } from './signal.ts';

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'HEAD' | 'PATCH' | 'DELETE';
  /** Scheme, host and port. */
  readonly origin: string;
  /** Path and query, with a leading slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | Secret>>;
  /** Pieces that go out one after the other; null: there is none. */
  readonly body: readonly Buffer[] | null;
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
  /** Hosts that addresses which came through the API may lead to, whatever their rule. */
  readonly apiHosts?: readonly string[];
  /** Looks names up; tests hand in their own. */
  readonly lookup?: Lookup;
  /** Requests go out with what else goes out in a turn; one of its own when it is not given. */
  readonly outbox?: Outbox;
}

/** Calls to one origin. */
interface Route {
  readonly stats: { readonly running: number; readonly waiting: number };
  /** True when it holds no connection and nobody waits for one. */
  readonly isEmpty: boolean;
  /** Takes a request and who is told of it; returns the means to end it, or why it cannot go out. */
  start(request: OutgoingRequest, events: CallEvents): CallControl | Error;
  close(): void;
}

const defaultLifetimeMs = 300_000;

/** The way out. One for the process; tests hand in a function of the same shape as `send`. */
export class Upstreams {
  readonly #routes = new Map<string, Route>();
  readonly #options: UpstreamOptions;
  readonly #outbox: Outbox;
  readonly #proxies: Proxies;
  readonly #trusted: SecureContext | null;

  /** Throws an Error when the address of a proxy or a certificate cannot be read. */
  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#trusted = trustedWith(options.authorities ?? []);
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
    const guard = { rule: rule ?? 'private-too', listed: this.#options.apiHosts ?? [] };
    const flaw = rule === undefined ? null : urlFlaw(origin, guard);
    if (flaw !== null) return new Error(`${origin} is not called: ${flaw}`);
    this.#forgetEmpty();
    const route = this.#newRoute(origin, rule === undefined ? null : ruleFor(origin, guard));
    this.#routes.set(key, route);
    return route;
  }

  /** Connections end by themselves when they are idle; what is left of an origin that nobody calls goes when another is called. */
  #forgetEmpty(): void {
    for (const [key, route] of this.#routes) {
      if (!route.isEmpty) continue;
      this.#routes.delete(key);
      route.close();
    }
  }

  #newRoute(origin: string, rule: 'private-too' | 'public' | null): Route {
    const { connections, keepAliveMs, lifetimeMs = defaultLifetimeMs, http2 = false, lookup } = this.#options;
    const proxy = proxyFor(origin, this.#proxies);
    // The proxy's own address is trusted, and it looks the origin's up where we do not see it.
    const guarded = rule === null || proxy !== null ? lookup : guardedLookup(rule, lookup);
    const connect = connecting(this.#trusted, guarded);
    if (http2 && proxy === null && origin.startsWith('https:'))
      return new OverHttp2(new Http2Lane(origin, { connections, keepAliveMs, lifetimeMs, connect }));
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
    const url = new URL(address.reveal());
    if (/%(?![0-9a-f]{2})/i.test(url.username + url.password))
      throw new TypeError('a percent sign in the password of a proxy must be written %25');
    return url;
  };
  return { https: read(https), http: read(http), none };
}

class OverLane implements Route {
  readonly #lane: Lane;
  readonly #proxy: URL | null;
  /** What the last request was, and how its head began, key included: the next one's is often the same but for its length. */
  #last: Pick<OutgoingRequest, 'method' | 'path' | 'headers'> | null = null;
  #opening: string | Error = '';

  /** Takes a lane, and the proxy at its end when it is asked in place of the origin. */
  constructor(lane: Lane, proxy: URL | null) {
    this.#lane = lane;
    this.#proxy = proxy;
  }

  get stats(): Route['stats'] {
    return this.#lane.stats;
  }

  get isEmpty(): boolean {
    return this.#lane.isEmpty;
  }

  start(request: OutgoingRequest, events: CallEvents): CallControl | Error {
    const { method, path, headers } = request;
    const last = this.#last;
    if (last === null || last.headers !== headers || last.path !== path || last.method !== method) {
      this.#last = { method, path, headers };
      this.#opening = openingOf(request, this.#proxy);
    }
    const opening = this.#opening;
    return opening instanceof Error ? opening : this.#lane.start(bytesOf(request, opening), events);
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

  get isEmpty(): boolean {
    return this.#lane.isEmpty;
  }

  start({ method, path, headers, body }: OutgoingRequest, events: CallEvents): CallControl {
    const list: string[] = [];
    for (const name in headers) {
      const value = headers[name];
      if (value !== undefined) list.push(name, typeof value === 'string' ? value : value.reveal());
    }
    return this.#lane.start({ method, path, headers: list, body: body === null ? null : Buffer.concat(body) }, events);
  }

  close(): void {
    this.#lane.close();
  }
}

const nothing: readonly Buffer[] = [];

const fitName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const unfitValue = /[^\t\x20-\x7e\x80-\xff]/;

/**
 * Takes a request, and the proxy that is asked in place of its origin; returns its head as far as the length of its body, or why it
 * cannot go out: nothing in it may end a line.
 */
function openingOf({ method, origin, path, headers }: OutgoingRequest, proxy: URL | null): string | Error {
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
  return head;
}

/** Takes a request and how its head begins; returns it as it goes out. */
function bytesOf({ method, body }: OutgoingRequest, opening: string): CallBytes {
  const pieces = body ?? nothing;
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const saysLength = body !== null || method === 'POST' || method === 'PATCH';
  const head = saysLength ? `${opening}content-length: ${length}\r\n\r\n` : `${opening}\r\n`;
  return { isHead: method === 'HEAD', head, body: pieces, length };
}
