/** What a logstore is: one document, which contains its shards. */
import { type Static, Type } from '@sinclair/typebox';
import type { Guard } from '../../../../store/store.ts';
import { documentKind } from '../../../kit/documents.ts';
import { LogstoreShard, type Shards } from '../shards/shards.ts';

/** How the content of a logstore is encrypted at rest. Kept and shown; nothing here is encrypted. */
const EncryptConf = Type.Object({
  enable: Type.Boolean(),
  encrypt_type: Type.Optional(Type.String({ maxLength: 128 })),
  user_cmk_info: Type.Optional(
    Type.Object({
      cmk_key_id: Type.String({ maxLength: 1_024 }),
      arn: Type.String({ maxLength: 1_024 }),
      region_id: Type.String({ maxLength: 128 }),
    }),
  ),
});

/** How log groups are spread over shards by a hash of their contents. Kept and shown; the client's choice of a shard counts here. */
const ShardingPolicy = Type.Object({
  enabled: Type.Optional(Type.Boolean()),
  queryActiveTime: Type.Optional(Type.Integer()),
  shardGroup: Type.Optional(
    Type.Object({ keys: Type.Array(Type.String()), groupCount: Type.Optional(Type.Integer()) }),
  ),
  shardHash: Type.Optional(
    Type.Object({ keys: Type.Array(Type.String()), maxHashCount: Type.Optional(Type.Integer()) }),
  ),
});

/** Members that the service leaves out unless they were set: clients take their absence for a default of their own. */
const optionalMembers = {
  hot_ttl: Type.Optional(Type.Integer({ minimum: -1, maximum: 3_650 })),
  infrequentAccessTTL: Type.Optional(Type.Integer({ minimum: -1, maximum: 3_650 })),
  encrypt_conf: Type.Optional(EncryptConf),
  processorId: Type.Optional(Type.String({ maxLength: 128 })),
  productType: Type.Optional(Type.String({ maxLength: 128 })),
  enableModify: Type.Optional(Type.Boolean()),
  archiveSeconds: Type.Optional(Type.Integer()),
  resourceGroupId: Type.Optional(Type.String({ maxLength: 128 })),
  shardingPolicy: Type.Optional(ShardingPolicy),
  resourceQuota: Type.Optional(Type.Object({ storage: Type.Object({ preserved: Type.Integer() }) })),
};

/** `lite` is the older name of `query`; a logstore shows the one that it was created with. */
const Mode = Type.Union([Type.Literal('standard'), Type.Literal('query'), Type.Literal('lite')]);

export const Logstore = Type.Object({
  ttl: Type.Integer(),
  enable_tracking: Type.Boolean(),
  autoSplit: Type.Boolean(),
  maxSplitShard: Type.Integer(),
  appendMeta: Type.Boolean(),
  telemetryType: Type.String(),
  /** Absent in logstores that an older version created: `standard`. */
  mode: Type.Optional(Mode),
  ...optionalMembers,
  /** Shown by a call of its own. */
  meteringMode: Type.Optional(Type.String()),
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
  maxSplitShard: Type.Optional(Type.Integer()),
  appendMeta: Type.Optional(Type.Boolean()),
  telemetryType: Type.Optional(Type.String({ maxLength: 128 })),
  mode: Type.Optional(Mode),
  ...optionalMembers,
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
