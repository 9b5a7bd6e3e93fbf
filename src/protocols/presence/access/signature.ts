/** Request signatures with the secret key, in both forms that SDKs send. Sources: Access Manager pages, SDK sources. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { PresenceCall } from '../wire/call.ts';
import { accessBodyErrors, readText } from '../wire/decode/body.ts';
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
  return { ...target, method, body: needsBody ? await readText(body, accessBodyErrors) : '' };
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
  return `v2.${digest(keys.secretKey, lines.join('\n'))}`;
}

/** Signs in the older form: no method and no body, with padding. Some SDKs use it for POST, and some for every request. */
function signatureV1({ path, query }: SignedRequest, keys: Keyset, encode = encodeMore): string {
  const lines = [keys.subscribeKey, keys.publishKey, path, canonicalQuery(query, encode)];
  const unpadded = digest(keys.secretKey, lines.join('\n'));
  return unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, '=');
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Whether a signature is right, in constant time for signatures of the right length. */
export function isSignatureValid(signature: string, request: SignedRequest, keys: Keyset): boolean {
  const sign = signature.startsWith('v2.') ? signatureV2 : signatureV1;
  // Query values are signed as encoded by the SDK, which may send them less encoded.
  const matches = [encodeMore, reencode].map((encode) => isEqual(signature, sign(request, keys, encode)));
  return matches.some((isMatch) => isMatch);
}
