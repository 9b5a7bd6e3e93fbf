/** Whether a request comes from who it says: signature, clock and the hash of its body, where the settings ask for it. */
import { createHash } from 'node:crypto';
import { errors } from './errors.ts';
import { isSame, isSignedV1, isSignedV4, type SignedRequest } from './signature.ts';

/** Secrets by access key id. */
export type AccessKeys = ReadonlyMap<string, string>;

/** The vendor refuses requests whose time is off by more, either way. */
const maxSkewSeconds = 15 * 60;

const v1 = /^LOG ([^:\s]+):([A-Za-z0-9+/=]+)$/;
const v4 =
  /^SLS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/sls\/aliyun_v4_request,\s*Signature=([0-9a-fA-F]+)$/;
const dateTimeV4 = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** `id:secret`, one each. Throws an Error that names no secret. */
export function accessKeysOf(pairs: readonly string[]): AccessKeys {
  return new Map(
    pairs.map((pair, at) => {
      const [id = '', ...secret] = pair.split(':');
      if (id === '' || secret.join(':') === '') throw new Error(`pair ${at + 1} is not "id:secret"`);
      return [id, secret.join(':')];
    }),
  );
}

/** Seconds since 1970, of either form in which clients write a time; NaN for any other. */
export function requestSeconds(written: string): number {
  const basic = dateTimeV4.exec(written);
  if (basic === null) return Math.floor(Date.parse(written) / 1_000);
  const [, year, month, day, hour, minute, second] = basic;
  return Math.floor(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) / 1_000);
}

/** Throws the vendor's error for whatever is wrong first ("Common error codes"). */
export function authenticate(request: SignedRequest, keys: AccessKeys, nowMs: number): void {
  const { headers } = request;
  const { authorization } = headers;
  if (authorization === undefined || authorization === '') throw errors.accessKeyMissing();
  const first = v1.exec(authorization);
  const fourth = v4.exec(authorization);
  if (first === null && fourth === null) throw errors.authorizationInvalid(authorization);
  checkVersion(headers['x-log-apiversion']);
  checkClock(headers, fourth !== null, nowMs);

  const id = first?.[1] ?? fourth?.[1] ?? '';
  const secret = keys.get(id);
  if (secret === undefined) throw errors.accessKeyUnknown(id);
  const signature = first?.[2] ?? fourth?.[4] ?? '';
  const isSigned =
    fourth === null
      ? isSignedV1(request, signature, secret, methodOf(headers['x-log-signaturemethod']))
      : isSignedV4(
          request,
          signature.toLowerCase(),
          { date: fourth[2] ?? '', region: fourth[3] ?? '' },
          secret,
        );
  if (!isSigned || !isBodyAsSigned(request, fourth !== null)) throw errors.signatureNotMatch(signature);
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || version === '') throw errors.apiVersionMissing();
  if (version !== '0.6.0' && version !== '0.4.0') throw errors.apiVersionInvalid(version);
}

function checkClock(headers: SignedRequest['headers'], isV4: boolean, nowMs: number): void {
  const written = headers['x-log-date'] ?? (isV4 ? undefined : headers.date);
  if (written === undefined || written === '') throw errors.dateMissing();
  const seconds = requestSeconds(written);
  if (Number.isNaN(seconds) || (isV4 && !dateTimeV4.test(written))) throw errors.dateInvalid(written);
  if (Math.abs(seconds - nowMs / 1_000) > maxSkewSeconds) {
    throw errors.requestExpired(written, new Date(nowMs).toUTCString());
  }
}

function methodOf(name: string | undefined): 'hmac-sha1' | 'hmac-sha256' {
  if (name === undefined || name === '') throw errors.signatureMethodMissing();
  if (name !== 'hmac-sha1' && name !== 'hmac-sha256') throw errors.signatureMethodInvalid(name);
  return name;
}

/** The hash that was signed is that of the body. Requests without a body may say none. */
function isBodyAsSigned({ headers, body }: SignedRequest, isV4: boolean): boolean {
  const hash = (algorithm: string): string => createHash(algorithm).update(body).digest('hex');
  if (isV4) return isSame(hash('sha256'), headers['x-log-content-sha256']?.toLowerCase() ?? '');
  const written = headers['content-md5'] ?? '';
  return written === '' ? body.length === 0 : isSame(hash('md5'), written.toLowerCase());
}
