/**
 * Request signatures, both versions ("Request signatures", "Request signatures V4"). Pure: what a client should have signed,
 * and whether it did.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it came. Header names are in lower case; the path is as on the wire, the query too, without `?`. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

interface Parameter {
  readonly key: string;
  readonly value: string;
  /** With `=` on the wire, also where nothing follows. */
  readonly isAssigned: boolean;
}

function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Sorted by key. */
function parametersOf(query: string): readonly Parameter[] {
  if (query === '') return [];
  return query
    .split('&')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0
        ? { key: decoded(part), value: '', isAssigned: false }
        : { key: decoded(part.slice(0, at)), value: decoded(part.slice(at + 1)), isAssigned: true };
    })
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** `name:value` lines of the headers that are signed, sorted by name. */
function headerLines(
  headers: SignedRequest['headers'],
  isSigned: (name: string) => boolean,
): readonly (readonly [string, string])[] {
  return Object.entries(headers)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && isSigned(entry[0]))
    .map(([name, value]) => [name, value.trim()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

const isVendorHeader = (name: string): boolean =>
  (name.startsWith('x-log-') || name.startsWith('x-acs-')) && !name.startsWith('x-log-meta-');

/** What version 1 signs. One SDK sends an `x-log-date` that it did not sign: others may have signed theirs. */
export function stringToSignV1(request: SignedRequest, withLogDate = false): string {
  const { method, path, headers } = request;
  const lines = headerLines(
    headers,
    (name) => isVendorHeader(name) && (withLogDate || name !== 'x-log-date'),
  );
  const query = parametersOf(request.query)
    .map(({ key, value, isAssigned }) => (isAssigned ? `${key}=${value}` : key))
    .join('&');
  return [
    method,
    headers['content-md5'] ?? '',
    headers['content-type'] ?? '',
    headers.date ?? '',
    ...lines.map(([name, value]) => `${name}:${value}`),
    query === '' ? path : `${path}?${query}`,
  ].join('\n');
}

export type MethodV1 = 'hmac-sha1' | 'hmac-sha256';

/** Base64. */
export function signV1(text: string, secret: string, method: MethodV1): string {
  return createHmac(method === 'hmac-sha1' ? 'sha1' : 'sha256', secret)
    .update(text)
    .digest('base64');
}

/** Whether the secret signed the request, version 1. */
export function isSignedV1(
  request: SignedRequest,
  signature: string,
  secret: string,
  method: MethodV1,
): boolean {
  return [false, true].some((withLogDate) =>
    isSame(signV1(stringToSignV1(request, withLogDate), secret, method), signature),
  );
}

export interface ScopeV4 {
  readonly date: string;
  readonly region: string;
}

const rfc3986 = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** What version 4 hashes. `unsigned`: headers that the client did not sign, though most do. */
export function canonicalRequestV4(request: SignedRequest, unsigned: readonly string[] = []): string {
  const { method, path, headers } = request;
  const lines = headerLines(
    headers,
    (name) =>
      (isVendorHeader(name) || name === 'content-type' || name === 'host') && !unsigned.includes(name),
  );
  const query = parametersOf(request.query)
    .map(({ key, value }) => (value === '' ? key : `${key}=${rfc3986(value)}`))
    .join('&');
  return [
    method,
    path,
    query,
    ...lines.map(([name, value]) => `${name}:${value}`),
    '',
    lines.map(([name]) => name).join(';'),
    headers['x-log-content-sha256'] ?? '',
  ].join('\n');
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

export function signingKeyV4(secret: string, { date, region }: ScopeV4): Buffer {
  return hmac(hmac(hmac(hmac(`aliyun_v4${secret}`, date), region), 'sls'), 'aliyun_v4_request');
}

/** Hex. */
export function signV4(canonicalRequest: string, dateTime: string, scope: ScopeV4, secret: string): string {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const text = `SLS4-HMAC-SHA256\n${dateTime}\n${scope.date}/${scope.region}/sls/aliyun_v4_request\n${hash}`;
  return hmac(signingKeyV4(secret, scope), text).toString('hex');
}

const unsignedV4 = [[], ['host'], ['content-type'], ['host', 'content-type']] as const;

/** Whether the secret signed the request, version 4. */
export function isSignedV4(
  request: SignedRequest,
  signature: string,
  scope: ScopeV4,
  secret: string,
): boolean {
  const dateTime = request.headers['x-log-date'] ?? '';
  return unsignedV4.some((unsigned) =>
    isSame(signV4(canonicalRequestV4(request, unsigned), dateTime, scope, secret), signature),
  );
}

/** In a time that does not tell how much of it is right. */
export function isSame(expected: string, given: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  return a.length === b.length && timingSafeEqual(a, b);
}
