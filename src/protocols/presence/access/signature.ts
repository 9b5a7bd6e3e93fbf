/** Request signatures with the secret key, in both forms that SDKs send. Sources: Access Manager pages, SDK sources. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PresenceCall } from '../wire/call.ts';
import { accessBodyErrors, readText } from '../wire/decode/body.ts';
import { limits } from '../wire/decode/limits.ts';
import { splitTarget } from '../wire/decode/target.ts';
import type { Keyset } from './keysets.ts';

/** The parts of a request that signatures cover. */
export interface SignedRequest {
  readonly method: string;
  /** As on the wire, still encoded. */
  readonly path: string;
  /** As on the wire, without the question mark. */
  readonly query: string;
  /** Before compression. */
  readonly body: string;
}

/** Returns the parts of a request that signatures cover. Rejects for a body that cannot be decoded. */
export async function signedRequestOf({ method, url, body }: PresenceCall): Promise<SignedRequest> {
  const target = splitTarget(url);
  // Published messages are signed without their body.
  const needsBody = method === 'POST' && !target.path.startsWith('/publish');
  const maxBytes = target.path.startsWith('/v2/publish') ? limits.largeMessageBytes : limits.messageBytes;
  return { ...target, method, body: needsBody ? await readText(body, accessBodyErrors, maxBytes) : '' };
}

/** Encodes the characters that clients encode before they sign, whether or not they send them so. */
const encodeMore = (value: string): string =>
  value.replace(/[!~*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** Encodes a value as SDKs do, however it was sent. */
function reencode(value: string): string {
  try {
    return encodeMore(encodeURIComponent(decodeURIComponent(value.replaceAll('+', ' '))));
  } catch {
    return encodeMore(value);
  }
}

/** Returns all parameters but the signature, sorted by name, each with a value. */
function canonicalQuery(query: string, encode: (value: string) => string): string {
  return query
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('signature='))
    .map((part) => {
      const end = part.indexOf('=');
      return end === -1 ? ([part, ''] as const) : ([part.slice(0, end), part.slice(end + 1)] as const);
    })
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&');
}

const secondVersion = 'v2.';

function digest(secretKey: string, text: string): string {
  return createHmac('sha256', secretKey).update(text).digest('base64url');
}

function signatureV2(
  { method, path, query, body }: SignedRequest,
  keys: Keyset,
  encode = encodeMore,
): string {
  // Published messages are always signed as a GET without a body.
  const asGet = path.startsWith('/publish');
  const isSigned = !asGet && (method === 'POST' || method === 'PATCH');
  const lines = [
    asGet ? 'GET' : method,
    keys.publishKey,
    path,
    canonicalQuery(query, encode),
    isSigned ? body : '',
  ];
  return `${secondVersion}${digest(keys.secretKey, lines.join('\n'))}`;
}

/** Signs in the older form: no method and no body. Some SDKs use it for published messages, and some for every request. */
function signatureV1({ path, query }: SignedRequest, keys: Keyset, encode = encodeMore): string {
  const lines = [keys.subscribeKey, keys.publishKey, path, canonicalQuery(query, encode)];
  return digest(keys.secretKey, lines.join('\n'));
}

/** Returns a signature in the alphabet for URLs, without padding: a plus that is not encoded arrives as a space. */
function normalize(signature: string): string {
  return signature.replaceAll(/[+ ]/g, '-').replaceAll('/', '_').replace(/=+$/, '');
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/**
 * Whether a signature is right, in either alphabet of base64, in constant time for signatures of the right length. The older
 * form does not cover a body: it is never right for a request whose body matters.
 */
export function isSignatureValid(text: string, request: SignedRequest, keys: Keyset): boolean {
  const signature = normalize(text);
  const isSecond = signature.startsWith(secondVersion);
  if (!isSecond && request.body !== '') return false;
  const sign = isSecond ? signatureV2 : signatureV1;
  // Query values are signed as encoded by the SDK, which may send them less encoded.
  const matches = [encodeMore, reencode].map((encode) => isEqual(signature, sign(request, keys, encode)));
  return matches.some((isMatch) => isMatch);
}
