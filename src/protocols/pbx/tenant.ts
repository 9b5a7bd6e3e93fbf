/**
 * Tenants of the protocol: each is a PBX with its model, calls, reports, tokens and clock. A user named `<tenant>/<user>` belongs to the
 * PBX of that name, and any other user to the default one. A token begins with what leads to its tenant, so that a request needs no
 * further look-up.
 */
import { createHash } from 'node:crypto';
import type { Store, Tenant } from '../../store/store.ts';

/** The store, for the PBX of one tenant. */
export interface PbxStore extends Store {
  readonly tenant: Tenant;
}

export const defaultTenant: Tenant = 'pbx/default';

const space = 'pbx/';
const userOfTenant = /^([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\//;
const tenantName = /^pbx\/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Bytes of a token that lead to its tenant; the others are random. */
const prefixBytes = 6;
const tokenBytes = 16;

/** Returns the store for the PBX of a tenant. */
export function storeOf(store: Store, tenant: Tenant): PbxStore {
  return Object.assign(Object.create(store) as Store, { tenant });
}

export function isPbxTenant(name: string): boolean {
  return tenantName.test(name);
}

/** Returns the tenant that a user logs in to. */
export function tenantOfUser(user: string): Tenant {
  const name = userOfTenant.exec(user)?.[1];
  return name === undefined ? defaultTenant : `${space}${name}`;
}

/**
 * Returns a new token of a tenant, 32 hex digits. Those of the default tenant begin with 0 to 7; those of others with 8 to f, and
 * their first twelve digits are those of `tokenPrefix`.
 */
export function newToken(tenant: Tenant, randomBytes: (size: number) => Buffer): string {
  if (tenant !== defaultTenant)
    return tokenPrefix(tenant) + randomBytes(tokenBytes - prefixBytes).toString('hex');
  const bytes = randomBytes(tokenBytes);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f, 0);
  return bytes.toString('hex');
}

/** Returns what the tokens of a tenant begin with, unless it is the default one. */
export function tokenPrefix(tenant: Tenant): string {
  const bytes = createHash('sha256').update(tenant).digest().subarray(0, prefixBytes);
  bytes.writeUInt8(bytes.readUInt8(0) | 0x80, 0);
  return bytes.toString('hex');
}

const firstOfOthers = '8'.charCodeAt(0);

/** Returns the first digits of a token that may belong to another tenant than the default one; undefined if it cannot. */
export function prefixOf(token: string): string | undefined {
  return token.length === tokenBytes * 2 && token.charCodeAt(0) >= firstOfOthers
    ? token.slice(0, prefixBytes * 2)
    : undefined;
}
