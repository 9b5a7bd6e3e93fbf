/**
 * The store as protocols and the operator API use it. The store knows no protocol: tenants, groups, holders, documents
 * and topics are names that a protocol chooses, and their contents are text or bytes that the store does not read.
 */
import type { Input, Result } from './commands.ts';
import type { TopicCursor } from './documents.ts';
import type { ClockMoved, ClockReading, StoreHealth, TenantSize } from './driver.ts';
import type { EventRun } from './event-runs.ts';
import type { Tenant, TenantEvent } from './leases.ts';

export type { StoreNow } from './commands.ts';
export type * from './documents.ts';
export { leaseEventsBelowTopic, leaseEventsTopic } from './documents.ts';
export {
  type ClockMoved,
  type ClockReading,
  type StoreHealth,
  StoreUnavailable,
  TenantFull,
  type TenantSize,
  TooManyGroups,
} from './driver.ts';
export * from './dumps.ts';
export { type EventRun, eventAt } from './event-runs.ts';
export type * from './leases.ts';

/** All commands as methods, over all partitions. Every method rejects with StoreUnavailable if the store is away. */
export interface Store {
  /** Names the store in logs; without credentials. */
  readonly description: string;
  /** Whether other processes may use the same store. */
  readonly isShared: boolean;
  beat(input: Input<'beat'>): Promise<Result<'beat'>>;
  release(input: Input<'release'>): Promise<Result<'release'>>;
  setData(input: Input<'setData'>): Promise<Result<'setData'>>;
  read(input: Input<'read'>): Promise<Result<'read'>>;
  members(input: Input<'members'>): Promise<Result<'members'>>;
  count(input: Input<'count'>): Promise<Result<'count'>>;
  groups(input: Input<'groups'>): Promise<Result<'groups'>>;
  groupsOf(input: Input<'groupsOf'>): Promise<Result<'groupsOf'>>;
  readDocuments(input: Input<'readDocuments'>): Promise<Result<'readDocuments'>>;
  listDocuments(input: Input<'listDocuments'>): Promise<Result<'listDocuments'>>;
  commit(input: Input<'commit'>): Promise<Result<'commit'>>;
  readTopics(input: Input<'readTopics'>): Promise<Result<'readTopics'>>;
  watchEvents(input: Input<'watchEvents'>): Promise<Result<'watchEvents'>>;
  topicBounds(input: Input<'topicBounds'>): Promise<Result<'topicBounds'>>;
  now(input: Input<'now'>): Promise<Result<'now'>>;
  drop(input: Input<'drop'>): Promise<Result<'drop'>>;
  dump(input: Input<'dump'>): Promise<Result<'dump'>>;
  load(input: Input<'load'>): Promise<Result<'load'>>;
  /**
   * Calls the listener with each tenant that was dropped or loaded, on any node, until the returned function is called. A change on another
   * node is told only where something waits for topics of the tenant's partition.
   */
  observeResets(listener: (tenant: Tenant) => void): () => void;
  /**
   * Resolves with true as soon as one of the topics may hold an entry after its cursor, or the tenant's clock was moved; with
   * false after `timeoutMs` or when the signal aborts. Costs one map entry per topic while it waits; reads the store once, at the start.
   */
  wait(input: TopicWait): Promise<boolean>;
  /** Returns all tenants that hold anything, without those in which nodes keep what they share. */
  tenants(): Promise<readonly TenantSize[]>;
  /**
   * Calls the listener with each event of this node, after it was recorded, until the returned function is called. Events
   * are lost if the node dies; nothing may rely on them.
   */
  observe(listener: (event: TenantEvent) => void): () => void;
  /** As `observe`, with events that are alike at once: thousands of leases may end in one step. */
  observeRuns(listener: (run: EventRun) => void): () => void;
  /** Calls the listener with each lease that this node renews, until the returned function is called. */
  observeRenewals(listener: (renewal: Renewal) => void): () => void;
  /** Returns the clock of a tenant; without one the clock that is furthest behind, over all partitions. */
  readClock(tenant?: Tenant): Promise<ClockReading>;
  /** Returns the reading of a tenant's lease clock at once where this process keeps that clock; undefined over Redis. */
  knownLeaseMs(tenant: Tenant): number | undefined;
  /**
   * Advances the lease clock of a tenant, or of all that are not frozen by themselves. Resolves when everything that became due
   * has been recorded, with those events.
   */
  advanceClock(advanceMs: number, tenant?: Tenant): Promise<readonly TenantEvent[]>;
  /** Advances one clock like `advanceClock`. Returns by how much, and what expired, which may be nothing. */
  stepClock(scope: ClockScope, advance: ClockAdvance): Promise<ClockStep>;
  freezeClock(tenant?: Tenant): Promise<void>;
  thawClock(tenant?: Tenant): Promise<void>;
  /** Lets the tenant follow the common clock again: it is thawed and loses what it was moved by. Its deadlines stay. */
  followClock(tenant: Tenant): Promise<void>;
  /** Returns the tenants that have a clock of their own. */
  ownClocks(): Promise<readonly Tenant[]>;
  /** Number of partitions, each with a clock that its tenants follow. */
  readonly partitions: number;
  partitionOf(tenant: Tenant): number;
  /** Resolves if any partition is served. Rejects with StoreUnavailable if none is. */
  ping(): Promise<StoreHealth>;
  /** Stops sweeping, ends every wait, waits for the commands in progress, and closes the driver. */
  close(): Promise<void>;
}

/** A lease that a beat renewed. */
export interface Renewal {
  readonly tenant: Tenant;
  readonly group: string;
  readonly holder: string;
}

/** Whose clock is moved: that of one tenant, or that which the tenants of a partition follow. */
export type ClockScope = { readonly tenant: Tenant } | { readonly partition: number };

export interface ClockAdvance {
  readonly advanceMs: number;
  /** True: the advance stops where something may be due next. */
  readonly toNext: boolean;
}

export interface ClockStep {
  readonly clock: ClockMoved;
  readonly expired: readonly TenantEvent[];
}

export interface TopicWait {
  readonly tenant: Tenant;
  readonly topics: readonly TopicCursor[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}
