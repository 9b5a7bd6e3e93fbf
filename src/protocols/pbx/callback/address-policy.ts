/**
 * Where reports may go. The address comes from a client, so this server would post wherever it is told: link-local and
 * cloud metadata addresses, and what is no host at all, are always refused. Private networks are what it is used in, and
 * so allowed, unless the settings say otherwise.
 *
 * What a name resolves to is decided on when a connection is made, every time.
 */
import { BlockList, isIP } from 'node:net';

export interface AddressPolicy {
  /** Whether a connection may be made to an address that `hostname` resolved to, or is. False for what is no address. */
  allowsAddress(address: string, hostname: string): boolean;
  /** Whether a URL's host may be posted to as it stands; a name may, until it is resolved. WHATWG-parsed. */
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
  // Forms that hold an IPv4 address: where they lead would have to be looked up again.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2002::/16',
  '::/96',
]);

/** Without settings: everything but what is always refused. */
export const defaultPolicy: AddressPolicy = makeAddressPolicy({
  allow: [],
  deny: [],
  refuseSystemPorts: false,
});

/** An address or a network in CIDR notation; undefined for what is neither. */
export function parseNetwork(
  text: string,
): { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return undefined;
  const most = version === 4 ? 32 : 128;
  if (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most)) return undefined;
  return {
    address,
    prefix: bits === undefined ? most : Number(bits),
    family: version === 4 ? 'ipv4' : 'ipv6',
  };
}

/** A list of networks to check addresses against. Throws RangeError for what is none. */
export function networks(texts: readonly string[]): { has(address: string): boolean } {
  const list = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network === undefined) throw new RangeError(`"${text}" is no address and no network`);
    list.addSubnet(network.address, network.prefix, network.family);
  }
  // An IPv4 address in its IPv6 form is found among the networks of IPv4.
  return { has: (address) => list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') };
}

/** Throws RangeError for a network that is none. */
export function makeAddressPolicy({ allow, deny, refuseSystemPorts }: AddressRules): AddressPolicy {
  const denied = networks(deny);
  const allowed = networks(allow.filter((text) => parseNetwork(text) !== undefined || text.includes('/')));
  const names = new Set(
    allow
      .filter((text) => parseNetwork(text) === undefined && !text.includes('/'))
      .map((text) => text.toLowerCase()),
  );

  const allowsAddress = (address: string, hostname: string): boolean => {
    if (isIP(address) === 0) return false;
    // The loopback address lies in ::/96 and is what a laptop uses.
    if (address !== '::1' && alwaysRefused.has(address)) return false;
    if (denied.has(address)) return false;
    return allow.length === 0 || allowed.has(address) || names.has(hostname.toLowerCase());
  };
  return {
    allowsAddress,
    allowsHost(hostname) {
      const bare = bareHost(hostname);
      return isIP(bare) === 0 || allowsAddress(bare, bare);
    },
    allowsPort: (port) => !refuseSystemPorts || port >= 1_024 || port === 80 || port === 443,
  };
}

/** The policy, for whoever comes from `peer` and may have reports nowhere else. */
export function onlyTo(peer: string, policy: AddressPolicy): AddressPolicy {
  const own = new BlockList();
  if (isIP(peer) !== 0) own.addAddress(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
  const allowsAddress = (address: string, hostname: string): boolean =>
    policy.allowsAddress(address, hostname) && own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return {
    ...policy,
    allowsAddress,
    allowsHost(hostname) {
      const bare = bareHost(hostname);
      return isIP(bare) === 0 || allowsAddress(bare, bare);
    },
  };
}

/** A URL's host without the brackets of IPv6. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
