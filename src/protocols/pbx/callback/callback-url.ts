/**
 * Resolves the four fields that an application sends to the absolute URL that its reports go to. Sources: "API 心跳包" (v0.0.1),
 * S-Series API v1.1.0 and v2.0.0; what they leave open is marked as a choice of this server.
 */
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { isActorAddress } from '../../kit/actors/address.ts';
import { type AddressPolicy, defaultPolicy } from './address-policy.ts';

export interface CallbackFields {
  readonly ipaddr: string;
  readonly port: number;
  /** Empty: the root of the address. */
  readonly url: string;
  /** Empty: not sent. */
  readonly urltag: string;
}

export type Resolved =
  | {
      readonly href: string;
      /** The rule of the policy that lets no report go there. */
      readonly refusal?: string;
    }
  /** The fields make no URL that reports can be posted to; says why. */
  | { readonly unusable: string };

const maxUrlLength = 2_048;
const maxHostLength = 253;
const label = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
const hasScheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//;
/** Characters that the URL parser drops silently. */
const control = /[\u0000-\u001f\u007f]/;

/** A scheme that is written wrong: it would be read as the name of a host, or as a path. */
const likeScheme = /^https?(?::\/?(?!\/)|;\/\/|\/\/|:\/\/https?:?\/\/)(?!\d+(?:\/|$))/i;

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

/** Resolves a callback; never throws. */
export function resolveCallback(
  { ipaddr, port, url, urltag }: CallbackFields,
  policy: AddressPolicy = defaultPolicy,
): Resolved {
  if (urltag !== '' && urltag !== '0' && urltag !== '1') return { unusable: 'urltag is neither 0 nor 1' };
  if (url.length > maxUrlLength) return { unusable: `url is longer than ${maxUrlLength} characters` };
  if (control.test(url)) return { unusable: 'url contains control characters' };
  // A choice: a scheme without a tag means that the URL is absolute.
  const isAbsolute = url !== '' && (urltag === '1' || (urltag === '' && hasScheme.test(url)));
  if (isAbsolute) return checkUrl(hasScheme.test(url) ? url : `http://${url}`, policy);
  const host = hostOf(ipaddr);
  if (host === undefined) return { unusable: 'ipaddr is neither an address nor a host name' };
  return checkUrl(`http://${host}:${port}/${url.replace(/^\/+/, '')}`, policy);
}

/** Returns a warning about fields that probably do not mean what the application intends; undefined if there is none. */
export function doubtAbout({ url, urltag }: Pick<CallbackFields, 'url' | 'urltag'>): string | undefined {
  if (likeScheme.test(url))
    return 'the url begins with a scheme that is written wrong; use http:// or https://';
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
    return { unusable: 'the url cannot be read' };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return { unusable: 'the url is neither http nor https' };
  if (url.username !== '' || url.password !== '') return { unusable: 'the url contains credentials' };
  if (url.hostname === '' || url.port === '0') return { unusable: 'the url has no usable host and port' };
  url.hash = '';
  if (url.href.length > maxUrlLength + maxHostLength) return { unusable: 'the url is too long' };
  const refusal = policy.refusalOfUrl(url);
  return { href: url.href, ...(refusal === undefined ? {} : { refusal }) };
}

/** Returns the address of a client as a callback uses it; 0.0.0.0, which is in no network and gets no reports, of one that left before it was known. */
export function peerAddress(address: string): string {
  return isIP(address) === 0 && !isActorAddress(address) ? '0.0.0.0' : address;
}
