/** The records that the embedded driver holds in memory. */
import type { Tenant, TenantEvent } from '../leases.ts';
import type { Due, DueQueue } from './leases/due-queue.ts';

/** The deadline of a lease that ended by itself and is still among the members of its group, until a sweep removes it. */
export const ended = Number.NEGATIVE_INFINITY;

export interface LeaseRecord extends Due {
  readonly kind: 'lease';
  readonly tenant: TenantRecord;
  readonly group: GroupRecord;
  readonly holder: string;
  epoch: number;
  ttlMs: number;
  data: string | null;
  /** Of the data; 0 for none. */
  version: number;
  /** The deadline in the file, which may be later than its own; 0: it is not in a file yet. */
  writtenMs: number;
  /** Its row in the file; 0: it has none. No row is used twice. */
  row: number;
}

export interface GroupRecord {
  readonly name: string;
  revision: number;
  /** Its row in the file; 0: it has none. No row is used twice. */
  row: number;
  /** In the order of their grants: the map keeps it, since a lease that is granted again is inserted anew. */
  readonly members: Map<string, LeaseRecord>;
  /** How many of the members have ended and are not removed yet. */
  ended: number;
}

/** Returns the number of members that have not ended. Some may be due. */
export const memberCount = ({ members, ended }: GroupRecord): number => members.size - ended;

export interface DocumentRecord extends Due {
  readonly kind: 'document';
  readonly tenant: TenantRecord;
  readonly collection: string;
  readonly key: string;
  version: number;
  value: string;
}

export interface Entry {
  readonly position: bigint;
  /** A lease event is encoded when it is first read: most events are never read. */
  payload: Uint8Array | TenantEvent;
  /** Size of the payload when it was appended. */
  readonly bytes: number;
}

export interface TopicRecord extends Due {
  readonly kind: 'topic';
  readonly tenant: TenantRecord;
  readonly name: string;
  /** Oldest first; those before `start` are already trimmed. */
  entries: Entry[];
  start: number;
  newest: bigint;
  /** Size of the payloads that are kept. */
  bytes: number;
}

/** What has a deadline. */
export type DueItem = LeaseRecord | DocumentRecord | TopicRecord | WatchRecord;
export type DueItems = DueQueue<DueItem>;

/** The clock of a tenant that was moved or frozen by itself. */
export interface OwnClock {
  /** By how much it is ahead of the partition's clock, ms; while it is frozen, what it was then. */
  offsetMs: number;
  /** Where it stands; null while it runs. */
  frozen: { readonly leaseMs: number; readonly dateMs: number } | null;
  /** The tenant's last timetoken, in whole microseconds. */
  lastMicros: number;
  /** What of the tenant has a deadline, in its time. */
  readonly due: DueItems;
}

/** The leases of a holder: its only one, or several by group. */
export type Held = LeaseRecord | Map<string, LeaseRecord>;

/** A watch of the events of a group, or of the groups below a prefix. */
export interface WatchRecord extends Due {
  readonly kind: 'watch';
  /** Its name: a watch outlives the record of a tenant that is dropped. */
  readonly tenant: Tenant;
  readonly watched: keyof Watches;
  /** The group or the prefix. */
  readonly name: string;
}

/** The watches of a tenant, by name. */
export interface Watches {
  readonly groups: Map<string, WatchRecord>;
  readonly prefixes: Map<string, WatchRecord>;
}

export interface TenantRecord {
  readonly name: Tenant;
  readonly groups: Map<string, GroupRecord>;
  /** By holder; a holder without leases has no entry. */
  readonly holders: Map<string, Held>;
  readonly collections: Map<string, Map<string, DocumentRecord>>;
  readonly topics: Map<string, TopicRecord>;
  /** Undefined while there are none. */
  watches: Watches | undefined;
  leases: number;
  documents: number;
  /** What all of it counts for (`sizes.ts`). */
  bytes: number;
}

/** Reverts one change. Adds each group whose members may be out of order to `disordered`. */
export type Revert = (disordered: Set<GroupRecord>) => void;

/** Returns the payload of an entry; encodes it if it is a lease event. */
export function payloadOf(entry: Entry): Uint8Array {
  if (!(entry.payload instanceof Uint8Array)) {
    const { tenant: _, ...event } = entry.payload;
    entry.payload = Buffer.from(JSON.stringify(event));
  }
  return entry.payload;
}
