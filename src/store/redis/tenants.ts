/** Reads the tenants of a partition, a page a call: there may be many. */
import type { TenantSize } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import type { Caller } from './caller.ts';
import type { Reply } from './scripts.ts';

const noMore = '0';

/** Resolves with what each tenant holds that has a lease, a document or a topic. */
export async function readTenants(call: Caller, partition: number): Promise<TenantSize[]> {
  // A page may repeat tenants of another one.
  const sizes = new Map<Tenant, TenantSize>();
  let cursor = noMore;
  do {
    const reply = (await call({ name: 'tenants', partition, args: [cursor] })) as readonly Reply[];
    for (let at = 1; at < reply.length; at += 5) {
      const tenant = String(reply[at]);
      const [bytes = 0, leases = 0, documents = 0, topics = 0] = reply.slice(at + 1, at + 5).map(Number);
      if (leases + documents + topics > 0) sizes.set(tenant, { tenant, leases, documents, topics, bytes });
    }
    cursor = String(reply[0]);
  } while (cursor !== noMore);
  return [...sizes.values()];
}

/** Resolves with the tenants that have a clock of their own. */
export async function readOwnClocks(call: Caller, partition: number): Promise<Tenant[]> {
  const reply = (await call({ name: 'ownClocks', partition, args: [] })) as readonly Reply[];
  return reply.map(String);
}
