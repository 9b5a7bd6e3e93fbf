/** What a logstore is: one document, which contains its shards. */
import { type Static, Type } from '@sinclair/typebox';
import type { Guard } from '../../../../store/store.ts';
import { documentKind } from '../../../kit/documents.ts';
import { LogstoreShard, type Shards } from '../shards/shards.ts';

export const Logstore = Type.Object({
  ttl: Type.Integer(),
  enable_tracking: Type.Boolean(),
  autoSplit: Type.Boolean(),
  maxSplitShard: Type.Integer(),
  appendMeta: Type.Boolean(),
  telemetryType: Type.String(),
  createTime: Type.Integer(),
  lastModifyTime: Type.Integer(),
  /** Distinguishes logstores that had the same name one after the other. */
  id: Type.String(),
  nextShardId: Type.Integer(),
  shards: Type.Array(LogstoreShard),
});
export type Logstore = Static<typeof Logstore>;

/** Members of bodies that create or change a logstore. */
export const settingsMembers = {
  ttl: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
  enable_tracking: Type.Optional(Type.Boolean()),
  autoSplit: Type.Optional(Type.Boolean()),
  // One SDK sends -1 where its caller set nothing.
  maxSplitShard: Type.Optional(Type.Integer({ minimum: -1, maximum: 256 })),
  appendMeta: Type.Optional(Type.Boolean()),
  telemetryType: Type.Optional(Type.String({ maxLength: 128 })),
};

export type LogstoreSettings = Partial<
  Omit<Logstore, 'id' | 'shards' | 'nextShardId' | 'createTime' | 'lastModifyTime'>
>;

/** Names a logstore; calls within one have these members. */
export interface LogstoreRef {
  readonly project: string;
  readonly logstore: string;
}

/** Valid logstore names. */
export const logstoreName = /^[0-9a-z][0-9a-z_-]{0,78}[0-9a-z]$/;

export const logstoreDocuments = documentKind('logstores', Logstore);

/** Returns the guard that a logstore did not change. */
export function logstoreGuard(logstore: string, version: number): Guard {
  return { collection: logstoreDocuments.collection, key: logstore, version };
}

/** Returns shards as members of a logstore's document, whose lists are mutable. */
export function storedShards({ shards, nextShardId }: Shards): Pick<Logstore, 'shards' | 'nextShardId'> {
  return { shards: shards.map((shard) => ({ ...shard, parents: [...shard.parents] })), nextShardId };
}
