/** Request signatures with the secret key, in both forms that SDKs send. Sources: Access Manager pages, SDK sources. Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** One of a customer's keysets. */
export interface Keyset {
  readonly subscribeKey: string;
  readonly publishKey: string;
  readonly secretKey: string;
}

export interface SignedRequest {
  readonly method: string;
  /** As on the wire, still encoded. */
  readonly path: string;
  /** As on the wire, without the question mark. */
  readonly query: string;
  /** Before compression. */
  readonly body: string;
}

/** Clients encode these before they sign, whether or not they send them so. */
const encodeMore = (value: string): string =>
  value.replace(/[!~*'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

function encodeAnew(value: string): string {
  try {
    return encodeMore(encodeURIComponent(decodeURIComponent(value.replaceAll('+', ' '))));
  } catch {
    return encodeMore(value);
  }
}

/** All parameters but the signature, sorted by name, each with a value. */
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
  // What is published is always signed as a GET without a body.
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

/** The older form: no method and no body, with padding. Some SDKs use it for POST, and some for everything. */
function signatureV1({ path, query }: SignedRequest, keys: Keyset, encode = encodeMore): string {
  const lines = [keys.subscribeKey, keys.publishKey, path, canonicalQuery(query, encode)];
  const unpadded = digest(keys.secretKey, lines.join('\n'));
  return unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, '=');
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Takes constant time for signatures of the right length. */
export function isSignatureValid(signature: string, request: SignedRequest, keys: Keyset): boolean {
  const sign = signature.startsWith('v2.') ? signatureV2 : signatureV1;
  // Query values are signed as encoded by the SDK, which may send them less encoded.
  return [encodeMore, encodeAnew]
    .map((encode) => isSame(signature, sign(request, keys, encode)))
    .includes(true);
}
