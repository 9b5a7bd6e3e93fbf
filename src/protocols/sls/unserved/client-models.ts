/**
 * The classes of the vendor's clients that hold projects, logstores, shards and consumer groups, with the members that they read:
 * the checklist of what replies contain.
 */

export type ModelName = 'project' | 'logstore' | 'shard' | 'consumer group' | 'checkpoint';

export interface ClientModels {
  readonly client: string;
  /** By resource: the classes, and the members that any of them reads. */
  readonly models: Readonly<
    Partial<Record<ModelName, { readonly classes: readonly string[]; readonly members: string }>>
  >;
}

const shard = 'shardID status inclusiveBeginKey exclusiveEndKey createTime';
const group = 'name order timeout';
const checkpoint = 'shard checkpoint updateTime consumer';
const logstore = 'logstoreName ttl shardCount enable_tracking autoSplit maxSplitShard appendMeta';
const logstoreTimes = 'createTime lastModifyTime';
const project = 'projectName status owner description region createTime lastModifyTime';

export const clientModels: readonly ClientModels[] = [
  {
    client: 'Python `aliyun-log-python-sdk` 0.9.47',
    models: {
      project: {
        classes: ['GetProjectResponse', 'ListProjectResponse'],
        members: `${project} resourceGroupId dataRedundancyType`,
      },
      logstore: {
        classes: ['GetLogStoreResponse', 'GetLogStoreMeteringModeResponse'],
        members: `${logstore} hot_ttl infrequentAccessTTL mode telemetryType encrypt_conf meteringMode`,
      },
      shard: { classes: ['ListShardResponse'], members: shard },
      'consumer group': { classes: ['ConsumerGroupEntity'], members: group },
      checkpoint: { classes: ['ConsumerGroupCheckPointResponse'], members: checkpoint },
    },
  },
  {
    client: 'Java `aliyun-log` 0.6.153',
    models: {
      project: {
        classes: ['Project', 'GetProjectResponse', 'ProjectQuota', 'CreateProjectRequest'],
        members: `${project} resourceGroupId dataRedundancyType quota transferAcceleration deletionProtection`,
      },
      logstore: {
        classes: ['LogStore', 'EncryptConf', 'EncryptUserCmkConf', 'GetLogStoreMeteringModeResponse'],
        members: `${logstore} ${logstoreTimes} hot_ttl infrequentAccessTTL mode telemetryType productType encrypt_conf resourceQuota meteringMode`,
      },
      shard: { classes: ['Shard'], members: shard },
      'consumer group': { classes: ['ConsumerGroup'], members: group },
      checkpoint: { classes: ['ConsumerGroupShardCheckPoint'], members: checkpoint },
    },
  },
  {
    client: 'Go `aliyun-log-go-sdk` at 210ae4b',
    models: {
      project: {
        classes: ['LogProject'],
        members: `${project} dataRedundancyType location internetEndpoint internalEndpoint shareEndpoint`,
      },
      logstore: {
        classes: ['LogStore', 'EncryptConf', 'EncryptUserCmkConf', 'GetMeteringModeResponse'],
        members: `${logstore} ${logstoreTimes} hot_ttl infrequentAccessTTL mode telemetryType productType encrypt_conf meteringMode`,
      },
      shard: { classes: ['Shard'], members: shard },
      'consumer group': { classes: ['ConsumerGroup'], members: group },
      checkpoint: { classes: ['ConsumerGroupCheckPoint'], members: checkpoint },
    },
  },
  {
    client: 'Rust `aliyun-log-rust-sdk` 0.3.0',
    models: {
      project: {
        classes: ['GetProjectResponse', 'ListProjectsProject', 'CreateProjectRequest'],
        members: `${project} location resourceGroupId dataRedundancyType transferAcceleration recycleBinEnabled deletionProtection`,
      },
      logstore: {
        classes: ['GetLogstoreResponse', 'EncryptConf'],
        members: `${logstore} ${logstoreTimes} hot_ttl infrequentAccessTTL mode telemetryType encrypt_conf processorId`,
      },
      shard: { classes: ['list_shards_models::Shard'], members: shard },
      'consumer group': { classes: ['ConsumerGroup'], members: group },
      checkpoint: { classes: ['ConsumerGroupCheckpoint'], members: checkpoint },
    },
  },
  {
    client: 'Node.js `@alicloud/sls20201230` 5.9.0',
    models: {
      project: {
        classes: ['Project'],
        members: `${project} location resourceGroupId dataRedundancyType recycleBinEnabled quota`,
      },
      logstore: {
        classes: ['Logstore', 'EncryptConf', 'EncryptUserCmkConf', 'GetLogStoreMeteringModeResponseBody'],
        members: `${logstore} ${logstoreTimes} hot_ttl infrequentAccessTTL mode telemetryType productType encrypt_conf processorId meteringMode`,
      },
      shard: { classes: ['Shard'], members: shard },
      'consumer group': { classes: ['ConsumerGroup'], members: group },
      checkpoint: { classes: ['GetCheckPointResponseBody'], members: checkpoint },
    },
  },
  {
    client: 'Python `alibabacloud_sls20201230` 5.15.1',
    models: {
      project: {
        classes: ['Project', 'CreateProjectRequest', 'UpdateProjectRequest'],
        members: `${project} resourceGroupId dataRedundancyType recycleBinEnabled quota internetEndpoint internalEndpoint`,
      },
      logstore: {
        classes: ['Logstore', 'EncryptConf', 'EncryptUserCmkConf', 'ShardingPolicy'],
        members: `${logstore} ${logstoreTimes} hot_ttl infrequentAccessTTL mode telemetryType productType encrypt_conf processorId enableModify resourceGroupId shardingPolicy meteringMode`,
      },
      shard: { classes: ['Shard'], members: shard },
      'consumer group': { classes: ['ConsumerGroup'], members: group },
      checkpoint: { classes: ['GetCheckPointResponseBody'], members: checkpoint },
    },
  },
];

/** Members that clients take for absent and that are never there, with the reason. */
export const absentMembers: Readonly<Record<string, string>> = {
  shareEndpoint: 'left out, as for a project without one',
};
