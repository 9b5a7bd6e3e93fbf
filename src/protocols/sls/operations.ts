/** All calls of the SLS API that the server serves. Of calls that share a path, the first that matches runs. */
import { consumerGroupHeartBeat } from './consumer-groups/consumer-group-heartbeat.ts';
import { consumerGroupUpdateCheckPoint } from './consumer-groups/consumer-group-update-check-point.ts';
import { createConsumerGroup } from './consumer-groups/create-consumer-group.ts';
import { deleteConsumerGroup } from './consumer-groups/delete-consumer-group.ts';
import { getCheckPoint } from './consumer-groups/get-check-point.ts';
import { listConsumerGroup } from './consumer-groups/list-consumer-group.ts';
import { updateConsumerGroup } from './consumer-groups/update-consumer-group.ts';
import type { SlsContext } from './context.ts';
import { getCursor } from './logs/get-cursor.ts';
import { getCursorTime } from './logs/get-cursor-time.ts';
import { pullLogs } from './logs/pull-logs.ts';
import { postLogStoreLogs, putLogs } from './logs/put-logs.ts';
import { putWebtracking, webtrackingPreflight } from './logs/put-webtracking.ts';
import { webTracking } from './logs/web-tracking.ts';
import { createLogstore } from './resources/logstores/create-logstore.ts';
import { deleteLogstore } from './resources/logstores/delete-logstore.ts';
import { getLogstore } from './resources/logstores/get-logstore.ts';
import { listLogstores } from './resources/logstores/list-logstores.ts';
import { getLogStoreMeteringMode, updateLogStoreMeteringMode } from './resources/logstores/metering-mode.ts';
import { updateLogStoreEncryption } from './resources/logstores/update-encryption.ts';
import { updateLogstore } from './resources/logstores/update-logstore.ts';
import { changeResourceGroup } from './resources/projects/change-resource-group.ts';
import { createProject } from './resources/projects/create-project.ts';
import { deleteProject } from './resources/projects/delete-project.ts';
import { getProject } from './resources/projects/get-project.ts';
import { listProject } from './resources/projects/list-project.ts';
import { putProjectTransferAcceleration } from './resources/projects/put-project-transfer-acceleration.ts';
import { updateProject } from './resources/projects/update-project.ts';
import { deleteShard } from './resources/shards/delete-shard.ts';
import { listShards } from './resources/shards/list-shards.ts';
import { mergeShards } from './resources/shards/merge-shards.ts';
import { splitShard } from './resources/shards/split-shard.ts';
import { listTagResources } from './resources/tags/list-tag-resources.ts';
import { tagResources, untagResources } from './resources/tags/tag-resources.ts';
import { absentResources } from './unserved/absent-resources.ts';
import { emptyLists } from './unserved/empty-lists.ts';
import { unindexedQueries } from './unserved/queries.ts';
import { refusedCalls } from './unserved/refused-calls.ts';
import type { SlsOperation } from './wire/call.ts';
import { refuseUnsupported } from './wire/unsupported.ts';

const shardPath = '/logstores/:logstore/shards/:shard';

/** Makes the table of operations. */
export function slsOperations(context: SlsContext): readonly SlsOperation[] {
  return [
    ...unindexedQueries(context),
    ...emptyLists(context),
    ...absentResources(context),
    ...refusedCalls(context),
    ...projectOperations(context),
    ...logstoreOperations(context),
    ...shardOperations(context),
    ...logOperations(context),
    ...consumerGroupOperations(context),
  ];
}

function projectOperations(context: SlsContext): readonly SlsOperation[] {
  return [
    createProject(context),
    listProject(context),
    getProject(context),
    updateProject(context),
    deleteProject(context),
    changeResourceGroup(context),
    putProjectTransferAcceleration(context),
    tagResources(context),
    untagResources(context),
    listTagResources(context),
  ];
}

function logstoreOperations(context: SlsContext): readonly SlsOperation[] {
  return [
    createLogstore(context),
    listLogstores(context),
    refuseUnsupported({
      name: 'UnsupportedLogstoreType',
      method: ['GET'],
      path: '/logstores/:logstore',
      parameter: 'type',
      isOptional: true,
    }),
    getLogstore(context),
    updateLogstore(context),
    deleteLogstore(context),
    getLogStoreMeteringMode(context),
    updateLogStoreMeteringMode(context),
    updateLogStoreEncryption(context),
  ];
}

function shardOperations(context: SlsContext): readonly SlsOperation[] {
  return [
    listShards(context),
    splitShard(context),
    mergeShards(context),
    refuseUnsupported({
      name: 'UnsupportedShardAction',
      method: ['POST'],
      path: shardPath,
      parameter: 'action',
    }),
    deleteShard(context),
  ];
}

function logOperations(context: SlsContext): readonly SlsOperation[] {
  return [
    putLogs(context),
    postLogStoreLogs(context),
    putWebtracking(context),
    webtrackingPreflight,
    webTracking(context),
    getCursor(context),
    getCursorTime(context),
    pullLogs(context),
    refuseUnsupported({
      name: 'UnsupportedShardType',
      method: ['GET', 'HEAD'],
      path: shardPath,
      parameter: 'type',
    }),
  ];
}

function consumerGroupOperations(context: SlsContext): readonly SlsOperation[] {
  const path = '/logstores/:logstore/consumergroups/:group';
  return [
    createConsumerGroup(context),
    listConsumerGroup(context),
    updateConsumerGroup(context),
    deleteConsumerGroup(context),
    consumerGroupHeartBeat(context),
    consumerGroupUpdateCheckPoint(context),
    refuseUnsupported({ name: 'UnsupportedGroupType', method: ['POST'], path, parameter: 'type' }),
    getCheckPoint(context),
  ];
}
