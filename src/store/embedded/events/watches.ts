/** Watches in the embedded store: which groups have event topics. They run on the partition's clock, also of tenants that have another. */
import type { Input, Result } from '../../commands.ts';
import { maxWatchedPrefixBytes } from '../../limits.ts';
import { refusalOf } from '../bounds.ts';
import { allHeld } from '../leases/holders.ts';
import type { TenantRecord, Watches, WatchRecord } from '../records.ts';
import { watchSize } from '../sizes.ts';
import { deleteIfEmpty, leaseNow, partitionNow, readTimetoken, type State, tenantOf } from '../state.ts';
import { appendOwnGrant, eventTopicsOf } from './events.ts';

/** Sets watches, or extends them when less than half of their time is left. Throws TenantFull, and changes nothing, if there is no room for new ones. */
export function watchEvents(state: State, input: Input<'watchEvents'>): Result<'watchEvents'> {
  const { groups, prefixes, forMs, own } = input;
  checkRoom(state, input);
  const reached = { timetoken: readTimetoken(state, input.tenant), sequence: state.sequence };
  const tenant = tenantOf(state, input.tenant);
  const now = partitionNow(state);
  const ownNow = leaseNow(state, input.tenant);
  const held = own === undefined ? [] : allHeld(tenant.holders.get(own.holder));
  const unrecorded = held
    .filter(({ epoch, deadlineMs }) => epoch > (own?.since ?? 0) && deadlineMs > ownNow)
    .filter(({ group }) => eventTopicsOf(state, tenant, group.name).length === 0)
    .sort((a, b) => a.epoch - b.epoch);
  for (const name of groups) setWatch(state, tenant, 'groups', { name, now, forMs });
  for (const name of prefixes) {
    if (Buffer.byteLength(name) <= maxWatchedPrefixBytes)
      setWatch(state, tenant, 'prefixes', { name, now, forMs });
  }
  for (const lease of unrecorded) appendOwnGrant(state, lease);
  deleteIfEmpty(state, tenant);
  return reached;
}

/** Throws TenantFull if the tenant has no room for the watches that are new. */
function checkRoom(state: State, { tenant, groups, prefixes }: Input<'watchEvents'>): void {
  const watches = state.tenants.get(tenant)?.watches;
  let bytes = 0;
  for (const name of groups) if (watches?.groups.has(name) !== true) bytes += watchSize(name);
  for (const name of prefixes) {
    const isNew = watches?.prefixes.has(name) !== true && Buffer.byteLength(name) <= maxWatchedPrefixBytes;
    if (isNew) bytes += watchSize(name);
  }
  const refusal = refusalOf(state, { tenant, bytes });
  if (refusal !== undefined) throw refusal;
}

interface NewWatch {
  readonly name: string;
  readonly now: number;
  readonly forMs: number;
}

function setWatch(
  state: State,
  tenant: TenantRecord,
  watched: keyof Watches,
  { name, now, forMs }: NewWatch,
): void {
  const watches = watchesOf(state, tenant)[watched];
  let watch = watches.get(name);
  if (watch === undefined) {
    const added: WatchRecord = {
      kind: 'watch',
      tenant: tenant.name,
      watched,
      name,
      deadlineMs: 0,
      dueMs: 0,
      slot: -1,
    };
    watch = added;
    watches.set(name, added);
    tenant.bytes += watchSize(name);
    state.undo?.push(() => {
      watches.delete(name);
      tenant.bytes -= watchSize(name);
      state.due.remove(added);
    });
  } else if (watch.deadlineMs - now >= forMs / 2) return;
  postpone(state, watch, now + forMs);
}

function watchesOf(state: State, tenant: TenantRecord): Watches {
  if (tenant.watches === undefined) {
    tenant.watches = { groups: new Map(), prefixes: new Map() };
    state.undo?.push(() => {
      tenant.watches = undefined;
    });
  }
  return tenant.watches;
}

function postpone(state: State, watch: WatchRecord, deadlineMs: number): void {
  const before = watch.deadlineMs;
  state.undo?.push(() => {
    watch.deadlineMs = before;
    if (before > 0) state.due.watch(watch);
  });
  watch.deadlineMs = deadlineMs;
  state.due.watch(watch);
  state.changes.watchSet(watch);
}

/** Deletes a watch that is due. */
export function deleteWatch(state: State, watch: WatchRecord): void {
  const { watched, name } = watch;
  const tenant = state.tenants.get(watch.tenant);
  const watches = tenant?.watches;
  if (tenant === undefined || watches === undefined) return;
  watches[watched].delete(name);
  tenant.bytes -= watchSize(name);
  if (watches.groups.size === 0 && watches.prefixes.size === 0) tenant.watches = undefined;
  state.undo?.push(() => {
    tenant.watches = watches;
    watches[watched].set(name, watch);
    tenant.bytes += watchSize(name);
    state.due.watch(watch);
  });
  state.changes.watchDeleted(watch);
  deleteIfEmpty(state, tenant);
}

/** Moves the deadlines of all watches, after the lease clock was advanced on purpose: clients are still there. */
export function postponeWatches(state: State, byMs: number): void {
  if (byMs <= 0) return;
  for (const { watches } of state.tenants.values()) {
    if (watches === undefined) continue;
    for (const watch of [...watches.groups.values(), ...watches.prefixes.values()])
      postpone(state, watch, watch.deadlineMs + byMs);
  }
}
