/** What every node does for a tenant, or for all, when one of them is asked. */
import type { Nodes } from './nodes.ts';

/** Does something for a tenant, or for all of them. Resolves with a count. */
export type ForTenant = (tenant: string | undefined) => Promise<number>;

/**
 * Returns a function that has each node do `here`, and adds up their counts; without other nodes, that does it here. To be called before
 * the node starts. `name` distinguishes it from all others.
 */
export function everywhere(nodes: Nodes | undefined, name: string, here: ForTenant): ForTenant {
  if (nodes === undefined) return here;
  nodes.add(name, {
    apply: (announced) => Promise.all(announced.map((each) => here(tenantIn(each)))),
  });
  return async (tenant) => {
    const counts = (await nodes.change({ part: name, announced: { tenant } })) ?? [];
    return counts.reduce<number>((sum, count) => sum + Number(count), 0);
  };
}

function tenantIn(announced: unknown): string | undefined {
  const { tenant } = announced as { readonly tenant?: unknown };
  return typeof tenant === 'string' ? tenant : undefined;
}
