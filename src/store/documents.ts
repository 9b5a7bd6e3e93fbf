/** Documents and topics: what is stored of them, and what the commands that change and read them take and return. */
import type { Guard, Tenant } from './leases.ts';
import { leaseEventsPrefix } from './limits.ts';

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

/** Guards, writes and appends in one atomic step: all of them or none. */
export interface Commit {
  readonly tenant: Tenant;
  readonly guards?: readonly Guard[];
  readonly writes?: readonly DocumentWrite[];
  readonly appends?: readonly Append[];
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

/** Returns the topic that holds the `LeaseEvent`s of a group. */
export function leaseEventsTopic(group: string): string {
  return leaseEventsPrefix + group;
}
