/** Calls on one resource of a kind that cannot be created here: it does not exist, and the service has a code for that. */
import type { Method } from '../../kit/operation.ts';
import type { ResourceContext } from '../resources/context.ts';
import { projectSubject, readProject } from '../resources/projects/project.ts';
import type { AbsentErrorName } from '../wire/absent-errors.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, projectErrors } from '../wire/errors.ts';

/** By path: the kind, for the names of the calls, and the error. */
const absent: Readonly<Record<string, readonly [kind: string, error: AbsentErrorName]>> = {
  '/alerts/:name': ['Alert', 'JobNotExist'],
  '/configs/:name': ['Config', 'ConfigNotExist'],
  '/dashboards/:name': ['Dashboard', 'DashboardNotExist'],
  '/dashboards/:name/charts/:chart': ['Chart', 'ChartNotExist'],
  '/etls/:name': ['ETL', 'JobNotExist'],
  '/jobs/:name': ['Job', 'JobNotExist'],
  '/logstores/:logstore/shipper/:name': ['Shipper', 'ShipperNotExist'],
  '/machinegroups/:name': ['MachineGroup', 'MachineGroupNotExist'],
  '/metricsconfigs/:name': ['MetricsConfig', 'MetricsConfigNotExist'],
  '/pipelineconfigs/:name': ['LogtailPipelineConfig', 'ConfigNotExist'],
  '/resources/:name/records/:record': ['ResourceRecord', 'ResourceRecordNotExist'],
  '/savedsearches/:name': ['SavedSearch', 'SavedSearchNotExist'],
  '/scheduledsqls/:name': ['ScheduledSQL', 'JobNotExist'],
  '/topostores/:name': ['TopoStore', 'TopostoreNotExist'],
};

const verbs: readonly (readonly [method: Method, verb: string])[] = [
  ['GET', 'Get'],
  ['PUT', 'Update'],
  ['DELETE', 'Delete'],
];

/** Returns the operations. They come before those that refuse calls by name. */
export function absentResources(context: ResourceContext): readonly SlsOperation[] {
  return Object.entries(absent).flatMap(([path, [kind, error]]) =>
    verbs.map(([method, verb]): SlsOperation => {
      return {
        name: `${verb}${kind}`,
        summary: `Answers ${verb}${kind}: there is none`,
        method,
        path,
        isHidden: true,
        isAccountLevel: true,
        support: 'absent',
        schema: { replies: {} },
        errors: [...projectErrors, error],
        subject: projectSubject,
        async run(call) {
          if (call.project !== '') await readProject(context, call.project);
          throw errors[error](call.target.split('?', 1)[0]?.split('/').at(-1) ?? '');
        },
      };
    }),
  );
}

/** Whether calls on one resource at this path find that there is none. */
export function isAbsent(path: string): boolean {
  return Object.hasOwn(absent, path);
}
