/** The one place where protocols read what their clients see as time. */
import type { Store, Tenant } from '../../store/store.ts';

/** Returns the date of a tenant, ms since 1970: wall time of the store, moved and frozen with the tenant's clock. */
export async function dateOf(store: Pick<Store, 'now'>, tenant: Tenant): Promise<number> {
  return (await store.now({ tenant })).dateMs;
}
