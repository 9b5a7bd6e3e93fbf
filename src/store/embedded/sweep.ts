/** The sweep of the embedded store. */
import type { TenantEvent } from '../leases.ts';
import { endLease } from './leases.ts';
import { deleteIfEmpty, leaseNow, type State } from './state.ts';

/**
 * Takes up to `budget` items that are due: records expiries of leases, deletes documents and topics. Returns the expiries
 * and whether more is due now.
 */
export function sweep(state: State, budget: number): { expired: TenantEvent[]; more: boolean } {
  const now = leaseNow(state);
  const expired: TenantEvent[] = [];
  for (let taken = 0; taken < budget; taken += 1) {
    const item = state.due.takeDue(now);
    if (item === undefined) return { expired, more: false };
    if (item.kind === 'lease') {
      expired.push(endLease(state, item, 'expired', now - item.deadlineMs));
    } else if (item.kind === 'document') {
      const { tenant } = item;
      const collection = tenant.collections.get(item.collection);
      collection?.delete(item.key);
      if (collection?.size === 0) tenant.collections.delete(item.collection);
      tenant.documents -= 1;
      state.changes.documentDeleted(item);
      deleteIfEmpty(state, tenant);
    } else {
      item.tenant.topics.delete(item.name);
      state.changes.topicDeleted(item);
      deleteIfEmpty(state, item.tenant);
    }
  }
  return { expired, more: state.due.earliestMs <= now };
}
