// How connections to an origin are opened: directly or by a proxy, over TLS with the authorities that are trusted. Invariant:
// certificates are checked, whatever the environment says.
import type { LookupFunction, Socket } from 'node:net';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import type { guardedLookup } from './address-guard.ts';
import { landing } from './http1/landing.ts';
import { openTunnel } from './http1/tunnel.ts';

/** Opens a connection; calls back once. */
export type Opener = (opened: (error: Error | null, socket: Socket | null) => void) => void;

/** Looks a name up; tests hand in their own. */
export type Lookup = NonNullable<Parameters<typeof guardedLookup>[1]>;

const longestConnectMs = 10_000;

/**
 * Takes certificates of authorities to trust besides the usual ones, in PEM; returns them as connections take them, made once: reading
 * the usual ones takes 15 ms. Null without any: Node's own need no reading. Throws when one of them cannot be read.
 */
export function trustedWith(authorities: readonly string[]): SecureContext | null {
  if (authorities.length === 0) return null;
  return createSecureContext({ ca: [...getCACertificates('default'), ...authorities] });
}

/** Takes what is trusted and how names are looked up; returns how undici is to connect. */
export function connecting(
  trusted: SecureContext | null,
  lookup: Lookup | LookupFunction | undefined,
): buildConnector.BuildOptions {
  return {
    timeout: longestConnectMs,
    keepAlive: true,
    rejectUnauthorized: true,
    // Nobody else is to choose HTTP/2 on a connection that is then read as HTTP/1.1.
    allowH2: false,
    ...(trusted === null ? {} : { secureContext: trusted }),
    ...(lookup === undefined ? {} : { lookup: lookup as never }),
  };
}

/** Takes an origin and how to connect; returns what opens connections to it. */
export function direct(origin: string, options: buildConnector.BuildOptions): Opener {
  const connector = buildConnector({ ...options, onread: landing });
  const place = placeOf(new URL(origin));
  return (opened) => connector(place, (error, socket) => opened(error, socket));
}

/** Takes an origin, a proxy and how to connect to both. To http origins the proxy itself is asked; to https ones it only leads. */
export function byProxy(origin: string, proxy: URL, options: buildConnector.BuildOptions): Opener {
  const toProxy = direct(proxy.origin, options);
  if (origin.startsWith('http:')) return toProxy;
  const connector = buildConnector({ ...options, onread: landing });
  const place = placeOf(new URL(origin));
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

/** Takes a proxy; returns the user and password of its address, as it wants them (RFC 7617); null when it has none. */
export function proofFor({ username, password }: URL): string | null {
  if (username === '' && password === '') return null;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** Takes a URL; returns where to connect to. */
function placeOf(url: URL): { protocol: string; hostname: string; host: string; port: string } {
  const { protocol, hostname, host, port } = url;
  const usual = protocol === 'https:' ? '443' : '80';
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), host, port: port === '' ? usual : port };
}
