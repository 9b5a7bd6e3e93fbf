/** The leases of each holder. A holder's only lease is stored without a map, which would be larger than the lease. */
import { maxGroupsPerHolder } from '../../limits.ts';
import type { Held, LeaseRecord, TenantRecord } from '../records.ts';

type Holders = TenantRecord['holders'];

/** Returns the holder's lease in a group. */
export function leaseIn(held: Held | undefined, group: string): LeaseRecord | undefined {
  if (held instanceof Map) return held.get(group);
  return held?.group.name === group ? held : undefined;
}

/** Returns all leases of a holder. */
export function allHeld(held: Held | undefined): readonly LeaseRecord[] {
  if (held === undefined) return [];
  return held instanceof Map ? [...held.values()] : [held];
}

/** Returns the name of a holder as its leases have it, so that all share one text; undefined if it has none. */
export function holderName(held: Held | undefined): string | undefined {
  const lease = held instanceof Map ? held.values().next().value : held;
  return lease?.holder;
}

/** Returns whether a holder would be in more groups than it may be with these ones. */
export function exceedsGroups(
  held: Held | undefined,
  groups: readonly { readonly group: string }[],
): boolean {
  const count = held instanceof Map ? held.size : 1;
  if (count + groups.length <= maxGroupsPerHolder) return false;
  const all = new Set(allHeld(held).map(({ group }) => group.name));
  for (const { group } of groups) all.add(group);
  return all.size > maxGroupsPerHolder;
}

/** Adds a lease to those of its holder. */
export function addHeld(holders: Holders, lease: LeaseRecord): void {
  const held = holders.get(lease.holder);
  if (held === undefined) holders.set(lease.holder, lease);
  else if (held instanceof Map) held.set(lease.group.name, lease);
  else {
    const both = [held, lease].map((one): [string, LeaseRecord] => [one.group.name, one]);
    holders.set(lease.holder, new Map(both));
  }
}

/** Removes a lease from those of its holder. */
export function removeHeld(holders: Holders, { holder, group }: LeaseRecord): void {
  const held = holders.get(holder);
  if (held instanceof Map) held.delete(group.name);
  if (!(held instanceof Map) || held.size === 0) holders.delete(holder);
}
