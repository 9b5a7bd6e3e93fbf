/**
 * Where reports may be sent. The address comes from a client, so without a policy this server would post wherever a client says.
 * Link-local and cloud metadata addresses, this server itself, and what is not a host address at all, are always refused. Private
 * networks are what the server is used in, and are allowed unless the settings say otherwise.
 *
 * A host name is decided on at every connection, by the addresses that it resolves to then.
 */
import { BlockList, isIP } from 'node:net';
import { ipv6Groups, networks, parseNetwork } from '../../../settings/networks.ts';

/** One end of a connection that reports would be sent on. */
export interface Target {
  /** An address that `hostname` resolved to, or is. */
  readonly address: string;
  readonly hostname: string;
  readonly port: number;
}

export interface AddressPolicy {
  /** Returns the rule that refuses a connection, in words; undefined if it may be made. What is no address is refused. */
  refusalOf(target: Target): string | undefined;
  /** Does the same for a URL before its host is resolved: of a name, only the port is decided on. */
  refusalOfUrl(url: URL): string | undefined;
  /** Does the same for a port. */
  refusalOfPort(port: number): string | undefined;
  /** Returns the name or address that is connected to for the host of a URL. */
  targetOf(hostname: string): string;
}

export interface AddressRules {
  /** Networks (`10.0.0.0/8`), addresses and host names; empty: everything that is not refused. */
  readonly allow: readonly string[];
  /** Networks and addresses. */
  readonly deny: readonly string[];
  /** Ports below 1024, other than 80 and 443, are refused. */
  readonly refuseSystemPorts: boolean;
  /** `host=target`: a callback on `host` means `target`; absent: each host means itself. */
  readonly callbackHosts?: readonly string[];
  /** Returns whether this server listens on an address and port; absent: on none. */
  isOwn?(address: string, port: number): boolean;
}

const always = 'always refused';
/** What no setting allows, with the rule that is shown for it. */
const alwaysRefused = [
  {
    rule: `link-local addresses are ${always}`,
    ranges: networks(['169.254.0.0/16', 'fe80::/10']),
  },
  {
    rule: `addresses of cloud metadata services are ${always}`,
    // Alibaba Cloud, Azure, Oracle Cloud; local services of AWS, Google Cloud, Oracle Cloud and Scaleway over IPv6.
    ranges: networks([
      '100.100.100.200/32',
      '168.63.129.16/32',
      '192.0.0.192/32',
      'fd00:ec2::/32',
      'fd20:ce::254/128',
      'fd00:c1::a9fe:a9fe/128',
      'fd00:42::42/128',
    ]),
  },
  {
    rule: `addresses that are not of one host are ${always}`,
    ranges: networks(['0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', 'ff00::/8']),
  },
  {
    // The address that they lead to would have to be checked again: NAT64, SIIT, 6to4, Teredo, IPv4-compatible, ISATAP.
    rule: `IPv6 addresses that embed an IPv4 address are ${always}; use the IPv4 address`,
    ranges: {
      has(address: string): boolean {
        // The loopback address lies in ::/96 and is what a laptop uses.
        if (address === '::1' || isIP(address) !== 6) return false;
        return embedding.has(address) || isIsatap(address);
      },
    },
  },
] as const;

const embedding = networks([
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '::ffff:0:0:0/96',
  '2002::/16',
  '2001::/32',
  '::/96',
]);

/** The interface part is 5efe before an IPv4 address, with or without the bit of globally unique ones (RFC 5214). */
function isIsatap(address: string): boolean {
  const groups = ipv6Groups(address) ?? [];
  return groups[5] === '5efe' && (groups[4] === '0' || groups[4] === '200');
}

/** The policy without settings: everything except what is always refused. */
export const defaultPolicy: AddressPolicy = makeAddressPolicy({
  allow: [],
  deny: [],
  refuseSystemPorts: false,
});

/** Throws RangeError for a text in the network notation that is not a network. */
export function makeAddressPolicy(rules: AddressRules): AddressPolicy {
  const { allow, deny, refuseSystemPorts, callbackHosts = [], isOwn } = rules;
  const denied = networks(deny);
  const isNetwork = (text: string): boolean => parseNetwork(text) !== undefined || text.includes('/');
  const allowed = networks(allow.filter(isNetwork));
  const names = new Set(allow.filter((text) => !isNetwork(text)).map((text) => text.toLowerCase()));

  const targets = new Map(callbackHosts.map(parseCallbackHost));
  const refusalOfPort = (port: number): string | undefined =>
    !refuseSystemPorts || port >= 1_024 || port === 80 || port === 443
      ? undefined
      : `port ${port} is refused by PBX_REFUSE_SYSTEM_PORTS`;
  return withUrls({
    refusalOfPort,
    targetOf: (hostname) => targets.get(hostname.toLowerCase()) ?? hostname,
    refusalOf({ address, hostname, port }) {
      if (isIP(address) === 0) return `${address} is not an address`;
      const rule = alwaysRefused.find(({ ranges }) => ranges.has(address))?.rule;
      if (rule !== undefined) return `${address}: ${rule}`;
      if (denied.has(address)) return `${address} is refused by PBX_DENY_TARGETS`;
      if (allow.length > 0 && !allowed.has(address) && !names.has(hostname.toLowerCase()))
        return `${address} is not in PBX_ALLOW_TARGETS`;
      if (isOwn?.(address, port) === true)
        return `${address}, port ${port}, is this server, whose replies do not mean that a report arrived; PBX_ALLOW_OWN_ADDRESS allows it`;
      return refusalOfPort(port);
    },
  });
}

/** Returns the policy for an application that logged in from `peer` and may have its reports nowhere else. */
export function onlyTo(peer: string, policy: AddressPolicy): AddressPolicy {
  const own = new BlockList();
  if (isIP(peer) !== 0) own.addAddress(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4');
  return withUrls({
    refusalOfPort: policy.refusalOfPort,
    targetOf: policy.targetOf,
    refusalOf(target) {
      const { address } = target;
      const refusal = policy.refusalOf(target);
      if (refusal !== undefined) return refusal;
      return own.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
        ? undefined
        : `${address} is not ${peer}, which logged in, and PBX_SAME_ADDRESS_ONLY is set`;
    },
  });
}

function withUrls(policy: Omit<AddressPolicy, 'refusalOfUrl'>): AddressPolicy {
  return {
    ...policy,
    refusalOfUrl(url) {
      const hostname = policy.targetOf(bareHost(url.hostname));
      const port = portOfUrl(url);
      if (isIP(hostname) === 0) return policy.refusalOfPort(port);
      return policy.refusalOf({ address: hostname, hostname, port });
    },
  };
}

/** Parses `host=target`; either may be an IPv6 address, in brackets or without. */
function parseCallbackHost(text: string): [string, string] {
  const [host = '', target = ''] = text.split('=');
  return [bareHost(host.toLowerCase()), bareHost(target)];
}

/** Returns a URL's host without the brackets of IPv6. */
export function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** Returns the port of a URL, also where its scheme implies it. */
export function portOfUrl(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
