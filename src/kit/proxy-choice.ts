// Which proxy a call goes by, as curl and most tools read HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Invariant: this machine itself is
// never called by a proxy.
import { isListed } from './host-list.ts';

export interface Proxies {
  /** For origins that begin with https. */
  readonly https: URL | null;
  /** For origins that begin with http. */
  readonly http: URL | null;
  /** Hosts called directly, as `isListed` reads them. */
  readonly none: readonly string[];
}

export const noProxies: Proxies = { https: null, http: null, none: [] };

/** Takes an origin and the proxies; returns the one to go by, null to go directly. */
export function proxyFor(origin: string, proxies: Proxies): URL | null {
  const { protocol, hostname } = new URL(origin);
  const proxy = protocol === 'https:' ? proxies.https : proxies.http;
  if (proxy === null || isThisMachine(hostname)) return null;
  return isListed(origin, proxies.none) ? null : proxy;
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
