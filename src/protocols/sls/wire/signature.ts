/**
 * Request signatures, versions 1 and 4 ("Request signatures", "Request signatures V4"): the canonical text of a request, its signature, and
 * whether a signature is right. Pure.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as received. Header names are in lower case; path and query are as on the wire, the query without `?`. */
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
  /** Whether `=` follows the key on the wire. */
  readonly hasEquals: boolean;
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** Returns the parameters sorted by key. */
function sortedParameters(query: string): readonly Parameter[] {
  if (query === '') return [];
  return query
    .split('&')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0
        ? { key: decode(part), value: '', hasEquals: false }
        : { key: decode(part.slice(0, at)), value: decode(part.slice(at + 1)), hasEquals: true };
    })
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Returns names and values of the signed headers, sorted by name. */
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

/**
 * Returns the text that version 1 signs. `signsLogDate`: whether `x-log-date` is part of it; the documents leave it out, one SDK sends it
 * without signing it, and others may sign it.
 */
export function stringToSignV1(
  request: SignedRequest,
  { signsLogDate = false }: { readonly signsLogDate?: boolean } = {},
): string {
  const { method, path, headers } = request;
  const lines = headerLines(
    headers,
    (name) => isVendorHeader(name) && (signsLogDate || name !== 'x-log-date'),
  );
  const query = sortedParameters(request.query)
    .map(({ key, value, hasEquals }) => (hasEquals ? `${key}=${value}` : key))
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

/** Returns a signature of version 1, in base64. */
export function signV1(text: string, secret: string, method: MethodV1): string {
  return createHmac(method === 'hmac-sha1' ? 'sha1' : 'sha256', secret)
    .update(text)
    .digest('base64');
}

/** Whether a signature of version 1 is right. */
export function isSignedV1(
  request: SignedRequest,
  signature: string,
  secret: string,
  method: MethodV1,
): boolean {
  return [false, true].some((signsLogDate) =>
    isSame(signV1(stringToSignV1(request, { signsLogDate }), secret, method), signature),
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

/** Returns the text that version 4 hashes. `unsigned`: headers that most clients sign and this one may not. */
export function canonicalRequestV4(request: SignedRequest, unsigned: readonly string[] = []): string {
  const { method, path, headers } = request;
  const lines = headerLines(
    headers,
    (name) =>
      (isVendorHeader(name) || name === 'content-type' || name === 'host') && !unsigned.includes(name),
  );
  const query = sortedParameters(request.query)
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

/** Returns the key that signs requests of a day and region. */
export function signingKeyV4(secret: string, { date, region }: ScopeV4): Buffer {
  return hmac(hmac(hmac(hmac(`aliyun_v4${secret}`, date), region), 'sls'), 'aliyun_v4_request');
}

/** Returns a signature of version 4, in hexadecimal. */
export function signV4(canonicalRequest: string, dateTime: string, scope: ScopeV4, secret: string): string {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const text = `SLS4-HMAC-SHA256\n${dateTime}\n${scope.date}/${scope.region}/sls/aliyun_v4_request\n${hash}`;
  return hmac(signingKeyV4(secret, scope), text).toString('hex');
}

const unsignedV4 = [[], ['host'], ['content-type'], ['host', 'content-type']] as const;

/** Whether a signature of version 4 is right. */
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

/** Whether two texts are equal; takes the same time however much of them is. */
export function isSame(expected: string, received: string): boolean {
  const a = Buffer.from(expected);
  const b = Buffer.from(received);
  return a.length === b.length && timingSafeEqual(a, b);
}
