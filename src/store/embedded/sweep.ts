/** The sweep of the embedded store. */
import type { TenantEvent } from '../leases.ts';
import { endDocument } from './documents.ts';
import { endLease } from './leases.ts';
import { deleteIfEmpty, leaseNow, type State } from './state.ts';
import { endTopic } from './topics.ts';
import { deleteWatch } from './watches.ts';

/**
 * Looks at up to `budget` items that may be due: records expiries of leases in `expired`, deletes documents, topics and watches. Returns
 * whether more is due now.
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
      continue;
    }
    if (item.kind === 'watch') {
      deleteWatch(state, item);
      continue;
    }
    if (item.kind === 'document') endDocument(state, item);
    else endTopic(state, item);
    deleteIfEmpty(state, item.tenant);
  }
  return state.due.earliestMs <= now;
}
