/** Calls that are refused by name: by path and method, the vendor's name of the call. */
import type { Method } from '../../kit/operation.ts';
import type { ResourceContext } from '../resources/context.ts';
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { projectSubject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { isAbsent } from './absent-resources.ts';

type Calls = Readonly<Partial<Record<Method, string>>>;

/** Calls on one kind of resource that share its name: `Create`, `Get`, `Update` and `Delete`. */
const oneOf = (kind: string): Calls => ({ GET: `Get${kind}`, PUT: `Update${kind}`, DELETE: `Delete${kind}` });

const create = (kind: string): Calls => ({ POST: `Create${kind}` });

/** Kinds of resource with a path of their own: `POST` on it creates one, and each has calls at its name. */
const kinds: Readonly<Record<string, string>> = {
  agentinstanceconfigs: 'AgentInstanceConfig',
  alerts: 'Alert',
  apikeys: 'ApiKey',
  azureblobingestions: 'AzureBlobIngestion',
  configs: 'Config',
  dashboards: 'Dashboard',
  domains: 'Domain',
  downloadjobs: 'DownloadJob',
  elasticsearchingestions: 'ElasticsearchIngestion',
  etljobs: 'EtlJob',
  etls: 'ETL',
  externalstores: 'ExternalStore',
  gcsingestions: 'GCSIngestion',
  jobs: 'Job',
  machinegroups: 'MachineGroup',
  materializedviews: 'MaterializedView',
  maxcomputeexports: 'MaxComputeExport',
  metricsconfigs: 'MetricsConfig',
  metricstores: 'MetricStore',
  ossexports: 'OSSExport',
  osshdfsexports: 'OSSHDFSExport',
  ossingestions: 'OSSIngestion',
  pipelineconfigs: 'LogtailPipelineConfig',
  resources: 'Resource',
  s3ingestions: 'S3Ingestion',
  savedsearches: 'SavedSearch',
  scheduledsqls: 'ScheduledSQL',
  storeviews: 'StoreView',
  topostores: 'TopoStore',
};

const single: Readonly<Record<string, Calls>> = {
  '/apikeys/:name/disable': { POST: 'DisableApiKey' },
  '/apikeys/:name/enable': { POST: 'EnableApiKey' },
  '/asyncsql': { POST: 'SubmitAsyncSql' },
  '/asyncsql/:name': { GET: 'GetAsyncSql', DELETE: 'DeleteAsyncSql' },
  '/cname': { POST: 'SetProjectCname', DELETE: 'DeleteProjectCname' },
  '/collectionpolicy': { POST: 'UpsertCollectionPolicy' },
  '/collectionpolicy/:name': { GET: 'GetCollectionPolicy', DELETE: 'DeleteCollectionPolicy' },
  '/configs/:name/machinegroups': { GET: 'GetAppliedMachineGroups' },
  '/consumeprocessors/:name': {
    GET: 'GetConsumeProcessor',
    PUT: 'PutConsumeProcessor',
    DELETE: 'DeleteConsumeProcessor',
  },
  '/dashboards/:name/charts': { POST: 'CreateChart' },
  '/etlmetas': {
    POST: 'CreateEtlMeta',
    GET: 'ListEtlMeta',
    PUT: 'UpdateEtlMeta',
    DELETE: 'DeleteEtlMeta',
  },
  '/ingestprocessors/:name': {
    GET: 'GetIngestProcessor',
    PUT: 'PutIngestProcessor',
    DELETE: 'DeleteIngestProcessor',
  },
  '/jobs/:name/jobinstances/:instance': { GET: 'GetJobInstance', PUT: 'ModifyJobInstance' },
  '/logging': { POST: 'CreateLogging', GET: 'GetLogging', PUT: 'UpdateLogging', DELETE: 'DeleteLogging' },
  '/logs': { GET: 'GetProjectLogs', POST: 'GetProjectLogs' },
  '/logstores/:logstore/config': { GET: 'GetLogStoreConfig', PUT: 'PutLogStoreConfig' },
  '/logstores/:logstore/deletelogs': { POST: 'DeleteLogs' },
  '/logstores/:logstore/deletelogtasks': { GET: 'ListDeleteLogsTasks', POST: 'CreateDeleteLogsTask' },
  '/logstores/:logstore/deletelogtasks/:name': { GET: 'GetDeleteLogsStatus' },
  '/logstores/:logstore/index': { POST: 'CreateIndex', PUT: 'UpdateIndex', DELETE: 'DeleteIndex' },
  '/logstores/:logstore/multimodalconfiguration': {
    GET: 'GetLogStoreMultimodalConfiguration',
    PUT: 'PutLogStoreMultimodalConfiguration',
  },
  '/logstores/:logstore/objects': { GET: 'ListObjects' },
  '/logstores/:logstore/objects/:name': { GET: 'GetObject', PUT: 'PutObject' },
  '/logstores/:logstore/processor': { POST: 'UpdateLogStoreProcessor' },
  '/logstores/:logstore/replication': { GET: 'GetLogstoreReplication', PUT: 'SetLogstoreReplication' },
  '/logstores/:logstore/shipper': { POST: 'CreateShipper' },
  '/logstores/:logstore/shipper/:name/tasks': { GET: 'GetShipperTasks', PUT: 'RetryShipperTasks' },
  '/logstores/:logstore/storage': { DELETE: 'ClearLogStoreStorage' },
  '/logstores/:logstore/substores': { GET: 'ListSubStores', POST: 'CreateSubStore' },
  '/logstores/:logstore/substores/:name': oneOf('SubStore'),
  '/logstores/:logstore/substores/storage/ttl': { GET: 'GetSubStoreTTL', PUT: 'UpdateSubStoreTTL' },
  '/logstores/:logstore/updatelogs': { POST: 'UpdateLogs' },
  '/machinegroups/:name/configs': { GET: 'GetAppliedConfigs' },
  '/machinegroups/:name/configs/:config': {
    PUT: 'ApplyConfigToMachineGroup',
    DELETE: 'RemoveConfigFromMachineGroup',
  },
  '/machinegroups/:name/machines': { GET: 'ListMachines', PUT: 'UpdateMachineGroupMachine' },
  '/metricstores/:name/meteringmode': {
    GET: 'GetMetricStoreMeteringMode',
    PUT: 'UpdateMetricStoreMeteringMode',
  },
  '/metricstores/:name/processor': { POST: 'UpdateMetricStoreProcessor' },
  '/policy': { POST: 'PutProjectPolicy', GET: 'GetProjectPolicy', DELETE: 'DeleteProjectPolicy' },
  '/prometheus/:project/:logstore/api/v1/write': { POST: 'PutMetrics' },
  '/prometheus/:project/:logstore/api/v1/query': { GET: 'QueryMetrics', POST: 'QueryMetrics' },
  '/prometheus/:project/:logstore/api/v1/query_range': {
    GET: 'QueryMetricsRange',
    POST: 'QueryMetricsRange',
  },
  '/resources/:name/next_records': { GET: 'ListNextResourceRecord' },
  '/resources/:name/records': {
    GET: 'ListResourceRecords',
    POST: 'CreateResourceRecord',
    PUT: 'UpsertResourceRecord',
    DELETE: 'DeleteResourceRecord',
  },
  '/sqlinstance': { POST: 'CreateSqlInstance', GET: 'GetSqlInstance', PUT: 'UpdateSqlInstance' },
  '/storeviews/:name/index': { GET: 'GetStoreViewIndex' },
  '/systemtag': { POST: 'TagResourcesSystemTags' },
  '/systemtags': { GET: 'ListSystemTagResources' },
  '/systemuntag': { POST: 'UntagResourcesSystemTags' },
  '/tickets': { POST: 'CreateTicket' },
  '/topostores/:name/nodes': {
    GET: 'ListTopostoreNode',
    POST: 'CreateTopostoreNode',
    PUT: 'UpsertTopostoreNode',
  },
  '/topostores/:name/nodes/:node': oneOf('TopostoreNode'),
  '/topostores/:name/relations': {
    GET: 'ListTopostoreRelation',
    POST: 'CreateTopostoreRelation',
    PUT: 'UpsertTopostoreRelation',
  },
  '/topostores/:name/relations/:relation': oneOf('TopostoreRelation'),
};

const ofAccount: Readonly<Record<string, Calls>> = {
  '/ml/annotationdataset': { POST: 'CreateAnnotationDataSet', GET: 'ListAnnotationDataSets' },
  '/ml/annotationdataset/:name': oneOf('AnnotationDataSet'),
  '/ml/annotationdataset/:name/annotationdata': { GET: 'ListAnnotationData', PUT: 'PutAnnotationData' },
  '/ml/annotationdataset/:name/annotationdata/:data': {
    GET: 'GetAnnotationData',
    DELETE: 'DeleteAnnotationData',
  },
  '/ml/annotationlabel': {
    POST: 'CreateAnnotationLabel',
    GET: 'ListAnnotationLabels',
    PUT: 'UpdateAnnotationLabel',
  },
  '/ml/annotationlabel/:name': { GET: 'GetAnnotationLabel', DELETE: 'DeleteAnnotationLabel' },
  '/ml/service/:name/analysis': { POST: 'GetMLServiceResults' },
  '/ml/tool/call': { POST: 'CallAiTools' },
  '/ml/tool/list': { GET: 'ListAiTools' },
  '/regions': { GET: 'DescribeRegions' },
  '/slsservice': { GET: 'GetSlsService', POST: 'OpenSlsService' },
  '/token/refresh': { POST: 'RefreshToken' },
};

/** Returns the operations that refuse these calls. */
export function refusedCalls(context: ResourceContext): readonly SlsOperation[] {
  const refuse = (path: string, calls: Calls) => refuseCalls(context, path, calls);
  const ofKinds = Object.entries(kinds).flatMap(([path, kind]) => [
    ...refuse(`/${path}`, create(kind)),
    ...refuse(`/${path}/:name`, oneOf(kind)),
  ]);
  const others = Object.entries({ ...single, ...ofAccount }).flatMap(([path, calls]) => refuse(path, calls));
  return [...ofKinds, ...others];
}

function refuseCalls(context: ResourceContext, path: string, calls: Calls): readonly SlsOperation[] {
  if (isAbsent(path)) return [];
  return Object.entries(calls).map(([method, name]) => ({
    name,
    summary: `Refuses ${name}`,
    method: method as Method,
    path,
    isHidden: true,
    // Some calls are sent to a host without a project; the refusal depends on none.
    isAccountLevel: true,
    support: 'refused',
    schema: { replies: {} },
    errors: [...logstoreErrors, 'NotSupported'],
    subject: projectSubject,
    async run(call) {
      // A logstore that does not exist is the answer that the service would give first.
      if (call.logstore !== '' && call.project !== '') await readLogstore(context, call);
      throw errors.NotSupported(name);
    },
  }));
}
