/** Reads of leases in the embedded store. A lease that is due is not returned, swept or not. */
import type { Input, Result } from '../../commands.ts';
import type { Lease, Tenant } from '../../leases.ts';
import { type GroupRecord, type LeaseRecord, memberCount } from '../records.ts';
import { dueOf, leaseNow, type State } from '../state.ts';
import { allHeld } from './holders.ts';

/** Returns one lease; null if it is not live. */
export function readLease(state: State, input: Input<'read'>): Result<'read'> {
  const lease = state.tenants.get(input.tenant)?.groups.get(input.group)?.members.get(input.holder);
  const now = leaseNow(state, input.tenant);
  return lease === undefined || lease.deadlineMs <= now ? null : leaseOf(lease, now);
}

/** Returns a page of a group's members. */
export function members(state: State, input: Input<'members'>): Result<'members'> {
  const group = state.tenants.get(input.tenant)?.groups.get(input.group);
  if (group === undefined || memberCount(group) === 0) return { count: 0, revision: 0, leases: [] };
  const now = leaseNow(state, input.tenant);
  const leases: Lease[] = [];
  let count = 0;
  for (const lease of group.members.values()) {
    if (lease.deadlineMs <= now) continue;
    if (count >= input.offset && leases.length < input.limit) leases.push(leaseOf(lease, now));
    count += 1;
  }
  return { count, revision: group.revision, leases };
}

/** Returns the number of live members of each group. */
export function count(state: State, input: Input<'count'>): Result<'count'> {
  const byName = state.tenants.get(input.tenant)?.groups;
  const isLive = livenessOf(state, input.tenant);
  return input.groups.map((name) => countLive(byName?.get(name), isLive));
}

/** Returns a page of the groups that have live members. */
export function groups(state: State, input: Input<'groups'>): Result<'groups'> {
  const tenant = state.tenants.get(input.tenant);
  if (tenant === undefined) return [];
  const isLive = livenessOf(state, input.tenant);
  const { after } = input;
  return [...tenant.groups.values()]
    .filter((group) => after === undefined || compareCodePoints(group.name, after) > 0)
    .filter((group) => countLive(group, isLive) > 0)
    .map((group) => group.name)
    .sort(compareCodePoints)
    .slice(0, input.limit);
}

/** Returns the groups in which a holder is live. */
export function groupsOf(state: State, input: Input<'groupsOf'>): Result<'groupsOf'> {
  const held = state.tenants.get(input.tenant)?.holders.get(input.holder);
  const now = leaseNow(state, input.tenant);
  return allHeld(held)
    .filter((lease) => lease.deadlineMs > now)
    .map((lease) => lease.group.name)
    .sort();
}

/** Compares as Redis does, by bytes of UTF-8: in code units, surrogates come before U+E000 to U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit);

/** Returns whether a lease of the tenant is live now; undefined while every lease is. */
function livenessOf(state: State, tenant: Tenant): ((lease: LeaseRecord) => boolean) | undefined {
  const now = leaseNow(state, tenant);
  return dueOf(state, tenant).earliestMs > now ? undefined : ({ deadlineMs }) => deadlineMs > now;
}

function countLive(group: GroupRecord | undefined, isLive: ReturnType<typeof livenessOf>): number {
  if (group === undefined) return 0;
  if (isLive === undefined) return memberCount(group);
  let live = 0;
  for (const lease of group.members.values()) if (isLive(lease)) live += 1;
  return live;
}

function leaseOf(lease: LeaseRecord, now: number): Lease {
  return {
    group: lease.group.name,
    holder: lease.holder,
    epoch: lease.epoch,
    ttlMs: lease.ttlMs,
    remainingMs: lease.deadlineMs - now,
    data: lease.data,
  };
}
