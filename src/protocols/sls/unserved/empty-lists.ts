/** Lists of what cannot be created here. They are empty: tools that copy or clear a project read them. */
import type { ResourceContext } from '../resources/context.ts';
import { projectSubject, readProject } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { projectErrors } from '../wire/errors.ts';
import { jsonReply } from '../wire/reply.ts';

const counted = (...members: readonly string[]): object => ({
  count: 0,
  total: 0,
  ...Object.fromEntries(members.map((member) => [member, []])),
});

/** By path: the name of the call and its reply. */
const lists: Readonly<Record<string, readonly [name: string, reply: object]>> = {
  '/agentinstanceconfigs': ['ListAgentInstanceConfigs', counted('configs')],
  '/alerts': ['ListAlerts', counted('results')],
  '/apikeys': ['ListApiKeys', counted('apiKeys')],
  '/azureblobingestions': ['ListAzureBlobIngestion', counted('results')],
  '/collectionpolicy': [
    'ListCollectionPolicies',
    { currentCount: 0, totalCount: 0, data: [], statistics: [] },
  ],
  '/configs': ['ListConfig', counted('configs')],
  '/consumeprocessors': ['ListConsumeProcessors', counted('processors')],
  '/dashboards': ['ListDashboard', counted('dashboards', 'dashboardItems')],
  '/domains': ['ListDomains', counted('domains')],
  '/downloadjobs': ['ListDownloadJobs', counted('results')],
  '/elasticsearchingestions': ['ListElasticsearchIngestions', counted('results')],
  '/etljobs': ['ListEtlJob', counted('etlJobNameList')],
  '/etlmetanames': ['ListEtlMetaName', counted('etlMetaNameList')],
  '/etls': ['ListETLs', counted('results')],
  '/externalstores': ['ListExternalStore', counted('externalstores')],
  '/gcsingestions': ['ListGCSIngestions', counted('results')],
  '/ingestprocessors': ['ListIngestProcessors', counted('processors')],
  '/jobs/:name/jobinstances': ['ListJobInstances', counted('results')],
  '/jobs': ['ListJobs', counted('results')],
  '/logstores/:logstore/shipper': ['ListShipper', counted('shipper')],
  '/machinegroups': ['ListMachineGroup', counted('machinegroups')],
  '/materializedviews': ['ListMaterializedViews', counted('materializedViews')],
  '/maxcomputeexports': ['ListMaxComputeExports', counted('results')],
  '/metricstores': ['ListMetricStores', counted('metricstores')],
  '/metricsconfigs': ['ListMetricsConfig', counted('metricsConfigs')],
  '/ossexports': ['ListOSSExports', counted('results')],
  '/osshdfsexports': ['ListOSSHDFSExports', counted('results')],
  '/ossingestions': ['ListOSSIngestions', counted('results')],
  '/pipelineconfigs': ['ListLogtailPipelineConfig', counted('configs')],
  '/resources': ['ListResources', counted('items')],
  '/s3ingestions': ['ListS3Ingestions', counted('results')],
  '/savedsearches': ['ListSavedSearch', counted('savedsearches', 'savedsearchItems')],
  '/scheduledsqls': ['ListScheduledSQLs', counted('results')],
  '/storeviews': ['ListStoreViews', counted('storeviews')],
  '/topostores': ['ListTopoStores', counted('topostores')],
};

/** Returns the operations. */
export function emptyLists(context: ResourceContext): readonly SlsOperation[] {
  return Object.entries(lists).map(([path, [name, reply]]) => ({
    name,
    summary: `Returns an empty list: ${name}`,
    method: 'GET',
    path,
    isHidden: true,
    isAccountLevel: true,
    support: 'empty',
    schema: { replies: {} },
    errors: projectErrors,
    subject: projectSubject,
    async run({ project }) {
      // Some lists are of an account: they are read at a host without a project.
      if (project !== '') await readProject(context, project);
      return jsonReply(reply);
    },
  }));
}
