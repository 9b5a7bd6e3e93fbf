/** A consumer group as a process knows it, and where its parts are in the store. */
import { type Static, Type } from '@sinclair/typebox';
import type { Guard, Tenant } from '../../../../store/store.ts';
import { type DocumentKind, documentKinds } from '../../../kit/documents.ts';
import type { Subject } from '../../../kit/operation.ts';
import type { Logstore, LogstoreRef } from '../../resources/logstores/logstore.ts';
import { tenantOf } from '../../resources/projects/project.ts';
import type { SlsCall } from '../../wire/call.ts';
import { ConsumerGroup } from '../rebalance/consumer-group.ts';

/** Names a consumer group; calls on one have these members. */
export interface GroupRef extends LogstoreRef {
  readonly group: string;
}

/** May be out of date: guard what follows by `guards`. */
export interface KnownGroup {
  readonly ref: GroupRef;
  readonly tenant: Tenant;
  /** Group name of the consumers' leases. */
  readonly lease: string;
  readonly group: ConsumerGroup;
  readonly version: number;
  readonly logstore: Logstore;
  readonly logstoreVersion: number;
  /** That neither the group nor its logstore changed. */
  readonly guards: readonly [group: Guard, logstore: Guard];
  /** Replies to consumers whose heartbeats change nothing as long as they report all shards that they own. */
  readonly settled: Map<string, { readonly owned: readonly number[]; readonly text: string }>;
}

export const Checkpoint = Type.Object({
  /** A cursor, or what else a client saved; empty: none. */
  checkpoint: Type.String(),
  /** Microseconds since 1970. */
  updateTime: Type.Integer(),
});
export type Checkpoint = Static<typeof Checkpoint>;

const groupKinds = documentKinds(ConsumerGroup);
const checkpointKinds = documentKinds(Checkpoint);

/** Returns the documents of a logstore's consumer groups, by name. */
export function groupDocuments(logstore: string): DocumentKind<ConsumerGroup> {
  return groupKinds(`groups:${logstore}`);
}

/** Returns the documents of a group's checkpoints, by shard. */
export function checkpointDocuments({ id }: Pick<ConsumerGroup, 'id'>): DocumentKind<Checkpoint> {
  return checkpointKinds(`checkpoints:${id}`);
}

/** Returns the group name of the consumers' leases. Neither name contains a slash. */
export function leaseGroupOf({ logstore, group }: GroupRef): string {
  return `${logstore}/${group}`;
}

/** Returns the subject of a call about a consumer group, or about one of its consumers. */
export function groupSubject({
  project,
  logstore,
  group,
  query: { consumer },
}: Pick<SlsCall, 'project' | 'logstore' | 'group' | 'query'>): Subject {
  return {
    tenant: tenantOf(project),
    group: leaseGroupOf({ project, logstore, group }),
    holder: consumer,
  };
}
