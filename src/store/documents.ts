/** Documents and topics: what is stored of them, and what the commands that change and read them take and return. */
import type { Guard, Tenant } from './leases.ts';
import { leaseEventsBelowPrefix, leaseEventsPrefix } from './limits.ts';

export interface StoredDocument {
  readonly key: string;
  /** Never used twice in a tenant, also not after the document was deleted and created again. */
  readonly version: number;
  readonly value: string;
}

export interface DocumentWrite {
  readonly collection: string;
  readonly key: string;
  /** The version that it must have; 0: it must not exist; absent: any. */
  readonly version?: number;
  /** Null deletes. */
  readonly value: string | null;
  /** Time to live on the lease clock, ms. Absent: no deadline. */
  readonly ttlMs?: number;
}

export interface Append {
  readonly topic: string;
  /** Further topics that get the same entry at the same position. Only without `after`. */
  readonly also?: readonly string[];
  readonly payload: Uint8Array;
  /**
   * Where the entry is appended. Absent: at a fresh timetoken. Else at the topic's newest position + 1, and in an empty
   * topic at `after + 1`: dense positions, for logs whose readers count.
   */
  readonly after?: bigint;
  /** Maximum number of entries; older ones are removed. */
  readonly keepEntries: number;
  /** Maximum size of the payloads together, bytes; older entries are removed, never the newest. */
  readonly keepBytes?: number;
  /** The topic is removed when nothing was appended for this long on the lease clock. Absent: never. */
  readonly idleMs?: number;
}

/** An event of a group that no change of a lease makes. */
export interface GroupEvent {
  readonly group: string;
  readonly payload: Uint8Array;
  readonly keepEntries: number;
  readonly idleMs: number;
}

/** Guards, writes, appends and events in one atomic step: all of them or none. */
export interface Commit {
  readonly tenant: Tenant;
  readonly guards?: readonly Guard[];
  readonly writes?: readonly DocumentWrite[];
  readonly appends?: readonly Append[];
  /** Each is appended to the event topics of its group that are watched, at a fresh timetoken; to none if none is. */
  readonly events?: readonly GroupEvent[];
  /**
   * True: never rejected with TenantFull. For what the server writes so that leases are renewed, handed over and ended, and that is
   * bounded by what clients were granted.
   */
  readonly isExempt?: boolean;
}

export interface CommitResult {
  /** False: a guard or a version did not match and nothing changed. */
  readonly committed: boolean;
  /** New versions in the order of `writes`; 0 for a deletion. */
  readonly versions: readonly number[];
  /** Positions in the order of `appends`. */
  readonly positions: readonly bigint[];
}

export interface TopicCursor {
  readonly topic: string;
  /** Entries with a greater position are returned. */
  readonly after: bigint;
}

export interface TopicEntry {
  readonly topic: string;
  /** A timetoken (17 digits, units of 100 ns since 1970, strictly increasing within a tenant) or a dense position. */
  readonly position: bigint;
  readonly payload: Uint8Array;
}

export interface TopicBounds {
  /** Position of the oldest and newest entry; both 0 for a topic that does not exist. */
  readonly oldest: bigint;
  readonly newest: bigint;
  readonly entries: number;
}

/**
 * Requests that the events of groups are recorded in topics: an event goes to the topic of its group, and to those of the
 * prefixes of its name, as far as they are watched at that moment. What happened before a watch is in no topic.
 */
export interface EventWatch {
  readonly tenant: Tenant;
  /** Their events are recorded in `leaseEventsTopic(group)`. */
  readonly groups: readonly string[];
  /** The events of all groups whose names start with one are recorded in `leaseEventsBelowTopic(prefix)`. */
  readonly prefixes: readonly string[];
  /**
   * How long a new watch lasts, ms. One that exists is extended to that when less than half of it is left, so that it need
   * not be written each time. A watch runs on the lease clock, except that advancing that clock does not shorten it.
   */
  readonly forMs: number;
  /**
   * Where a watch begins, the grants of this holder after `since` are recorded as if they happened now, if its leases are
   * still live: a client that watches and beats at the same time receives its own grant, whichever of the two is first.
   */
  readonly own?: { readonly holder: string; readonly since: number };
}

/** What was reached when the watches were set: every later event of a watched group is recorded after it. */
export interface WatchedFrom {
  /** As `timetoken` of `now`. */
  readonly timetoken: bigint;
  /** As `sequence` of `now`. */
  readonly sequence: number;
}

/** Returns the topic that holds the `LeaseEvent`s of a group while it is watched. */
export function leaseEventsTopic(group: string): string {
  return leaseEventsPrefix + group;
}

/** Returns the topic that holds the `LeaseEvent`s of all groups whose names start with a prefix while it is watched. */
export function leaseEventsBelowTopic(prefix: string): string {
  return leaseEventsBelowPrefix + prefix;
}
