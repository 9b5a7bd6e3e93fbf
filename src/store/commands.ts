/** The commands that the store runs for a tenant, by name. */
import type {
  Commit,
  CommitResult,
  EventWatch,
  StoredDocument,
  TopicBounds,
  TopicCursor,
  TopicEntry,
  WatchedFrom,
} from './documents.ts';
import type { Load, TenantDump } from './dumps.ts';
import type { Beat, BeatResult, Lease, Members, MembersPage, Release, SetData, Tenant } from './leases.ts';

export interface StoreNow {
  /** The tenant's lease clock: ms, comparable only with itself. */
  readonly leaseMs: number;
  /** Wall time of the store (Redis `TIME`, not this node's), ms since 1970. */
  readonly wallMs: number;
  /** What clients see as the date, ms since 1970: wall time, moved and frozen with the tenant's lease clock. */
  readonly dateMs: number;
  /** A timetoken at the date that is not below any earlier one of the tenant and below every later one. */
  readonly timetoken: bigint;
  /** Not below any earlier epoch, revision or version of the tenant, and below every later one. */
  readonly sequence: number;
}

/** What each command takes and returns. A batch may hold commands of many tenants and kinds. */
export interface Commands {
  beat: { input: Beat; result: BeatResult };
  /** Returns the groups in which the holder was live. */
  release: { input: Release; result: readonly string[] };
  setData: { input: SetData; result: { readonly live: boolean; readonly changed: boolean } };
  read: { input: { tenant: Tenant; group: string; holder: string }; result: Lease | null };
  members: { input: MembersPage; result: Members };
  /** Returns the number of live members of each group, in the order of `groups`. */
  count: { input: { tenant: Tenant; groups: readonly string[] }; result: readonly number[] };
  /** Returns the groups with at least one live member, in ascending order of name (code points), after `after`. */
  groups: { input: { tenant: Tenant; after?: string; limit: number }; result: readonly string[] };
  /** Returns the groups in which the holder is live, sorted. */
  groupsOf: { input: { tenant: Tenant; holder: string }; result: readonly string[] };
  /** Returns the documents in the order of `documents`; null for one that does not exist. */
  readDocuments: {
    input: { tenant: Tenant; documents: readonly { collection: string; key: string }[] };
    result: readonly (StoredDocument | null)[];
  };
  /** Returns all documents of a collection, sorted by key. */
  listDocuments: { input: { tenant: Tenant; collection: string }; result: readonly StoredDocument[] };
  commit: { input: Commit; result: CommitResult };
  /**
   * Returns the oldest entries of all topics together, in order of position: at most `limit`, and after the first at most
   * `maxBytes` of payloads. Whatever clients can make large is read with `maxBytes`.
   */
  readTopics: {
    input: { tenant: Tenant; topics: readonly TopicCursor[]; limit: number; maxBytes?: number };
    result: readonly TopicEntry[];
  };
  watchEvents: { input: EventWatch; result: WatchedFrom };
  topicBounds: { input: { tenant: Tenant; topics: readonly string[] }; result: readonly TopicBounds[] };
  now: { input: { tenant: Tenant }; result: StoreNow };
  /** Deletes all data of the tenant, without events. Watches stay: those who set them still wait for events. */
  drop: { input: { tenant: Tenant }; result: null };
  /** Returns all that is live of the tenant, as of one moment. Rejects with DumpTooLarge. */
  dump: { input: { tenant: Tenant }; result: TenantDump };
  /**
   * Replaces all data of the tenant and its clock, without events; watches stay. Epochs, revisions, versions and positions are
   * those of the dump, and every later one is greater. Rejects with RangeError for a clock that would be before 1970 or after the last date.
   */
  load: { input: Load; result: null };
}

export type CommandName = keyof Commands;
export type Input<N extends CommandName> = Commands[N]['input'];
export type Result<N extends CommandName> = Commands[N]['result'];
export type Command = { [N in CommandName]: { readonly name: N; readonly input: Input<N> } }[CommandName];
