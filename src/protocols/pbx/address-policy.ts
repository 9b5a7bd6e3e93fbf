/**
 * Where reports may go. The address comes from a client, so this server would post wherever it is told: link-local and
 * cloud metadata addresses, and what is no host at all, are always refused. Private networks are what it is used in.
 *
 * Decides on addresses, never on names: what a name resolves to is decided on when a connection is made.
 */
import { BlockList, isIP, isIPv6 } from 'node:net';

const refused = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  refused.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['fe80::', 10],
  ['ff00::', 8],
  ['fd00:ec2::254', 128],
  // Forms that hold an IPv4 address: where they lead would have to be looked up again.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['::', 96],
] as const) {
  refused.addSubnet(network, prefix, 'ipv6');
}

/** Whether reports may be sent to an IPv4 or IPv6 address; false for text that is no address. */
export function isAllowedAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  // The loopback address lies in ::/96 and is what a laptop uses.
  if (address === '::1') return true;
  return !refused.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a URL's host may be posted to as it stands; a name may, until it is resolved. `hostname` is WHATWG-parsed. */
export function isAllowedHost(hostname: string): boolean {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? !isIPv6(bare) : isAllowedAddress(bare);
}
