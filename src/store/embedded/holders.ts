/** The leases of each holder. Most holders have one: it is kept without a map of its own, which would be larger than it. */
import type { LeaseRecord } from './state.ts';

/** What a holder has: its one lease, or several by group. */
export type Held = LeaseRecord | Map<string, LeaseRecord>;

/** By the holder's name; who has nothing is not in there. */
export type Holders = Map<string, Held>;

export function heldIn(held: Held | undefined, group: string): LeaseRecord | undefined {
  if (held instanceof Map) return held.get(group);
  return held?.group.name === group ? held : undefined;
}

export function allHeld(held: Held | undefined): readonly LeaseRecord[] {
  if (held === undefined) return [];
  return held instanceof Map ? [...held.values()] : [held];
}

export function addHeld(holders: Holders, lease: LeaseRecord): void {
  const held = holders.get(lease.holder);
  if (held === undefined) holders.set(lease.holder, lease);
  else if (held instanceof Map) held.set(lease.group.name, lease);
  else {
    const both = [held, lease].map((one): [string, LeaseRecord] => [one.group.name, one]);
    holders.set(lease.holder, new Map(both));
  }
}

export function removeHeld(holders: Holders, { holder, group }: LeaseRecord): void {
  const held = holders.get(holder);
  if (held instanceof Map) held.delete(group.name);
  if (!(held instanceof Map) || held.size === 0) holders.delete(holder);
}
