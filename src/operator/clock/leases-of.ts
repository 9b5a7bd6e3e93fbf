/** Reads the leases of tenants, for what a move of the clock has to know before it begins. */
import type { Lease, Store, Tenant } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';

/** A live lease, and whose it is. */
export interface TenantLease extends Lease {
  readonly protocol: string;
  readonly tenant: Tenant;
}

type LeaseReads = Pick<Store, 'groups' | 'members'>;

const pageSize = 1_000;

/** Returns all live leases of the tenants. */
export async function* leasesOf(store: LeaseReads, tenants: readonly Tenant[]): AsyncGenerator<TenantLease> {
  for (const tenant of tenants) {
    for await (const group of groupsOf(store, tenant)) {
      for (let offset = 0; ; offset += pageSize) {
        const { leases } = await store.members({ tenant, group, offset, limit: pageSize });
        for (const lease of leases) yield { ...lease, protocol: protocolOf(tenant), tenant };
        if (leases.length < pageSize) break;
      }
    }
  }
}

async function* groupsOf(store: LeaseReads, tenant: Tenant): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const page = await store.groups({ tenant, limit: pageSize, ...(after === undefined ? {} : { after }) });
    yield* page;
    if (page.length < pageSize) return;
    after = page.at(-1);
  }
}
