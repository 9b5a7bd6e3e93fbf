/** Settings of the SLS protocol. */
import { choice, integer, list, secretList, text, toggle } from '../../settings/setting.ts';

export const slsSettings = {
  slsAutoCreate: toggle('SLS_AUTO_CREATE', false, 'create unknown projects and logstores on first use'),
  slsShardCount: integer(
    'SLS_SHARD_COUNT',
    2,
    { min: 1, max: 256 },
    'shards of a logstore created without a shard count',
  ),
  slsDefaultProject: text(
    'SLS_DEFAULT_PROJECT',
    '',
    '<name>',
    'project of requests whose host names none; empty: such requests are refused with InvalidHost',
  ),
  slsBaseDomains: list(
    'SLS_BASE_DOMAINS',
    ['*.log.aliyuncs.com', '*.sls.aliyuncs.com', 'sls.local'],
    '<domains>',
    'endpoint domains that follow the project name in a host; * stands for a region',
  ),
  slsMaxConsumerGroups: integer(
    'SLS_MAX_CONSUMER_GROUPS',
    30,
    { min: 1, max: 10_000 },
    'maximum consumer groups per logstore',
  ),
  slsMaxConsumers: integer(
    'SLS_MAX_CONSUMERS',
    10_000,
    { min: 1, max: 1_000_000 },
    'maximum consumers per consumer group',
  ),
  slsAuth: choice(
    'SLS_AUTH',
    'off',
    ['off', 'verify', 'verify-v4'],
    'verification of signatures, request times and body hashes; verify-v4 refuses version 1, which signs neither the host nor x-log-date',
  ),
  slsKeys: secretList(
    'SLS_KEYS',
    /^[^:]+:.+$/,
    '"id:secret"',
    'access keys accepted by "verify" and "verify-v4"',
  ),
  slsMaxProjects: integer('SLS_MAX_PROJECTS', 1_000, { min: 1, max: 1_000_000 }, 'maximum projects'),
  slsMaxLogstores: integer(
    'SLS_MAX_LOGSTORES',
    200,
    { min: 1, max: 10_000 },
    'maximum logstores per project',
  ),
  slsMaxShards: integer(
    'SLS_MAX_SHARDS',
    256,
    { min: 1, max: 10_000 },
    'maximum shards per logstore, read-only ones included',
  ),
  slsMaxShardBytes: integer(
    'SLS_MAX_SHARD_BYTES',
    67_108_864,
    { min: 1_024, max: 1_099_511_627_776 },
    'maximum log data kept per shard, bytes; older logs are dropped and their cursors become invalid',
  ),
  slsMaxShardLogGroups: integer(
    'SLS_MAX_SHARD_LOG_GROUPS',
    100_000,
    { min: 1, max: 100_000_000 },
    'maximum log groups kept per shard',
  ),
  slsMaxLogGroupBytes: integer(
    'SLS_MAX_LOG_GROUP_BYTES',
    10_485_760,
    { min: 1_024, max: 67_108_864 },
    'maximum size of an uncompressed log group, bytes',
  ),
  slsMaxBatchBytes: integer(
    'SLS_MAX_BATCH_BYTES',
    31_457_280,
    { min: 1_024, max: 134_217_728 },
    'maximum size of the uncompressed log groups of one request, bytes, where a client sends several',
  ),
  slsMaxLogsPerGroup: integer(
    'SLS_MAX_LOGS_PER_GROUP',
    40_960,
    { min: 1, max: 1_000_000 },
    'maximum logs per log group',
  ),
} as const;
