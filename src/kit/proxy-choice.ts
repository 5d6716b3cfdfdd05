// Which proxy a call goes by, as curl and most tools read HTTPS_PROXY, HTTP_PROXY and NO_PROXY. Invariant: this machine itself is
// never called by a proxy.

export interface Proxies {
  /** For origins that begin with https. */
  readonly https: URL | null;
  /** For origins that begin with http. */
  readonly http: URL | null;
  /** Hosts called directly: `example.com` with all below it, `.example.com`, `host:port`, an address, `*` for all. */
  readonly none: readonly string[];
}

export const noProxies: Proxies = { https: null, http: null, none: [] };

/** Takes an origin and the proxies; returns the one to go by, null to go directly. */
export function proxyFor(origin: string, proxies: Proxies): URL | null {
  const { protocol, hostname, port } = new URL(origin);
  const proxy = protocol === 'https:' ? proxies.https : proxies.http;
  if (proxy === null || isThisMachine(hostname)) return null;
  const ownPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return proxies.none.some((entry) => names(entry, hostname, ownPort)) ? null : proxy;
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function names(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, host = '', only] = /^(.*?)(?::(\d+))?$/.exec(entry.toLowerCase().replace(/^\*?\./, '')) ?? [];
  if (only !== undefined && only !== port) return false;
  return hostname === host || hostname.endsWith(`.${host}`);
}
