// Where addresses that came through the API may lead (server-side request forgery): what counts is the address a name stands for
// at the moment of the call. Invariant: the addresses at which clouds hand out credentials are never called.
import { lookup as lookUp } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** `private-too`: all but link-local and metadata addresses; `public`: none of this machine, of a private network, or reserved. */
export type AddressRule = 'private-too' | 'public';

/** RFC 3927, RFC 4291 and what clouds put there; 100.100.100.200 is Alibaba's, fd00:ec2::254 Amazon's, 168.63.129.16 Azure's. */
const never = blockList(
  [
    '169.254.0.0/16',
    '0.0.0.0/8',
    '100.100.100.200/32',
    '168.63.129.16/32',
    '192.0.0.192/32',
    '224.0.0.0/4',
    '240.0.0.0/4',
  ],
  ['fe80::/10', 'fd00:ec2::254/128', 'fd20:ce::254/128', '::/128', 'ff00::/8'],
);
/** IANA's special-purpose registries: this machine, private networks, shared and documentation space. */
const reserved = blockList(
  [
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '172.16.0.0/12',
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.168.0.0/16',
    '198.18.0.0/15',
    '198.51.100.0/24',
    '203.0.113.0/24',
  ],
  ['::1/128', 'fc00::/7', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23', '2001:db8::/32', '2002::/16'],
);

function blockList(ipv4: readonly string[], ipv6: readonly string[]): BlockList {
  const list = new BlockList();
  for (const subnet of ipv4) list.addSubnet(...partsOf(subnet), 'ipv4');
  for (const subnet of ipv6) list.addSubnet(...partsOf(subnet), 'ipv6');
  return list;
}

function partsOf(subnet: string): [string, number] {
  const [net = '', bits = ''] = subnet.split('/');
  return [net, Number(bits)];
}

/** Takes an IP address and the rule; returns why it may not be called, null when it may. */
export function addressFlaw(address: string, rule: AddressRule): string | null {
  const version = isIP(address);
  if (version === 0) return `${address} is no IP address`;
  const plain = version === 6 ? unmapped(address) : address;
  const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6';
  if (never.check(plain, family)) return `${address} is a link-local, metadata or unusable address`;
  if (rule === 'public' && reserved.check(plain, family)) return `${address} is not a public address`;
  return null;
}

/** RFC 4291, 2.5.5.2: an IPv4 address in an IPv6 one; URL writes it in one way. */
function unmapped(address: string): string {
  const host = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname;
  const [, high, low] = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return host.slice(1, -1);
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)].flatMap((pair) => [pair >> 8, pair & 0xff]);
  return bytes.join('.');
}

/** Takes an address as a URL and the rule; returns why it may not be called as far as that can be told without a look-up, null when it may. */
export function urlFlaw(url: string, rule: AddressRule): string | null {
  if (!URL.canParse(url)) return 'it is no address';
  const { hostname, protocol } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'it must begin with http:// or https://';
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) !== 0) return addressFlaw(host, rule);
  const isLocal =
    host === 'localhost' || host.endsWith('.localhost') || host.endsWith('.internal') || host.endsWith('.local');
  return rule === 'public' && isLocal ? `${host} is not a public name` : null;
}

/** Takes the rule; returns a look-up of names, for connecting, that fails where the address may not be called. */
export function guardedLookup(rule: AddressRule, lookup: typeof lookUp = lookUp): LookupFunction {
  return (name, options, answer) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return answer(error, '');
      const flaw = addresses.map(({ address }) => addressFlaw(address, rule)).find((one) => one !== null);
      const [first] = addresses;
      if (flaw !== undefined && flaw !== null) answer(new Error(`${name} is not called: ${flaw}`), '');
      else if (options.all === true) answer(null, addresses);
      else answer(null, first?.address ?? '', first?.family);
    });
  };
}
