/**
 * Where reports may be sent. The address comes from a client, so without a policy this server would post wherever a client says.
 * Link-local and cloud metadata addresses, and what is not a host address at all, are always refused. Private networks are what
 * the server is used in, and are allowed unless the settings say otherwise.
 *
 * A host name is decided on at every connection, by the addresses that it resolves to then.
 */
import { BlockList, isIP } from 'node:net';
import { networks, parseNetwork } from './networks.ts';

export interface AddressPolicy {
  /** Returns whether a connection to an address that `hostname` resolved to, or is, may be made. False for what is no address. */
  allowsAddress(address: string, hostname: string): boolean;
  /** Returns whether a URL's host (WHATWG-parsed) is usable before it is resolved: every name is. */
  allowsHost(hostname: string): boolean;
  allowsPort(port: number): boolean;
}

export interface AddressRules {
  /** Networks (`10.0.0.0/8`), addresses and host names; empty: everything that is not refused. */
  readonly allow: readonly string[];
  /** Networks and addresses. */
  readonly deny: readonly string[];
  /** Ports below 1024, other than 80 and 443, are refused. */
  readonly refuseSystemPorts: boolean;
}

const alwaysRefused = networks([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '100.100.100.200/32',
  '192.0.0.192/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::254/128',
  // Forms that embed an IPv4 address: the address they lead to would have to be checked again.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '::/96',
]);

/** The policy without settings: everything except what is always refused. */
export const defaultPolicy: AddressPolicy = makeAddressPolicy({
  allow: [],
  deny: [],
  refuseSystemPorts: false,
});

/** Throws RangeError for a text in the network notation that is not a network. */
export function makeAddressPolicy({ allow, deny, refuseSystemPorts }: AddressRules): AddressPolicy {
  const denied = networks(deny);
  const isNetwork = (text: string): boolean => parseNetwork(text) !== undefined || text.includes('/');
  const allowed = networks(allow.filter(isNetwork));
  const names = new Set(allow.filter((text) => !isNetwork(text)).map((text) => text.toLowerCase()));

  const allowsAddress = (address: string, hostname: string): boolean => {
    if (isIP(address) === 0) return false;
    // The loopback address lies in ::/96 and is what a laptop uses.
    if (address !== '::1' && alwaysRefused.has(address)) return false;
    if (denied.has(address)) return false;
    return allow.length === 0 || allowed.has(address) || names.has(hostname.toLowerCase());
  };
  return {
    allowsAddress,
    allowsHost: (hostname) => isUsableHost(hostname, allowsAddress),
    allowsPort: (port) => !refuseSystemPorts || port >= 1_024 || port === 80 || port === 443,
  };
}

/** Returns the policy for an application that logged in from `peer` and may have its reports nowhere else. */
export function onlyTo(peer: string, policy: AddressPolicy): AddressPolicy {
  const own = new BlockList();
  if (isIP(peer) !== 0) own.addAddress(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
  const allowsAddress = (address: string, hostname: string): boolean =>
    policy.allowsAddress(address, hostname) && own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return { ...policy, allowsAddress, allowsHost: (hostname) => isUsableHost(hostname, allowsAddress) };
}

function isUsableHost(hostname: string, allowsAddress: AddressPolicy['allowsAddress']): boolean {
  const bare = bareHost(hostname);
  return isIP(bare) === 0 || allowsAddress(bare, bare);
}

/** Returns a URL's host without the brackets of IPv6. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
