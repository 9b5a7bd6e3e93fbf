/** Networks in CIDR notation, as settings and the file of users name them. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { list, type Setting } from './setting.ts';

/** Parses an address or a network in CIDR notation; undefined if it is neither. */
export function parseNetwork(
  text: string,
): { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return undefined;
  const max = version === 4 ? 32 : 128;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > max)) return undefined;
  return {
    address,
    prefix: bits === undefined ? max : Number(bits),
    family: version === 4 ? 'ipv4' : 'ipv6',
  };
}

/** A list of addresses and networks. */
export function networkList(env: string, help: string): Setting<readonly string[]> {
  const plain = list(env, [], '<networks>', help);
  return {
    ...plain,
    expects: 'a list of addresses and networks such as 10.0.0.0/8',
    parse(value) {
      const items = plain.parse(value);
      return items?.every((item) => parseNetwork(item) !== undefined) === true ? items : undefined;
    },
  };
}

/** Returns a list of networks that addresses are checked against. Throws RangeError for a text that is not a network. */
export function networks(texts: readonly string[]): { has(address: string): boolean } {
  const blocked = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network === undefined)
      throw new RangeError(`"${text}" is not an address or network; write it as 10.0.0.0/8`);
    blocked.addSubnet(network.address, network.prefix, network.family);
  }
  // BlockList matches an IPv4 address in its IPv6 form against the networks of IPv4.
  return { has: (address) => blocked.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') };
}

/** Returns the eight groups of an IPv6 address as hexadecimal text without leading zeros; undefined if it is none. */
export function ipv6Groups(address: string): readonly string[] | undefined {
  if (!isIPv6(address)) return undefined;
  const canonical = new URL(`http://[${address.split('%')[0]}]/`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
}
