/** Finds the tenant of a token by its first digits. Tenants that this process has not seen are looked up in the store. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Store, Tenant } from '../../../store/store.ts';
import { makeBoundedMap } from '../../kit/bounded-map.ts';
import { defaultTenant, isPbxTenant, prefixOf, tokenPrefix } from '../tenant.ts';

const maxKnown = 10_000;
/** Unknown tokens of this time share one look-up, ms: any client can send them. */
const gatherMs = 20;

export interface Directory {
  /** Makes the tokens of a tenant known. */
  add(tenant: Tenant): void;
  /** Returns the tenant of a token if no look-up is needed; undefined if one is. */
  knownTenantOf(token: string): Tenant | undefined;
  /** Returns the tenant of a token; the default one for a token of no tenant. Rejects with StoreUnavailable. */
  tenantOf(token: string): Promise<Tenant>;
}

export function makeDirectory(store: Pick<Store, 'groupsOf' | 'tenants'>): Directory {
  const byPrefix = makeBoundedMap<string, Tenant>(maxKnown);
  let gathering: Promise<void> | undefined;
  const add = (tenant: Tenant): void => byPrefix.set(tokenPrefix(tenant), tenant);
  const lookUp = async (): Promise<void> => {
    await pause(gatherMs);
    gathering = undefined;
    for (const { tenant } of await store.tenants()) if (isPbxTenant(tenant)) add(tenant);
  };
  const knownTenantOf = (token: string): Tenant | undefined => {
    const prefix = prefixOf(token);
    return prefix === undefined ? defaultTenant : byPrefix.get(prefix);
  };
  return {
    add,
    knownTenantOf,
    async tenantOf(token) {
      const known = knownTenantOf(token);
      if (known !== undefined) return known;
      // Tokens that were issued before there were tenants begin with any digit.
      const [user] = await store.groupsOf({ tenant: defaultTenant, holder: token });
      if (user !== undefined) return defaultTenant;
      gathering ??= lookUp();
      await gathering;
      return knownTenantOf(token) ?? defaultTenant;
    },
  };
}
