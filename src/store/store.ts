/**
 * The terms of the store and its interface. The store knows no protocol: tenants, groups, holders, documents and
 * topics are names that a protocol chose, and their contents are text or bytes that it never looks into.
 *
 * What every driver must keep (each line is an item of the shared contract suite):
 *
 * 1. A lease is live exactly while `now < deadline` on the lease clock; one that is due but not yet swept is already
 *    dead to every read and to `beat`.
 * 2. `beat` on a dead lease records `expired` first, then `granted`.
 * 3. Every grant raises the lease's epoch, every membership change the group's revision. A plain renewal changes the
 *    deadline and nothing else.
 * 4. A membership change and its event are one atomic step.
 * 5. `sweep` takes each expired lease exactly once, however many nodes sweep, with no leader.
 * 6. Never early. Dead to reads at once; its event at most one sweep interval plus one tick late.
 * 7. Nothing grows without bound: events are trimmed, empty groups leave no key behind, idle topics go.
 * 8. A commit with a stale version changes nothing and says so.
 */

/**
 * The unit of atomicity and of placement, written `<space>/<name>`: the space says whose tenant it is. Everything of
 * one tenant lives in one partition and changes in one atomic step.
 */
export type Tenant = string;

/** One step of a group's membership, as observers see it. Also what a group's event topic holds, as JSON. */
export interface LeaseEvent {
  readonly type: 'granted' | 'released' | 'expired' | 'changed';
  readonly group: string;
  readonly holder: string;
  readonly epoch: number;
  /** The group's revision after this step. */
  readonly revision: number;
  /** Members of the group after this step: replaying a group's events gives this number at every step. */
  readonly count: number;
  /** Wall time, ms since 1970. */
  readonly atMs: number;
  /** How long after its deadline an expiry was recorded, ms; 0 for every other type. */
  readonly lateMs: number;
  /** The lease's data at that step: what came with the grant, what it was changed to, what it had at its end. */
  readonly data: string | null;
}

/** A lease that is live now. */
export interface Lease {
  readonly group: string;
  readonly holder: string;
  /** Fencing token: greater than that of every earlier lease of this tenant. */
  readonly epoch: number;
  readonly ttlMs: number;
  readonly remainingMs: number;
  readonly data: string | null;
}

/** A document must be at this version; 0: it must not exist. */
export interface Guard {
  readonly collection: string;
  readonly key: string;
  readonly version: number;
}

export interface Beat {
  readonly tenant: Tenant;
  readonly holder: string;
  /** Absent: every group in which the holder is live; then nothing is ever granted. */
  readonly groups?: readonly BeatGroup[];
  /** Absent: the TTL of the lease so far, and for a new one `defaultTtlMs`. */
  readonly ttlMs?: number | undefined;
  readonly defaultTtlMs?: number;
  /** False: a dead or unknown lease stays so (`absent` in the answer), only live ones are renewed. */
  readonly grant: boolean;
  /** If any does not hold, nothing changes and the answer is `stale`. */
  readonly guards?: readonly Guard[];
  /**
   * How much the answer says of each lease: everything (the default), its state and the group's revision, or its state
   * alone. What is not said may be 0 and null.
   */
  readonly tell?: 'all' | 'revision' | 'state';
}

export interface BeatGroup {
  readonly group: string;
  /** Set with the grant, or on renewal if it differs (which is a `changed` event). Absent: left as it is. */
  readonly data?: string;
}

export interface BeatAnswer {
  readonly stale: boolean;
  /** In the order asked; for a beat without groups, one per group held. Empty if stale. */
  readonly leases: readonly BeatLease[];
}

export interface BeatLease {
  readonly group: string;
  readonly state: 'granted' | 'renewed' | 'absent';
  /** 0 if absent. */
  readonly epoch: number;
  /** The group's revision now; 0 for a group that has nobody. */
  readonly revision: number;
  /** The data after this beat. */
  readonly data: string | null;
}

export interface Release {
  readonly tenant: Tenant;
  readonly holder: string;
  /** Absent: every group in which the holder is live. */
  readonly groups?: readonly string[];
  /** True: recorded as `expired` instead of `released` (an operator who does not want to wait for the deadline). */
  readonly asExpired?: boolean;
}

export interface SetData {
  readonly tenant: Tenant;
  readonly group: string;
  readonly holder: string;
  readonly data: string | null;
  /** True: no `changed` event. */
  readonly quiet?: boolean;
}

export interface MembersPage {
  readonly tenant: Tenant;
  readonly group: string;
  /** Oldest grant first, so that pages are stable while members come and go at the end. */
  readonly offset: number;
  readonly limit: number;
}

export interface Members {
  readonly count: number;
  readonly revision: number;
  readonly leases: readonly Lease[];
}

export interface StoredDocument {
  readonly key: string;
  /** Never used twice in a tenant, also not after the document was deleted and made again. */
  readonly version: number;
  readonly value: string;
}

export interface DocumentWrite {
  readonly collection: string;
  readonly key: string;
  /** The version that it must have now; 0: it must not exist; absent: whatever is there. */
  readonly version?: number;
  /** Null deletes. */
  readonly value: string | null;
  /** A deadline of its own on the lease clock. Absent: none. */
  readonly ttlMs?: number;
}

export interface Append {
  readonly topic: string;
  /** Topics that get the same entry at the same position. Only without `after`. */
  readonly also?: readonly string[];
  readonly payload: Uint8Array;
  /**
   * Where the entry goes: absent, at a fresh timetoken; with `after`, at the topic's newest position + 1, and at
   * `after + 1` in an empty topic (dense positions, for logs whose readers count).
   */
  readonly after?: bigint;
  /** The newest so many entries stay. */
  readonly keepEntries: number;
  /** And of those, the newest whose payloads are not more than so many bytes together; the newest one in any case. */
  readonly keepBytes?: number;
  /** The topic goes when nothing was appended for so long on the lease clock. Absent: never. */
  readonly idleMs?: number;
}

/** All of it or nothing, in one atomic step: guards, then writes, then appends. */
export interface Commit {
  readonly tenant: Tenant;
  readonly guards?: readonly Guard[];
  readonly writes?: readonly DocumentWrite[];
  readonly appends?: readonly Append[];
}

export interface CommitAnswer {
  /** False: a guard or a version did not hold and nothing changed. */
  readonly committed: boolean;
  /** New versions in the order of `writes`; 0 for a deletion. */
  readonly versions: readonly number[];
  /** Positions in the order of `appends`. */
  readonly positions: readonly bigint[];
}

export interface TopicCursor {
  readonly topic: string;
  /** Entries with a greater position are wanted. */
  readonly after: bigint;
}

export interface TopicEntry {
  readonly topic: string;
  /** A timetoken (17 digits, units of 100 ns since 1970, strictly increasing within a tenant) or a dense position. */
  readonly position: bigint;
  readonly payload: Uint8Array;
}

export interface TopicBounds {
  /** Position of the oldest and newest entry that is kept; both 0 for a topic that does not exist. */
  readonly oldest: bigint;
  readonly newest: bigint;
  readonly entries: number;
}

export interface StoreNow {
  /** The lease clock: ms, comparable only with itself. */
  readonly leaseMs: number;
  /** Wall time of the store (Redis `TIME`, not this node's), ms since 1970. */
  readonly wallMs: number;
  /** A timetoken not below any that was handed out, and below every one to come. */
  readonly timetoken: bigint;
}

/** The topic that holds the `LeaseEvent`s of a group. */
export function leaseEventsTopic(group: string): string {
  return `leases:${group}`;
}

/**
 * A document in this collection, whose key is a prefix that ends in a dot, is somebody's interest in all groups below it:
 * while it is there, their events also appear in `eventsBelowTopic(prefix)`, at the same positions. Names have levels
 * between dots; prefixes of at most `maxWatchedLevels` levels are looked at.
 */
export const watchedPrefixes = 'watched-prefixes';
export const maxWatchedLevels = 2;

/** The topic that holds the events of all groups below a watched prefix. */
export function eventsBelowTopic(prefix: string): string {
  return `leases-below:${prefix}`;
}

/** Everything a driver is asked to do for a tenant, by name. One batch may hold commands of many tenants and kinds. */
export interface Commands {
  beat: { ask: Beat; answer: BeatAnswer };
  /** Answers the groups in which the holder was live. */
  release: { ask: Release; answer: readonly string[] };
  setData: { ask: SetData; answer: { readonly live: boolean; readonly changed: boolean } };
  read: { ask: { tenant: Tenant; group: string; holder: string }; answer: Lease | null };
  members: { ask: MembersPage; answer: Members };
  /** Live members of each group asked, in that order. */
  count: { ask: { tenant: Tenant; groups: readonly string[] }; answer: readonly number[] };
  /** Groups with at least one live member, in ascending order of name (code points), after `after`. */
  groups: { ask: { tenant: Tenant; after?: string; limit: number }; answer: readonly string[] };
  /** Groups in which the holder is live, sorted. */
  groupsOf: { ask: { tenant: Tenant; holder: string }; answer: readonly string[] };
  /** The documents asked, in that order; null where there is none. */
  readDocuments: {
    ask: { tenant: Tenant; documents: readonly { collection: string; key: string }[] };
    answer: readonly (StoredDocument | null)[];
  };
  /** All documents of a collection, sorted by key. */
  listDocuments: { ask: { tenant: Tenant; collection: string }; answer: readonly StoredDocument[] };
  commit: { ask: Commit; answer: CommitAnswer };
  /**
   * At most `limit` entries of all topics together: the oldest, in order of position. With `maxBytes`, of each topic no more
   * than that in payloads, but one entry at least.
   */
  readTopics: {
    ask: { tenant: Tenant; topics: readonly TopicCursor[]; limit: number; maxBytes?: number };
    answer: readonly TopicEntry[];
  };
  topicBounds: { ask: { tenant: Tenant; topics: readonly string[] }; answer: readonly TopicBounds[] };
  now: { ask: { tenant: Tenant }; answer: StoreNow };
  /** Forgets everything of the tenant, without events. */
  drop: { ask: { tenant: Tenant }; answer: null };
}

export type CommandName = keyof Commands;
export type Ask<N extends CommandName> = Commands[N]['ask'];
export type Answer<N extends CommandName> = Commands[N]['answer'];
export type Command = { [N in CommandName]: { readonly name: N; readonly ask: Ask<N> } }[CommandName];

/** One tenant's step, as the node that made it happen sees it. */
export interface TenantEvent extends LeaseEvent {
  readonly tenant: Tenant;
}

/** What became of one command of a batch, and the steps that it made: one bad item does not fail its batch. */
export type Outcome =
  | { readonly answer: Commands[CommandName]['answer']; readonly events?: readonly TenantEvent[] }
  | { readonly error: Error };

/** How long the event topics of groups are kept. */
export interface EventKeeping {
  /** A driver may keep more: steps of a group that were made together may count as one entry, up to 32. */
  readonly keepEntries: number;
  readonly idleMs: number;
}

/** What a presence subscriber may catch up on after a reconnect (20 minutes), and then some. */
export const defaultEventKeeping: EventKeeping = { keepEntries: 1_000, idleMs: 20 * 60_000 };

export interface TenantSize {
  readonly tenant: Tenant;
  /** Leases held, those counted too that are due and not yet swept. */
  readonly leases: number;
  readonly documents: number;
  readonly topics: number;
}

/** Takes what is due, for one partition, and ticks its clock. */
export interface Sweep {
  /** The expiries that this call recorded, oldest deadline first; each is in exactly one answer, on whatever node. */
  readonly expired: readonly TenantEvent[];
  /** True: the budget ran out and more is due now. */
  readonly more: boolean;
  /** How long until something may be due (a lower bound), ms; null: nothing is waiting. */
  readonly nextInMs: number | null;
}

export interface ClockReading {
  readonly leaseMs: number;
  readonly wallMs: number;
  readonly frozen: boolean;
}

/** How much of the store is served. */
export interface StoreHealth {
  /** Partitions that are not served, by reason; empty: all are served. */
  readonly away: { partitions: number[]; reason: string }[];
}

/** What a driver is: one small set of atomic steps over partitions. Everything else is built above it, once. */
export interface Driver {
  /** For people: `embedded (memory)`, `redis cluster …`; no credentials. */
  readonly description: string;
  readonly partitions: number;
  partitionOf(tenant: Tenant): number;
  /**
   * So many commands of a partition are worth a call before the turn of the event loop ends: a store in another process
   * can begin with them while this one still reads requests. Infinity where waiting costs nothing.
   */
  readonly eagerBatch: number;
  /**
   * Runs up to 256 commands of one partition. Commands of one kind keep their order; kinds may overtake each other.
   * Rejects with StoreUnavailable when the store cannot be reached or does not answer in time.
   */
  execute(partition: number, commands: readonly Command[]): Promise<Outcome[]>;
  /** `owner`: see `claimSweep`. `budget`: expiries at the most. */
  sweep(partition: number, owner: string, budget: number): Promise<Sweep>;
  /** While claimed (at most `forMs` of wall time; 0 gives it back), sweeps by other owners tick but take nothing. */
  claimSweep(partition: number, owner: string, forMs: number): Promise<void>;
  readClock(partition: number): Promise<ClockReading>;
  /** Moves the lease clock on by `advanceMs`, and freezes or thaws it. */
  setClock(partition: number, change: { advanceMs?: number; frozen?: boolean }): Promise<ClockReading>;
  tenants(partition: number): Promise<readonly TenantSize[]>;
  /**
   * Somebody here waits for appends in this partition, for the next `forMs` of wall time: only then need `onAppend` be
   * called. What is appended before this resolves may go unsaid.
   */
  attend(partition: number, forMs: number): Promise<void>;
  /** Called with every topic that may have something new, wherever it was appended; may be called too often. */
  onAppend(listener: (tenant: Tenant, topic: string) => void): void;
  /** Called when appends may have been missed (the connection was away): everybody who waits should look again. */
  onGap(listener: () => void): void;
  /** Resolves if any partition is served. Rejects with StoreUnavailable if none is. */
  ping(): Promise<StoreHealth>;
  close(): Promise<void>;
}

/** The store is away, or too slow to be waited for. Protocols answer with their own "server error". */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** The store as protocols and the operator side see it: `Commands` as methods, over all partitions. */
export interface Store {
  readonly description: string;
  beat(ask: Ask<'beat'>): Promise<Answer<'beat'>>;
  release(ask: Ask<'release'>): Promise<Answer<'release'>>;
  setData(ask: Ask<'setData'>): Promise<Answer<'setData'>>;
  read(ask: Ask<'read'>): Promise<Answer<'read'>>;
  members(ask: Ask<'members'>): Promise<Answer<'members'>>;
  count(ask: Ask<'count'>): Promise<Answer<'count'>>;
  groups(ask: Ask<'groups'>): Promise<Answer<'groups'>>;
  groupsOf(ask: Ask<'groupsOf'>): Promise<Answer<'groupsOf'>>;
  readDocuments(ask: Ask<'readDocuments'>): Promise<Answer<'readDocuments'>>;
  listDocuments(ask: Ask<'listDocuments'>): Promise<Answer<'listDocuments'>>;
  commit(ask: Ask<'commit'>): Promise<Answer<'commit'>>;
  readTopics(ask: Ask<'readTopics'>): Promise<Answer<'readTopics'>>;
  topicBounds(ask: Ask<'topicBounds'>): Promise<Answer<'topicBounds'>>;
  now(ask: Ask<'now'>): Promise<Answer<'now'>>;
  drop(ask: Ask<'drop'>): Promise<Answer<'drop'>>;
  /**
   * Resolves true as soon as one of the topics may hold something newer than its cursor, false after `timeoutMs` or
   * when the signal aborts. Costs one map entry per topic while it waits; looks at the store once, when it starts.
   */
  wait(ask: {
    readonly tenant: Tenant;
    readonly topics: readonly TopicCursor[];
    readonly timeoutMs: number;
    readonly signal?: AbortSignal;
  }): Promise<boolean>;
  /** All tenants that hold anything. */
  tenants(): Promise<readonly TenantSize[]>;
  /** Called on the node where it happened, after it happened; may be missed if that node dies. Never rely on it. */
  observe(listener: (event: TenantEvent) => void): () => void;
  /** The clock that is furthest behind, over all partitions. */
  readClock(): Promise<ClockReading>;
  /** Answers when everything that came due has been recorded, with what that was. */
  advanceClock(advanceMs: number): Promise<readonly TenantEvent[]>;
  freezeClock(frozen: boolean): Promise<void>;
  /** Resolves if any partition is served. Rejects with StoreUnavailable if none is. */
  ping(): Promise<StoreHealth>;
  /** Stops sweeping, ends every wait, answers what is under way, and lets the driver go. */
  close(): Promise<void>;
}
