/**
 * Where the reports of a token go: four fields that a client gave, resolved to one absolute URL. Sources: "API 心跳包"
 * (v0.0.1), S-Series API v1.1.0 and v2.0.0; what they leave open is marked as ours.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type Errno, errnos } from '../api/errors.ts';
import { type AddressPolicy, defaultPolicy } from './address-policy.ts';

export interface CallbackFields {
  readonly ipaddr: string;
  readonly port: number;
  /** Empty: the root of the address. */
  readonly url: string;
  /** Empty: not given. */
  readonly urltag: string;
}

export type Resolved = { readonly href: string } | { readonly errno: Errno };

const maxUrlLength = 2_048;
const maxHostLength = 253;
const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
/** What the URL parser would drop without a word. */
const control = /[\u0000-\u001f\u007f]/;

const unusable: Resolved = { errno: errnos.heartbeatFailed };

/** A port as clients send it: a number, or digits with blanks around them. Undefined if it is none from 1 to 65535. */
export function portOf(value: string): number | undefined {
  const text = value.trim();
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** `ipaddr` as the host of a URL; undefined for what is no address and no host name (ours: names work, as in compose files). */
export function hostOf(ipaddr: string): string | undefined {
  const text = ipaddr.trim();
  if (isIPv4(text)) return text;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  // A zone cannot stand in a URL.
  if (isIPv6(bare)) return bare.includes('%') ? undefined : `[${bare}]`;
  const labels = text.replace(/\.$/, '').split('.');
  if (text.length > maxHostLength || !labels.every((part) => part.length <= 63 && label.test(part)))
    return undefined;
  // The URL parser reads a name that ends in a number as an address, in any base.
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '') ? undefined : text;
}

/** Resolves a callback; never throws. What the policy refuses as it stands is unusable. */
export function resolveCallback(
  { ipaddr, port, url, urltag }: CallbackFields,
  policy: AddressPolicy = defaultPolicy,
): Resolved {
  if (urltag !== '' && urltag !== '0' && urltag !== '1') return unusable;
  if (url.length > maxUrlLength || control.test(url)) return unusable;
  // Ours: a scheme without a tag means that the URL is absolute.
  const isAbsolute = url !== '' && (urltag === '1' || (urltag === '' && hasScheme.test(url)));
  if (isAbsolute) return checked(hasScheme.test(url) ? url : `http://${url}`, policy);
  const host = hostOf(ipaddr);
  if (host === undefined) return unusable;
  return checked(`http://${host}:${port}/${url.replace(/^\/+/, '')}`, policy);
}

/** What an application probably did not mean, in words; undefined if there is nothing to say. */
export function doubtAbout({ url, urltag }: Pick<CallbackFields, 'url' | 'urltag'>): string | undefined {
  if (!hasScheme.test(url)) return undefined;
  if (urltag === '') return 'the url has a scheme and no urltag: taken as absolute';
  if (urltag === '0') return 'the url has a scheme and urltag 0: taken as a path';
  return undefined;
}

function checked(text: string, policy: AddressPolicy): Resolved {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return unusable;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return unusable;
  if (url.username !== '' || url.password !== '' || url.hostname === '' || url.port === '0') return unusable;
  if (!policy.allowsHost(url.hostname) || !policy.allowsPort(portOfUrl(url))) return unusable;
  url.hash = '';
  return url.href.length > maxUrlLength + maxHostLength ? unusable : { href: url.href };
}

/** The port that a URL leads to, also where its scheme says it. */
export function portOfUrl(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** The peer's address as a callback begins with it; IPv4 in its own form. */
export function peerAddress(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  const address = mapped ?? ip.split('%')[0] ?? '';
  return isIP(address) === 0 ? '127.0.0.1' : address;
}
