/** Leases in the embedded store: each function is one atomic step. */
import type { Answer, Ask, BeatLease, Lease, TenantEvent } from '../store.ts';
import { guardsHold } from './documents.ts';
import { addHeld, allHeld, heldIn, removeHeld } from './holders.ts';
import {
  forgetIfEmpty,
  type GroupRecord,
  groupNamed,
  type LeaseRecord,
  leaseNow,
  nextInSequence,
  recordEvent,
  type State,
  type TenantRecord,
  tenantOf,
} from './state.ts';

/** What a step answers, and the membership steps that it made. */
export interface Step<T> {
  readonly answer: T;
  readonly events: readonly TenantEvent[];
}

const noEvents: readonly TenantEvent[] = [];
const stale: Answer<'beat'> = { stale: true, leases: [] };
const defaultTtlMs = 60_000;

export function beat(state: State, ask: Ask<'beat'>): Step<Answer<'beat'>> {
  if (ask.guards !== undefined && !guardsHold(state, ask.tenant, ask.guards)) {
    return { answer: stale, events: noEvents };
  }
  const now = leaseNow(state);
  const tenant = state.tenants.get(ask.tenant);
  let held = tenant?.holders.get(ask.holder);
  const groups = ask.groups ?? allHeld(held).map((lease) => ({ group: lease.group.name }));
  const leases: BeatLease[] = [];
  let events: TenantEvent[] | undefined;
  for (const { group, data } of groups as readonly { group: string; data?: string }[]) {
    let lease = heldIn(held, group);
    if (lease !== undefined && lease.deadlineMs <= now) {
      events ??= [];
      events.push(end(state, lease, 'expired', now - lease.deadlineMs));
      // What is held is looked up anew whenever it changed: a group may be named twice.
      held = lease.tenant.holders.get(ask.holder);
      lease = undefined;
    }
    if (lease === undefined) {
      if (!ask.grant || ask.groups === undefined) {
        if (ask.groups !== undefined) leases.push(absent(tenant, group));
        continue;
      }
      events ??= [];
      lease = grant(state, ask, group, data ?? null, now, events);
      held = lease.tenant.holders.get(ask.holder);
      leases.push(answerOf(lease, 'granted'));
      continue;
    }
    lease.ttlMs = ask.ttlMs ?? lease.ttlMs;
    lease.deadlineMs = now + lease.ttlMs;
    if (lease.deadlineMs < lease.dueMs) state.due.watch(lease);
    if (data !== undefined && data !== lease.data) {
      lease.data = data;
      state.log.lease(lease, true);
      events ??= [];
      events.push(recordEvent(state, lease, 'changed', 0));
    } else {
      state.log.renewed(lease);
    }
    leases.push(answerOf(lease, 'renewed'));
  }
  return { answer: { stale: false, leases }, events: events ?? noEvents };
}

function grant(
  state: State,
  ask: Ask<'beat'>,
  groupName: string,
  data: string | null,
  now: number,
  events: TenantEvent[],
): LeaseRecord {
  const tenant = tenantOf(state, ask.tenant);
  let group = tenant.groups.get(groupName);
  if (group === undefined) {
    group = groupNamed(groupName);
    tenant.groups.set(groupName, group);
  }
  const ttlMs = ask.ttlMs ?? ask.defaultTtlMs ?? defaultTtlMs;
  const lease: LeaseRecord = {
    kind: 'lease',
    tenant,
    group,
    holder: ask.holder,
    epoch: nextInSequence(state),
    ttlMs,
    data,
    deadlineMs: now + ttlMs,
    dueMs: 0,
    slot: -1,
  };
  group.members.set(ask.holder, lease);
  group.revision = lease.epoch;
  addHeld(tenant.holders, lease);
  tenant.leases += 1;
  state.due.watch(lease);
  state.log.lease(lease, true);
  events.push(recordEvent(state, lease, 'granted', 0));
  return lease;
}

/** Takes a lease away and records why. */
export function end(
  state: State,
  lease: LeaseRecord,
  type: 'released' | 'expired',
  lateMs: number,
): TenantEvent {
  const { tenant, group, holder } = lease;
  group.members.delete(holder);
  group.revision = nextInSequence(state);
  removeHeld(tenant.holders, lease);
  if (group.members.size === 0) tenant.groups.delete(group.name);
  tenant.leases -= 1;
  state.due.forget(lease);
  state.log.lease(lease, false);
  return recordEvent(state, lease, type, lateMs);
}

export function release(state: State, ask: Ask<'release'>): Step<Answer<'release'>> {
  const now = leaseNow(state);
  const holders = state.tenants.get(ask.tenant)?.holders;
  const released: string[] = [];
  const events: TenantEvent[] = [];
  const all = allHeld(holders?.get(ask.holder)).map(({ group }) => group.name);
  for (const group of ask.groups ?? all.sort()) {
    const lease = heldIn(holders?.get(ask.holder), group);
    if (lease === undefined) continue;
    if (lease.deadlineMs <= now) {
      events.push(end(state, lease, 'expired', now - lease.deadlineMs));
    } else {
      events.push(end(state, lease, ask.asExpired === true ? 'expired' : 'released', 0));
      released.push(group);
    }
  }
  return { answer: released, events };
}

export function setData(state: State, ask: Ask<'setData'>): Step<Answer<'setData'>> {
  const lease = state.tenants.get(ask.tenant)?.groups.get(ask.group)?.members.get(ask.holder);
  if (lease === undefined || lease.deadlineMs <= leaseNow(state)) {
    return { answer: { live: false, changed: false }, events: noEvents };
  }
  if (lease.data === ask.data) return { answer: { live: true, changed: false }, events: noEvents };
  lease.data = ask.data;
  state.log.lease(lease, true);
  const events = ask.quiet === true ? noEvents : [recordEvent(state, lease, 'changed', 0)];
  return { answer: { live: true, changed: true }, events };
}

export function readLease(state: State, ask: Ask<'read'>): Answer<'read'> {
  const lease = state.tenants.get(ask.tenant)?.groups.get(ask.group)?.members.get(ask.holder);
  const now = leaseNow(state);
  return lease === undefined || lease.deadlineMs <= now ? null : leaseOf(lease, now);
}

export function members(state: State, ask: Ask<'members'>): Answer<'members'> {
  const group = state.tenants.get(ask.tenant)?.groups.get(ask.group);
  if (group === undefined) return { count: 0, revision: 0, leases: [] };
  const now = leaseNow(state);
  const leases: Lease[] = [];
  let count = 0;
  for (const lease of group.members.values()) {
    if (lease.deadlineMs <= now) continue;
    if (count >= ask.offset && leases.length < ask.limit) leases.push(leaseOf(lease, now));
    count += 1;
  }
  return { count, revision: group.revision, leases };
}

export function countLive(state: State, ask: Ask<'count'>): Answer<'count'> {
  const groups = state.tenants.get(ask.tenant)?.groups;
  const now = leaseNow(state);
  return ask.groups.map((name) => liveIn(state, groups?.get(name), now));
}

export function groups(state: State, ask: Ask<'groups'>): Answer<'groups'> {
  const tenant = state.tenants.get(ask.tenant);
  if (tenant === undefined) return [];
  const now = leaseNow(state);
  const { after } = ask;
  return [...tenant.groups.values()]
    .filter(
      (group) => (after === undefined || byCodePoint(group.name, after) > 0) && liveIn(state, group, now) > 0,
    )
    .map((group) => group.name)
    .sort(byCodePoint)
    .slice(0, ask.limit);
}

/** The order of the bytes of UTF-8, which Redis sorts by: that of code units has surrogates before U+E000 to U+FFFF. */
function byCodePoint(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (one !== other) return rank(one) - rank(other);
  }
  return a.length - b.length;
}

const rank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit);

export function groupsOf(state: State, ask: Ask<'groupsOf'>): Answer<'groupsOf'> {
  const held = state.tenants.get(ask.tenant)?.holders.get(ask.holder);
  const now = leaseNow(state);
  return allHeld(held)
    .filter((lease) => lease.deadlineMs > now)
    .map((lease) => lease.group.name)
    .sort();
}

/** Records up to `budget` expiries that are due, and lets go of documents and topics whose time is over. */
export function sweep(state: State, budget: number): { expired: TenantEvent[]; more: boolean } {
  const now = leaseNow(state);
  const expired: TenantEvent[] = [];
  for (let taken = 0; taken < budget; taken += 1) {
    const item = state.due.takeDue(now);
    if (item === undefined) return { expired, more: false };
    if (item.kind === 'lease') {
      expired.push(end(state, item, 'expired', now - item.deadlineMs));
    } else if (item.kind === 'document') {
      const { tenant } = item;
      const collection = tenant.collections.get(item.collection);
      collection?.delete(item.key);
      if (collection?.size === 0) tenant.collections.delete(item.collection);
      tenant.documents -= 1;
      state.log.document(item, false);
      forgetIfEmpty(state, tenant);
    } else {
      item.tenant.topics.delete(item.name);
      state.log.topicGone(item);
      forgetIfEmpty(state, item.tenant);
    }
  }
  return { expired, more: state.due.earliestMs <= now };
}

function liveIn(state: State, group: GroupRecord | undefined, now: number): number {
  if (group === undefined) return 0;
  // Nothing at all is due: what is held is live, and need not be looked at one by one.
  if (state.due.earliestMs > now) return group.members.size;
  let live = 0;
  for (const lease of group.members.values()) if (lease.deadlineMs > now) live += 1;
  return live;
}

function absent(tenant: TenantRecord | undefined, group: string): BeatLease {
  const revision = tenant?.groups.get(group)?.revision ?? 0;
  return { group, state: 'absent', epoch: 0, revision, data: null };
}

function answerOf(lease: LeaseRecord, state: 'granted' | 'renewed'): BeatLease {
  return {
    group: lease.group.name,
    state,
    epoch: lease.epoch,
    revision: lease.group.revision,
    data: lease.data,
  };
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
