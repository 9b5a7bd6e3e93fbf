/** Authenticates requests, where the settings require it: signature, clock and the hash of the body. */
import { createHash } from 'node:crypto';
import { hostOf } from './addressing.ts';
import type { SlsCall } from './call.ts';
import { errors } from './errors.ts';
import { isSame, isSignedV1, isSignedV4, type SignedRequest } from './signature.ts';

/** Secrets by access key id. */
export type AccessKeys = ReadonlyMap<string, string>;

/** Maximum difference between the time of a request and that of the server, either way, seconds. */
const maxSkewSeconds = 15 * 60;

const v1 = /^LOG ([^:\s]+):([A-Za-z0-9+/=]+)$/;
const v4 =
  /^SLS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/sls\/aliyun_v4_request,\s*Signature=([0-9a-fA-F]+)$/;
const dateTimeV4 = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Returns the keys of `id:secret` pairs. Throws an Error that names no secret. */
export function parseAccessKeys(pairs: readonly string[]): AccessKeys {
  return new Map(
    pairs.map((pair, at) => {
      const [id = '', ...secret] = pair.split(':');
      if (id === '' || secret.join(':') === '') throw new Error(`pair ${at + 1} is not "id:secret"`);
      return [id, secret.join(':')];
    }),
  );
}

/** Returns seconds since 1970 from either form in which clients write a time; NaN for any other text. */
export function requestSeconds(written: string): number {
  const basic = dateTimeV4.exec(written);
  if (basic === null) return Math.floor(Date.parse(written) / 1_000);
  const [, year, month, day, hour, minute, second] = basic;
  return Math.floor(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1_000);
}

export interface Authentication {
  readonly keys: AccessKeys;
  readonly acceptsV1: boolean;
  /** Wall time, ms since 1970. */
  readonly nowMs: number;
}

/**
 * Throws the vendor's error for the first thing that is wrong ("Common error codes"). Version 1 signs neither the host, which names the
 * project, nor `x-log-date`, from which the age of the request is taken: a party that reads such a request can send it again later, or to another
 * project. Version 4 signs both.
 */
export function authenticate(call: SlsCall, { keys, acceptsV1, nowMs }: Authentication): void {
  const request = signedRequest(call);
  const { headers } = request;
  const { authorization } = headers;
  if (authorization === undefined || authorization === '') throw errors.MissAccessKeyId();
  const first = v1.exec(authorization);
  const fourth = v4.exec(authorization);
  if (first === null && fourth === null)
    throw errors.ParameterInvalid(`Http extend authorization : ${authorization} is invalid.`);
  if (fourth === null && !acceptsV1) throw errors.Unauthorized('Signature version 1 is not accepted');
  checkVersion(headers['x-log-apiversion']);
  checkClock(headers, fourth !== null, nowMs);

  const id = first?.[1] ?? fourth?.[1] ?? '';
  const secret = keys.get(id);
  if (secret === undefined) throw errors.Unauthorized(`AccessKeyId not found: ${id}`);
  const signature = first?.[2] ?? fourth?.[4] ?? '';
  const isSigned =
    fourth === null
      ? isSignedV1(request, signature, secret, signatureMethod(headers['x-log-signaturemethod']))
      : isForThisHost(call) &&
        headers['x-log-date']?.slice(0, 8) === fourth[2] &&
        isSignedV4(
          request,
          signature.toLowerCase(),
          { date: fourth[2] ?? '', region: fourth[3] ?? '' },
          secret,
        );
  if (!isSigned || !hasSignedBody(request, fourth !== null)) throw errors.SignatureNotMatch(signature);
}

/** The host that is signed is the one that names the project: a proxy request names one in its target, too. */
function isForThisHost({ authority, headers }: SlsCall): boolean {
  return hostOf(headers.host ?? '') === hostOf(authority);
}

/** Path and query are signed as they are on the wire. */
function signedRequest({ method, target, headers, body }: SlsCall): SignedRequest {
  const at = target.indexOf('?');
  const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
  return { method, path, query, headers, body };
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || version === '') throw errors.MissingAPIVersion();
  if (version !== '0.6.0' && version !== '0.4.0') throw errors.InvalidAPIVersion(version);
}

function checkClock(headers: SignedRequest['headers'], isV4: boolean, nowMs: number): void {
  const written = headers['x-log-date'] ?? (isV4 ? undefined : headers.date);
  if (written === undefined || written === '') throw errors.MissingDate();
  const seconds = requestSeconds(written);
  if (Number.isNaN(seconds) || (isV4 && !dateTimeV4.test(written))) throw errors.InvalidRequestTime(written);
  if (Math.abs(seconds - nowMs / 1_000) > maxSkewSeconds) {
    throw errors.RequestTimeExpired(written, new Date(nowMs).toUTCString());
  }
}

function signatureMethod(name: string | undefined): 'hmac-sha1' | 'hmac-sha256' {
  if (name === undefined || name === '') throw errors.MissingSignatureMethod();
  if (name !== 'hmac-sha1' && name !== 'hmac-sha256') throw errors.InvalidSignatureMethod(name);
  return name;
}

/** Whether the signed hash is that of the body. Requests without a body need none. */
function hasSignedBody({ headers, body }: SignedRequest, isV4: boolean): boolean {
  const hash = (algorithm: string): string => createHash(algorithm).update(body).digest('hex');
  if (isV4) return isSame(hash('sha256'), headers['x-log-content-sha256']?.toLowerCase() ?? '');
  const written = headers['content-md5'] ?? '';
  return written === '' ? body.length === 0 : isSame(hash('md5'), written.toLowerCase());
}
