// Where addresses that came through the API may lead (server-side request forgery): what counts is the address a name stands for
// at the moment of the call. Invariant: the addresses at which clouds hand out credentials are never called.
import { lookup as lookUp } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { addressBlock, plainAddress } from './address-block.ts';
import { isListed } from './host-list.ts';

/**
 * `private-too`: all but link-local and metadata addresses; `public`: none of this machine, of a private network, or reserved;
 * `listed`: only the hosts of the list.
 */
export type AddressRule = 'private-too' | 'public' | 'listed';

export interface AddressGuard {
  readonly rule: AddressRule;
  /** Hosts that may be called whatever the rule says, as `isListed` reads them; still none of those that are never called. */
  readonly listed: readonly string[];
}

/** RFC 3927, RFC 4291 and what clouds put there; 100.100.100.200 is Alibaba's, fd00:ec2::254 Amazon's, 168.63.129.16 Azure's. */
const never = addressBlock([
  '169.254.0.0/16',
  '0.0.0.0/8',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '224.0.0.0/4',
  '240.0.0.0/4',
  'fe80::/10',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::',
  'ff00::/8',
]);
/** Names under which clouds hand out credentials; a proxy would look them up where we do not see it. */
const neverNames =
  /^(metadata|metadata\.google\.internal|metadata\.goog|metadata\.azure\.internal|instance-data(\.ec2\.internal)?)$/;
/** IANA's special-purpose registries: this machine, private networks, shared and documentation space. */
const reserved = addressBlock([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
]);
/** Of IPv6 only this much is public (RFC 4291, 2.4). */
const globalUnicast = addressBlock(['0.0.0.0/0', '2000::/3']);

/** Takes an IP address and the rule that its host is held to; returns why it may not be called, null when it may. */
export function addressFlaw(address: string, rule: 'private-too' | 'public'): string | null {
  if (plainAddress(address) === null) return `${address} is no IP address`;
  if (never.holds(address)) return `${address} is a link-local, metadata or unusable address`;
  const isPublic = globalUnicast.holds(address) && !reserved.holds(address);
  return rule === 'public' && !isPublic ? `${address} is not a public address` : null;
}

/** Takes an address as a URL and the guard; returns why it may not be called as far as that can be told without a look-up, null when it may. */
export function urlFlaw(url: string, guard: AddressGuard): string | null {
  if (!URL.canParse(url)) return 'it is no address';
  const { hostname, protocol } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'it must begin with http:// or https://';
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (neverNames.test(host)) return `${host} is where a cloud hands out credentials`;
  const rule = ruleFor(url, guard);
  if (rule === null) return `${host} is not on the list of hosts`;
  if (isIP(host) !== 0) return addressFlaw(host, rule);
  return rule === 'public' && isLocalName(host) ? `${host} is not a public name` : null;
}

/** Takes an address as a URL that can be read, and the guard; returns the rule that what its name stands for is held to, null when it may not be called. */
export function ruleFor(url: string, { rule, listed }: AddressGuard): 'private-too' | 'public' | null {
  if (isListed(url, listed)) return 'private-too';
  return rule === 'listed' ? null : rule;
}

function isLocalName(host: string): boolean {
  return host === 'localhost' || /\.(localhost|internal|local)$/.test(host);
}

/** Takes the rule; returns a look-up of names, for connecting, that fails where the address may not be called. */
export function guardedLookup(rule: 'private-too' | 'public', lookup: typeof lookUp = lookUp): LookupFunction {
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
