/** What a reset has every node forget beside what is in the store. */
import type { Journal } from '../journal/journal.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { LeaseHistory } from '../why/lease-history.ts';

/** Forgets the requests and the past leases of a tenant, or all of them. Resolves with the number of requests. */
export type Forget = (tenant: string | undefined) => Promise<number>;

export interface ForgetOptions {
  readonly journal: Journal | undefined;
  readonly history: LeaseHistory;
  /** Absent: there is one node. */
  readonly nodes: Nodes | undefined;
}

const partName = 'reset';

/** Makes the function that forgets, on all nodes. */
export function makeForget({ journal, history, nodes }: ForgetOptions): Forget {
  const forgetHere = (tenant: string | undefined): number => {
    history.forget(tenant);
    return journal?.remove(tenant === undefined ? {} : { tenant }) ?? 0;
  };
  if (nodes === undefined) return async (tenant) => forgetHere(tenant);
  nodes.add(partName, {
    apply: async (announced) => announced.map((each) => forgetHere(tenantIn(each))),
  });
  return async (tenant) => {
    const counts = (await nodes.change({ part: partName, announced: { tenant } })) ?? [];
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  };
}

function tenantIn(announced: unknown): string | undefined {
  const { tenant } = announced as { readonly tenant?: unknown };
  return typeof tenant === 'string' ? tenant : undefined;
}
