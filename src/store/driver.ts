/**
 * What a driver implements: a small set of atomic steps over partitions. All else (batches, sweeping, waiting) is built
 * on it once, in `runtime`.
 *
 * Every driver keeps the following. The contract suite (`test/contract`) tests each item on each driver.
 *
 * 1. A lease is live exactly while `now < deadline` on the lease clock. One that is due but not yet swept is already dead
 *    to every read and to `beat`.
 * 2. `beat` on a dead lease records `expired` first, then `granted`.
 * 3. Every grant raises the lease's epoch, every membership change the group's revision. A plain renewal changes the
 *    deadline only.
 * 4. A membership change and its event are one atomic step.
 * 5. `sweep` takes each expired lease exactly once, on any number of nodes, without a leader.
 * 6. Never early. An expired lease is dead to reads at once; its event is at most one sweep interval plus one tick late.
 * 7. Nothing grows without bound: events are trimmed, empty groups leave no key, idle topics are removed.
 * 8. A commit with a stale version changes nothing and reports it.
 * 9. A group has an event topic only while it is watched, and from the watch on no event is missing there.
 * 10. Each tenant has a lease clock: that of its partition, or one of its own once it was moved or frozen by itself. To move or
 *    freeze it changes nothing for any other tenant. Deadlines, timetokens and dates of events are in the tenant's time.
 * 11. A tenant that is dumped, and loaded here or elsewhere, is as it was: names, data, epochs, revisions, versions, positions, and the
 *   time that remains. A load is one atomic step, and no event is recorded.
 */
import type { Command, CommandName, Commands } from './commands.ts';
import type { EventRun } from './event-runs.ts';
import type { Tenant, TenantEvent } from './leases.ts';
import { maxGroupsPerHolder } from './limits.ts';

/** The result of one command of a batch and the events that it caused, or its own error. */
export type Outcome =
  | { readonly result: Commands[CommandName]['result']; readonly events?: readonly TenantEvent[] }
  | { readonly error: Error; readonly events?: readonly TenantEvent[] };

/** How long the event topics of groups are kept. */
export interface EventRetention {
  /** Maximum number of entries. A driver may keep up to `maxEventsPerEntry` events of one step as one entry. */
  readonly keepEntries: number;
  readonly idleMs: number;
}

/** Covers what a presence subscriber may catch up on after a reconnect (20 minutes). */
export const defaultEventRetention: EventRetention = { keepEntries: 1_000, idleMs: 20 * 60_000 };

/** What one sweep of a partition took. */
export interface Sweep {
  /** The expiries that this call recorded, oldest deadline first; each is in exactly one result, on any node. */
  readonly expired: readonly EventRun[];
  /** True: the budget was used up and more is due now. */
  readonly more: boolean;
  /** Lower bound of the time until something is due, ms; null: nothing has a deadline. */
  readonly nextInMs: number | null;
  /** True: something is due that only another owner may sweep, and this one has no claim. */
  readonly heldBack?: boolean;
}

/** The lease clock of a tenant, or that of a partition, which tenants follow unless they were moved or frozen by themselves. */
export interface ClockReading {
  readonly leaseMs: number;
  readonly wallMs: number;
  /** What clients see as the date, ms since 1970: wall time, moved and frozen with the lease clock. */
  readonly dateMs: number;
  readonly frozen: boolean;
  /** By how much the tenant's lease clock is ahead of the partition's, ms; negative after it was frozen for a while. */
  readonly offsetMs: number;
}

/** A change of one clock; all parts of it are made in one step. */
export interface ClockChange {
  /** Absent: the partition's clock, which all tenants follow that are not frozen by themselves. */
  readonly tenant?: Tenant | undefined;
  readonly advanceMs?: number;
  /** True: the advance stops where something of the tenant, or of any tenant, may be due. */
  readonly toNext?: boolean;
  readonly frozen?: boolean;
  /** True: the tenant follows the partition's clock again; nothing else is changed. Its deadlines stay where they are. */
  readonly follow?: boolean;
}

export interface ClockMoved extends ClockReading {
  /** By how much this change advanced the clock, ms. */
  readonly advancedMs: number;
}

/** How much of the store is served. */
export interface StoreHealth {
  /** Partitions that are not served, by reason; empty: all are served. */
  readonly away: { partitions: number[]; reason: string }[];
  /** Partitions that serve reads and renewals but refuse what needs space, by reason: the disk or the memory is full. */
  readonly refusing: { partitions: number[]; reason: string }[];
}

export interface TenantSize {
  readonly tenant: Tenant;
  /** Leases held, including those that are due and not yet swept. */
  readonly leases: number;
  readonly documents: number;
  readonly topics: number;
  /** Names and contents of all of it, and a fixed number for each (`limits.ts`). */
  readonly bytes: number;
}

/** A beat would grant its holder more than `maxGroupsPerHolder` leases; it changed nothing. */
export class TooManyGroups extends Error {
  override readonly name = 'TooManyGroups';

  constructor(holder: string) {
    super(`${holder} would be in more than ${maxGroupsPerHolder} groups`);
  }
}

/** The store cannot be reached, or did not reply in time. Protocols reply with their own "server error". */
export class StoreUnavailable extends Error {
  override readonly name: string = 'StoreUnavailable';
}

/** How much tenants may hold. */
export interface TenantBounds {
  /** Maximum of the bytes of one tenant; 0: none. */
  readonly maxTenantBytes: number;
  /** Maximum number of tenants that hold anything; 0: none. */
  readonly maxTenants: number;
}

/**
 * The tenant would hold more bytes than it may, or would be one tenant more than the store may have. What only renews, reads, releases or
 * deletes is never refused, nor is a commit that is exempt for its bytes. A beat has renewed what existed all the same.
 */
export class TenantFull extends StoreUnavailable {
  override readonly name = 'TenantFull';
  readonly tenant: Tenant;
  /** The setting that is reached. */
  readonly bound: 'MAX_TENANT_BYTES' | 'MAX_TENANTS';

  constructor(tenant: Tenant, bound: TenantFull['bound'] = 'MAX_TENANT_BYTES') {
    super(
      bound === 'MAX_TENANTS'
        ? `${tenant} would be one tenant more than MAX_TENANTS allows`
        : `${tenant} holds as many bytes as MAX_TENANT_BYTES allows`,
    );
    this.tenant = tenant;
    this.bound = bound;
  }
}

export interface Driver {
  /** Names the store in logs: `embedded (memory)`, `redis cluster …`; without credentials. */
  readonly description: string;
  readonly partitions: number;
  partitionOf(tenant: Tenant): number;
  /**
   * Number of commands at which a partition's batch is sent before the turn of the event loop ends, so that a store in
   * another process can begin while this one still reads requests. Infinity: never early.
   */
  readonly earlyFlushSize: number;
  /**
   * Runs up to 256 commands of one partition. Commands of one kind keep their order; kinds may overtake each other.
   * Rejects with StoreUnavailable if the store cannot be reached or does not reply in time.
   */
  execute(partition: number, commands: readonly Command[]): Promise<Outcome[]>;
  /** Maximum number of expiries of one sweep: it keeps the call near a millisecond for other clients of the store. */
  readonly sweepSize: number;
  /**
   * Ticks the lease clock and takes what is due. `owner`: see `claimSweep`. `budget`: maximum number of expiries. A driver in this process
   * returns within some milliseconds, whatever the budget, so that requests are served between two calls.
   */
  sweep(partition: number, owner: string, budget: number): Promise<Sweep>;
  /**
   * Lets only this owner sweep what a tenant's own clock makes due, for `forMs` of wall time, or without a tenant all that is not claimed
   * so; the claim of another owner ends with that. 0 ends the owner's claim. A driver in this process has one claim, for all.
   */
  claimSweep(partition: number, owner: string, forMs: number, tenant?: Tenant): Promise<void>;
  /** Reads the clock of a tenant, or that of the partition. */
  readClock(partition: number, tenant?: Tenant): Promise<ClockReading>;
  /** Returns the reading of a tenant's lease clock. Absent: another process keeps it. */
  leaseMs?(tenant: Tenant): number;
  /** Changes a clock. Rejects with RangeError for a negative advance, and for one beyond the last date (`limits.ts`). */
  setClock(partition: number, change: ClockChange): Promise<ClockMoved>;
  tenants(partition: number): Promise<readonly TenantSize[]>;
  /** Returns the tenants of the partition that have a clock of their own. */
  ownClocks(partition: number): Promise<readonly Tenant[]>;
  /**
   * Requests append notifications for this partition, for `forMs` of wall time. Without a request `onAppend` need not be
   * called. An append before this resolves may not be notified.
   */
  watchAppends(partition: number, forMs: number): Promise<void>;
  /**
   * Sets the listener that is called with each topic that may have new entries, on any node; it may be called too often. It is
   * also called with `clockMovedTopic` (`limits.ts`) when a tenant's clock was moved, and with tenant '' when all were; and with
   * `tenantResetTopic` when a tenant was dropped or loaded.
   */
  onAppend(listener: (tenant: Tenant, topic: string) => void): void;
  /** Sets the listener that is called when notifications may have been lost, after which all waiters must read again. */
  onGap(listener: () => void): void;
  /** Resolves if any partition is served. Rejects with StoreUnavailable if none is. */
  ping(): Promise<StoreHealth>;
  close(): Promise<void>;
}
