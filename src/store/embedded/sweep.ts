/** The sweep of the embedded store. */
import type { TenantEvent } from '../leases.ts';
import { endLease } from './leases.ts';
import { deleteIfEmpty, leaseNow, type State } from './state.ts';

/**
 * Looks at up to `budget` items that may be due: records expiries of leases in `expired`, deletes documents and topics. Returns whether
 * more is due now.
 */
export function sweep(state: State, budget: number, expired: TenantEvent[]): boolean {
  const now = leaseNow(state);
  for (let seen = 0; seen < budget; seen += 1) {
    const item = state.due.takeDue(now);
    if (item === undefined) return false;
    // Its lease was renewed. It counts: as many may be looked at as were renewed.
    if (item === 'postponed') continue;
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
  return state.due.earliestMs <= now;
}
