/** What a reset has every node forget beside what is in the store. */
import type { Journal } from '../journal/journal.ts';
import type { ForTenant } from '../nodes/everywhere.ts';
import type { LeaseHistory } from '../why/lease-history.ts';

export interface ForgetOptions {
  readonly journal: Journal | undefined;
  readonly history: LeaseHistory;
}

/** Makes the function that forgets the requests and the past leases of a tenant, or all of them, on this node. Resolves with the number of requests. */
export function makeForget({ journal, history }: ForgetOptions): ForTenant {
  return async (tenant) => {
    history.forget(tenant);
    return journal?.remove(tenant === undefined ? {} : { tenant }) ?? 0;
  };
}
