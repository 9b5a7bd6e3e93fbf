/** Single values of a request: subscribe key, uuid, timeout, numbers. */
import type { Tenant } from '../../../../store/store.ts';
import { errors } from '../errors.ts';
import { limits } from './limits.ts';
import { percentDecode } from './target.ts';

/** Returns the subscribe key of a path segment; throws for one that is empty or too long. */
export function parseSubscribeKey(segment: string): string {
  const key = percentDecode(segment, errors.invalidSubscribeKey);
  if (key === '' || key.length > limits.subscribeKeyCharacters) throw errors.invalidSubscribeKey();
  return key;
}

const tenantPrefix = 'presence/';

/** Returns the tenant that holds the data of a subscribe key. */
export function tenantOf(subscribeKey: string): Tenant {
  return `${tenantPrefix}${subscribeKey}`;
}

/** Returns the subscribe key of a tenant; undefined for a tenant of another protocol. */
export function subscribeKeyOf(tenant: Tenant): string | undefined {
  return tenant.startsWith(tenantPrefix) ? tenant.slice(tenantPrefix.length) : undefined;
}

/** Returns the uuid of a query parameter; throws if there is none. */
export function parseUuidParameter(uuid: string | undefined): string {
  if (uuid === undefined || uuid === '') throw errors.missingUuid();
  return checkUuid(uuid);
}

/** Returns the uuid of a path segment. */
export function parseUuidSegment(segment: string): string {
  return checkUuid(percentDecode(segment, errors.invalidUuid));
}

function checkUuid(uuid: string): string {
  // More UTF-16 units than the limit may still be no more characters.
  if (uuid.length > limits.uuidCharacters && [...uuid].length > limits.uuidCharacters)
    throw errors.invalidUuid();
  if (uuid === '') throw errors.missingUuid();
  return uuid;
}

/** Returns a `heartbeat` parameter in seconds, clamped; undefined where it is absent or empty (SDKs send both). */
export function parseTimeoutSeconds(heartbeat: string | undefined): number | undefined {
  if (heartbeat === undefined || heartbeat === '') return undefined;
  if (!/^\d{1,15}$/.test(heartbeat)) throw errors.invalidHeartbeat();
  return Math.min(Math.max(Number(heartbeat), limits.minTimeoutSeconds), limits.maxTimeoutSeconds);
}

/** Returns a whole number of at most nine digits; `fallback` where the parameter is absent or empty. */
export function parseWholeNumber(text: string | undefined, fallback: number, invalid: () => Error): number {
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,9}$/.test(text)) throw invalid();
  return Number(text);
}

/** Returns a timetoken of a query parameter or path segment. */
export function parseTimetoken(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw errors.invalidTimetoken();
  return BigInt(text);
}
