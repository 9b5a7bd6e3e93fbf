/** What the driver reports of each change, for the file to record. */
import type { Tenant } from '../../leases.ts';
import type {
  DocumentRecord,
  Entry,
  LeaseRecord,
  OwnClock,
  TenantRecord,
  TopicRecord,
  WatchRecord,
} from '../records.ts';

/** Receives every change, in order. A file writes the changes of a batch before the batch has its results. */
export interface ChangeLog {
  /** Only the deadline changed. */
  leaseRenewed(lease: LeaseRecord): void;
  /** The TTL and the deadline changed. */
  ttlChanged(lease: LeaseRecord): void;
  leaseSet(lease: LeaseRecord): void;
  /** `revisions`: those of their groups after each. */
  leasesEnded(leases: readonly LeaseRecord[], revisions: readonly number[]): void;
  documentSet(document: DocumentRecord): void;
  documentDeleted(document: DocumentRecord): void;
  /** `oldest`: the position of the oldest entry that is kept. */
  entryAppended(topic: TopicRecord, entry: Entry, oldest: bigint): void;
  topicDeleted(topic: TopicRecord): void;
  watchSet(watch: WatchRecord): void;
  watchDeleted(watch: WatchRecord): void;
  /** Everything but the watches of the tenant, as it was. */
  tenantDropped(tenant: TenantRecord): void;
  /** A tenant's own clock was moved, frozen or thawed. */
  clockSet(tenant: Tenant, clock: OwnClock): void;
  clockRemoved(tenant: Tenant): void;
}

/** Records nothing: the store is in memory only. */
export const noChangeLog: ChangeLog = {
  leaseRenewed() {},
  ttlChanged() {},
  leaseSet() {},
  leasesEnded() {},
  documentSet() {},
  documentDeleted() {},
  entryAppended() {},
  topicDeleted() {},
  watchSet() {},
  watchDeleted() {},
  tenantDropped() {},
  clockSet() {},
  clockRemoved() {},
};
