/** Decides which requests the operator API serves. A browser must not reach it for a page of another origin. */
import { timingSafeEqual } from 'node:crypto';
import { type AddressInfo, BlockList, isIP } from 'node:net';
import type { serverSettings } from '../../http/settings.ts';
import type { SettingsOf } from '../../settings/setting.ts';
import type { operatorSettings } from '../settings.ts';

/**
 * How the operator API is protected: `token`: each request needs the operator token; `open`: no token, requests of
 * this server's own pages and of programs are served; `closed`: no request is served.
 */
export type OperatorAccess = 'open' | 'token' | 'closed';

/** The settings that control access. */
export type AccessSettings = Pick<SettingsOf<typeof serverSettings>, 'host'> &
  SettingsOf<typeof operatorSettings>;

/** What a request states about where it comes from; header values as received, undefined if absent. */
export interface OperatorRequest {
  /** The `Host` header. */
  readonly host: string | undefined;
  /** The authority of an absolute-form target, as sent to an HTTP proxy; else the same as `host`. */
  readonly authority: string | undefined;
  readonly origin: string | undefined;
  /** Whether the connection is HTTPS, ended by this server itself. */
  readonly isEncrypted: boolean;
  /** The `Sec-Fetch-Site` header. */
  readonly fetchSite: string | undefined;
  readonly authorization: string | undefined;
}

/** Why a request is refused, for the reply. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/**
 * Returns true if the server accepts connections from other machines at `address`, an item of Fastify's `addresses()`.
 * A string is the path of a Unix socket, which is local.
 */
export function isBeyondLoopback(address: AddressInfo | string): boolean {
  if (typeof address === 'string') return false;
  return !loopback.check(address.address, isIP(address.address) === 6 ? 'ipv6' : 'ipv4');
}

/** Returns how the operator API is protected. `isReachable`: the server is bound to an address beyond loopback. */
export function operatorAccess(
  { operatorToken, operatorOpen }: Pick<AccessSettings, 'operatorToken' | 'operatorOpen'>,
  isReachable: boolean,
): OperatorAccess {
  if (operatorToken !== '') return 'token';
  return operatorOpen || !isReachable ? 'open' : 'closed';
}

/**
 * Returns undefined if the operator API serves the request, else the refusal.
 *
 * - A valid Bearer token replaces the check of `Host`: a page that reaches this server through DNS rebinding cannot know it.
 * - Without a token, `Host` must be an IP address, `localhost`, a name below it, the
 *   name in HOST, or listed: DNS rebinding needs a name of the attacker's own.
 * - `Origin`, if present, must be this server's own, or listed.
 * - `Sec-Fetch-Site`, if present, must be `same-origin` or `none`. Browsers send it to loopback and https addresses, also
 *   with requests that have no `Origin`.
 *
 * Forwarding headers (`X-Forwarded-*`, `Forwarded`) are ignored: a page can set them.
 */
export function judgeOperatorRequest(
  request: OperatorRequest,
  settings: AccessSettings,
  access: OperatorAccess,
): Refusal | undefined {
  if (access === 'closed') return closed;
  if (access === 'token') {
    if (!hasToken(request.authorization, settings.operatorToken)) return tokenNeeded;
  } else {
    for (const authority of [request.host, request.authority]) {
      if (!isOwnAuthority(authority, settings)) return foreignHost(authority);
    }
  }
  return judgeOrigin(request, settings);
}

const closed: Refusal = {
  status: 403,
  error:
    'the operator API is closed, because other machines can reach this server and no token is set: set OPERATOR_TOKEN, or OPERATOR_OPEN=true in a trusted network',
};

const tokenNeeded: Refusal = { status: 401, error: 'the operator token is missing or wrong' };

function foreignHost(authority: string | undefined): Refusal {
  const hostname = authority === undefined ? undefined : parseAuthority(authority)?.hostname;
  if (hostname === undefined)
    return { status: 403, error: 'Host: missing or malformed; the operator API needs a valid one' };
  return {
    status: 403,
    error: `Host: ${quote(hostname)} is not a name of this server; use an IP address or localhost, or add the name to OPERATOR_HOSTS`,
  };
}

function judgeOrigin(
  { authority, origin, isEncrypted, fetchSite }: OperatorRequest,
  { operatorOrigins }: AccessSettings,
): Refusal | undefined {
  if (origin !== undefined) {
    const scheme = isEncrypted ? 'https' : 'http';
    const own = authority === undefined ? undefined : parseAuthority(authority, scheme)?.origin;
    const sent = normaliseOrigin(origin);
    if (sent !== own && !operatorOrigins.some((listed) => normaliseOrigin(listed) === sent))
      return {
        status: 403,
        error: `Origin: ${quote(origin)} is not this server; behind a reverse proxy, add its origin to OPERATOR_ORIGINS`,
      };
  }
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none')
    return {
      status: 403,
      error: `Sec-Fetch-Site: ${quote(fetchSite)} requests are refused; pages of other sites cannot use the operator API`,
    };
  return undefined;
}

function isOwnAuthority(
  authority: string | undefined,
  { host, operatorHosts, operatorOrigins }: AccessSettings,
): boolean {
  const hostname = authority === undefined ? undefined : parseAuthority(authority)?.hostname;
  if (hostname === undefined) return false;
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return true;
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  const ownNames = [host, ...operatorHosts].map((own) => parseAuthority(own)?.hostname);
  return ownNames.includes(hostname) || operatorOrigins.some((own) => URL.parse(own)?.hostname === hostname);
}

/** Characters that end an authority in a URL, or precede the host in it. */
const outsideAuthority = /[\s/\\?#@]/;

/** Returns the host name, without a final dot, and the origin of `host[:port]`; undefined if it is malformed. */
function parseAuthority(
  authority: string,
  scheme = 'http',
): { hostname: string; origin: string } | undefined {
  if (authority === '' || outsideAuthority.test(authority)) return undefined;
  const url = URL.parse(`${scheme}://${authority}`);
  if (url === null) return undefined;
  return { hostname: url.hostname.replace(/\.$/, ''), origin: url.origin };
}

/** Spells an origin as browsers send it. */
function normaliseOrigin(text: string): string {
  const origin = URL.parse(text)?.origin ?? 'null';
  return origin === 'null' ? text.toLowerCase() : origin;
}

/** Compares in constant time. Node decodes headers as Latin-1, whatever the client sent; the scheme may be in any case. */
function hasToken(authorization: string | undefined, token: string): boolean {
  const [, sent = ''] = /^bearer +(.*)$/i.exec(authorization ?? '') ?? [];
  const given = Buffer.from(sent, 'latin1');
  const wanted = Buffer.from(token);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const maxQuoted = 100;

/** Quotes part of a request for an error message. */
function quote(text: string): string {
  return JSON.stringify(text.length > maxQuoted ? `${text.slice(0, maxQuoted)}…` : text);
}
