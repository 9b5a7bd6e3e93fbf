/**
 * Revisions of groups, and the last revision of their tenant as of which this node read them: while that is the last one, no group of the
 * tenant has another revision, and the script need not read any.
 */
import type { Beat, Tenant } from '../../leases.ts';
import type { TextReader } from './text-reader.ts';

/** What is known of a tenant: replaced, never changed, when the last revision is another one. */
interface KnownTenant {
  /** As the script has it. */
  readonly last: string;
  readonly revisions: Map<string, number>;
}

/** The revisions that a run of beats returns. */
export interface RunRevisions {
  /** The last revision as of which all that the run returns are known; '' if they are not. */
  readonly last: string;
  /** Reads the script's reply. Returns the revision of each group. */
  read(from: TextReader): ReadonlyMap<string, number>;
}

const maxTenants = 1_000;
const maxGroups = 10_000;

/** Returns a function that returns the revisions of a run of beats on one tenant. */
export function makeKnownRevisions(): (tenant: Tenant, run: readonly Beat[]) => RunRevisions {
  const tenants = new Map<Tenant, KnownTenant>();
  const learn = (tenant: Tenant, last: string, read: ReadonlyMap<string, number>): void => {
    const known = tenants.get(tenant);
    if (known?.last === last && known.revisions.size < maxGroups) {
      for (const [group, revision] of read) known.revisions.set(group, revision);
    } else {
      if (tenants.size >= maxTenants) tenants.clear();
      tenants.set(tenant, { last, revisions: new Map(read) });
    }
  };

  return (tenant, run) => {
    const known = tenants.get(tenant);
    const isKnown =
      known !== undefined &&
      run.every(({ groups = [] }) => groups.every(({ group }) => known.revisions.has(group)));
    return {
      last: isKnown ? known.last : '',
      read(from) {
        if (from.take(1) === '=' && known !== undefined) return known.revisions;
        const last = from.until();
        const read = new Map(groupsOf(run).map((group) => [group, Number(from.until())]));
        learn(tenant, last, read);
        return read;
      },
    };
  };
}

/** Returns the groups of a run, each once, in the order in which they are there. */
function groupsOf(run: readonly Beat[]): readonly string[] {
  const distinct = new Set<string>();
  for (const { groups = [] } of run) for (const { group } of groups) distinct.add(group);
  return [...distinct];
}
