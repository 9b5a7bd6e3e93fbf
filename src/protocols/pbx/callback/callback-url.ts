/**
 * Resolves the four fields that an application sends to the absolute URL that its reports go to. Sources: "API 心跳包" (v0.0.1),
 * S-Series API v1.1.0 and v2.0.0; what they leave open is marked as a choice of this server.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { type Errno, errnos } from '../api/errors.ts';
import { type AddressPolicy, defaultPolicy } from './address-policy.ts';

export interface CallbackFields {
  readonly ipaddr: string;
  readonly port: number;
  /** Empty: the root of the address. */
  readonly url: string;
  /** Empty: not sent. */
  readonly urltag: string;
}

export type Resolved = { readonly href: string } | { readonly errno: Errno };

const maxUrlLength = 2_048;
const maxHostLength = 253;
const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
/** Characters that the URL parser drops silently. */
const control = /[\u0000-\u001f\u007f]/;

const unusable: Resolved = { errno: errnos.heartbeatFailed };

/** Parses a port as clients send it: digits, perhaps with blanks around them. Undefined if it is not from 1 to 65535. */
export function portOf(value: string): number | undefined {
  const text = value.trim();
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** Returns `ipaddr` as the host of a URL; undefined if it is neither an address nor a host name. A choice: names are accepted. */
export function hostOf(ipaddr: string): string | undefined {
  const text = ipaddr.trim();
  if (isIPv4(text)) return text;
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  // A URL cannot contain a zone.
  if (isIPv6(bare)) return bare.includes('%') ? undefined : `[${bare}]`;
  const labels = text.replace(/\.$/, '').split('.');
  if (text.length > maxHostLength || !labels.every((part) => part.length <= 63 && label.test(part)))
    return undefined;
  // The URL parser reads a name that ends in a number as an address, in any base.
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '') ? undefined : text;
}

/** Resolves a callback; never throws. A host or port that the policy refuses is unusable. */
export function resolveCallback(
  { ipaddr, port, url, urltag }: CallbackFields,
  policy: AddressPolicy = defaultPolicy,
): Resolved {
  if (urltag !== '' && urltag !== '0' && urltag !== '1') return unusable;
  if (url.length > maxUrlLength || control.test(url)) return unusable;
  // A choice: a scheme without a tag means that the URL is absolute.
  const isAbsolute = url !== '' && (urltag === '1' || (urltag === '' && hasScheme.test(url)));
  if (isAbsolute) return checkUrl(hasScheme.test(url) ? url : `http://${url}`, policy);
  const host = hostOf(ipaddr);
  if (host === undefined) return unusable;
  return checkUrl(`http://${host}:${port}/${url.replace(/^\/+/, '')}`, policy);
}

/** Returns a warning about fields that probably do not mean what the application intends; undefined if there is none. */
export function doubtAbout({ url, urltag }: Pick<CallbackFields, 'url' | 'urltag'>): string | undefined {
  if (!hasScheme.test(url)) return undefined;
  if (urltag === '') return 'the url has a scheme but no urltag; treated as absolute';
  if (urltag === '0') return 'the url has a scheme and urltag 0; treated as a path';
  return undefined;
}

function checkUrl(text: string, policy: AddressPolicy): Resolved {
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

/** Returns the port of a URL, also where its scheme implies it. */
export function portOfUrl(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** Returns the address of a client as a callback uses it: IPv4-mapped addresses as IPv4, without a zone. */
export function peerAddress(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  const address = mapped ?? ip.split('%')[0] ?? '';
  return isIP(address) === 0 ? '127.0.0.1' : address;
}
