// Networks of addresses, and whether an address is in one. Invariant: an IPv4 address carried in an IPv6 one is judged as itself.
import { BlockList, isIP } from 'node:net';

/** A set of networks. */
export interface AddressBlock {
  /** Takes an IP address, or one in brackets as a URL holds it; true when it is in one of the networks. False for what is no address. */
  holds(address: string): boolean;
}

/** Takes networks (`10.0.0.0/8`, `fd00::/8`) and single addresses; returns them as a set. Throws a TypeError for what is neither. */
export function addressBlock(networks: readonly string[]): AddressBlock {
  const list = new BlockList();
  for (const network of networks) {
    const [net = '', bits] = network.split('/');
    const family = isIP(net) === 4 ? 'ipv4' : 'ipv6';
    if (!isNetwork(network)) throw new TypeError(`${network} is no network`);
    if (bits === undefined) list.addAddress(net, family);
    else list.addSubnet(net, Number(bits), family);
  }
  return {
    holds: (address) => {
      const plain = plainAddress(address);
      return plain !== null && list.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
    },
  };
}

/** Takes a text; true when it is an IP address or a network of them. */
export function isNetwork(text: string): boolean {
  const [net = '', bits, ...more] = text.split('/');
  const version = isIP(net);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/**
 * Takes an IP address, perhaps in brackets or with a zone; returns it in the one way in which it is judged, null when it is none.
 * An IPv4 address within: mapped (RFC 4291, 2.5.5), translated (RFC 6052, RFC 2765) or led through 6to4 (RFC 3056).
 */
export function plainAddress(text: string): string | null {
  const bare = text.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) return null;
  if (version === 4) return bare;
  const groups = groupsOf(new URL(`http://[${bare}]`).hostname.slice(1, -1));
  const start = carriers.find(({ prefix }) => prefix.every((group, at) => group === groups[at]));
  if (start === undefined || groups.every((group, at) => group === 0 || at === 7)) return bare;
  return groups
    .slice(start.at, start.at + 2)
    .flatMap((pair) => [pair >> 8, pair & 0xff])
    .join('.');
}

/** How an IPv6 address begins that carries an IPv4 address, and at which of its groups that stands. */
const carriers: readonly { readonly prefix: readonly number[]; readonly at: number }[] = [
  { prefix: [0, 0, 0, 0, 0, 0xffff], at: 6 },
  { prefix: [0, 0, 0, 0, 0xffff, 0], at: 6 },
  { prefix: [0, 0, 0, 0, 0, 0], at: 6 },
  { prefix: [0x64, 0xff9b, 0, 0, 0, 0], at: 6 },
  { prefix: [0x2002], at: 1 },
];

/** Takes an IPv6 address as URL writes it; returns its eight groups. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const read = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [read(head), read(tail ?? '')];
  return tail === undefined ? first : [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}
