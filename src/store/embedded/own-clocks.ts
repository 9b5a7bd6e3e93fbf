/** Clocks of single tenants: a tenant has one from the first time that it is moved or frozen by itself. */
import type { ClockChange, ClockMoved, ClockReading } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { changeClock, checkAdvance, checkDate, readDate, readLeaseClock } from '../runtime/lease-clock.ts';
import { DueQueue } from './leases/due-queue.ts';
import type { DueItems, OwnClock } from './records.ts';
import { dueOf, itemsOf, never, readOwnClock, type State } from './state.ts';

/** Reads the clock of a tenant, or that of the partition, at a wall time. */
export function readClock(state: State, tenant?: Tenant, wallMs: number = state.wallMs()): ClockReading {
  const leaseMs = readLeaseClock(state.clock, wallMs);
  const own = tenant === undefined ? undefined : state.clocks.get(tenant);
  const { frozen } = state.clock;
  if (own === undefined)
    return { leaseMs, wallMs, dateMs: readDate(state.clock, wallMs), frozen, offsetMs: 0 };
  const reading = readOwnClock(state.clock, own, wallMs);
  return { ...reading, wallMs, frozen: frozen || own.frozen !== null, offsetMs: reading.leaseMs - leaseMs };
}

/** Changes the clock of a tenant, or that of the partition. Throws RangeError for an advance that is refused. */
export function setClock(state: State, change: ClockChange): ClockMoved {
  const { tenant, advanceMs = 0, toNext = false, frozen, follow } = change;
  const wallMs = state.wallMs();
  checkAdvance(advanceMs, readClock(state, tenant, wallMs).dateMs);
  const most = toNext ? untilDue(state, tenant, wallMs) : never;
  const advancedMs = Math.min(Math.floor(advanceMs), most);
  if (tenant === undefined) {
    const movement = { advanceMs: advancedMs, ...(frozen === undefined ? {} : { frozen }) };
    state.clock = changeClock(state.clock, wallMs, movement);
  } else if (follow === true) dropOwnClock(state, tenant);
  else if (advanceMs > 0 || frozen !== undefined) {
    const own = giveOwnClock(state, tenant);
    undoChange(state, own);
    const { leaseMs, dateMs } = readOwnClock(state.clock, own, wallMs);
    own.offsetMs = leaseMs + advancedMs - readLeaseClock(state.clock, wallMs);
    const stands = frozen ?? own.frozen !== null;
    own.frozen = stands ? { leaseMs: leaseMs + advancedMs, dateMs: dateMs + advancedMs } : null;
    state.changes.clockSet(tenant, own);
  }
  return { ...readClock(state, tenant, wallMs), advancedMs };
}

/** Sets a tenant's own clock, whatever it was before. Throws RangeError for a date before 1970 or after the last one. */
export function placeOwnClock(
  state: State,
  tenant: Tenant,
  { offsetMs, frozen, lastMicros }: Pick<OwnClock, 'offsetMs' | 'lastMicros'> & { readonly frozen: boolean },
): void {
  const reading = readOwnClock(state.clock, { offsetMs, frozen: null }, state.wallMs());
  checkDate(reading.dateMs);
  const own = giveOwnClock(state, tenant);
  undoChange(state, own);
  own.offsetMs = offsetMs;
  own.frozen = frozen ? reading : null;
  own.lastMicros = Math.max(own.lastMicros, lastMicros);
  state.changes.clockSet(tenant, own);
}

/** Returns the ms until something of the tenant, or of any tenant whose clock runs, may be due; never if nothing will be. */
function untilDue(state: State, tenant: Tenant | undefined, wallMs: number): number {
  const untilOwn = (own: OwnClock): number =>
    Math.max(own.due.earliestMs - readOwnClock(state.clock, own, wallMs).leaseMs, 0);
  if (tenant !== undefined) return untilOwn(giveOwnClock(state, tenant));
  const running = [...state.clocks.values()].filter(({ frozen }) => frozen === null);
  const untilOthers = Math.max(state.due.earliestMs - readLeaseClock(state.clock, wallMs), 0);
  return Math.min(untilOthers, ...running.map(untilOwn));
}

/** Returns the tenant's own clock; one that it did not have before reads as the partition's. */
function giveOwnClock(state: State, tenant: Tenant): OwnClock {
  const known = state.clocks.get(tenant);
  if (known !== undefined) return known;
  const own: OwnClock = { offsetMs: 0, frozen: null, lastMicros: state.lastMicros, due: new DueQueue() };
  watchAll(state, tenant, own.due);
  state.clocks.set(tenant, own);
  state.undo?.push(() => {
    watchAll(state, tenant, state.due);
    state.clocks.delete(tenant);
  });
  return own;
}

function undoChange(state: State, own: OwnClock): void {
  const { offsetMs, frozen } = own;
  state.undo?.push(() => Object.assign(own, { offsetMs, frozen }));
}

/** Lets the tenant follow the partition's clock again. */
function dropOwnClock(state: State, tenant: Tenant): void {
  const own = state.clocks.get(tenant);
  if (own === undefined) return;
  undoChange(state, own);
  own.offsetMs = 0;
  own.frozen = null;
  state.changes.clockSet(tenant, own);
  removeOwnClock(state, tenant, own);
}

/**
 * Removes a clock that reads as the partition's. It stays while the tenant holds topics whose timetokens are greater than
 * those of the partition, for timetokens never go back.
 */
export function removeOwnClock(state: State, tenant: Tenant, own: OwnClock): void {
  const isAhead = own.lastMicros > Math.max(state.lastMicros, readDate(state.clock, state.wallMs()) * 1_000);
  if (isAhead && (state.tenants.get(tenant)?.topics.size ?? 0) > 0) return;
  watchAll(state, tenant, state.due);
  state.clocks.delete(tenant);
  state.undo?.push(() => {
    watchAll(state, tenant, own.due);
    state.clocks.set(tenant, own);
  });
  state.changes.clockRemoved(tenant);
}

/** Moves what the tenant has in its present queue to another. */
function watchAll(state: State, tenant: Tenant, to: DueItems): void {
  const record = state.tenants.get(tenant);
  if (record === undefined) return;
  const from = dueOf(state, tenant);
  for (const item of itemsOf(record)) {
    if (item.slot === -1) continue;
    from.remove(item);
    to.watch(item);
  }
}
