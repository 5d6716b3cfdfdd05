// A list of hosts as people write them: NO_PROXY, and where models that came through the API may live besides.
import { addressBlock, isNetwork } from './address-block.ts';

/**
 * Takes an origin and a list: `example.com` with all below it, `.example.com`, `*.example.com`, `host:port`, an address
 * (`10.0.0.7`, `[::1]:8080`), a network (`10.0.0.0/8`), `*` for all. Returns whether the origin's host is on it.
 */
export function isListed(origin: string, list: readonly string[]): boolean {
  const { protocol, hostname, port } = new URL(origin);
  const ownPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const host = hostname.replace(/\.$/, '');
  return list.some((entry) => names(entry.toLowerCase(), host, ownPort));
}

function names(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (isNetwork(entry)) return addressBlock([entry]).holds(host);
  const [, name = '', only] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (name === '' || (only !== undefined && only !== port)) return false;
  const address = name.replace(/^\[|\]$/g, '');
  if (isNetwork(address)) return addressBlock([address]).holds(host);
  const domain = name.replace(/^\*?\.|\.$/g, '');
  return host === domain || host.endsWith(`.${domain}`);
}
