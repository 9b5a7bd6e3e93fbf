/** "ListLogStores". */
import { Type } from '@sinclair/typebox';
import type { SlsCall, SlsOperation } from '../../wire/call.ts';
import { projectErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { PageQuery, selectPage } from '../page.ts';
import { projectSubject, readProject, tenantOf } from '../projects/project.ts';
import { type Logstore, logstoreDocuments } from './logstore.ts';

const Query = Type.Composite([
  PageQuery,
  Type.Object({
    logstoreName: Type.Optional(Type.String({ description: 'part of the name' })),
    telemetryType: Type.Optional(Type.String({ description: 'None: of logs; Metrics: of metrics' })),
    mode: Type.Optional(Type.String({ description: 'standard, query or lite' })),
  }),
]);

export function listLogstores(context: ResourceContext): SlsOperation {
  return {
    name: 'ListLogStores',
    summary: 'Lists the logstores of a project',
    method: 'GET',
    path: '/logstores',
    schema: {
      query: Query,
      replies: {
        200: Type.Object({
          count: Type.Integer(),
          total: Type.Integer(),
          logstores: Type.Array(Type.String()),
        }),
      },
    },
    errors: projectErrors,
    subject: projectSubject,
    async run({ project, query }) {
      const all = (await logstoresOf(context, project)).filter(isWanted(query)).map(({ key }) => key);
      const logstores = selectPage(all, query);
      return jsonReply({ count: logstores.length, total: all.length, logstores });
    },
  };
}

/** Returns the names of a project's logstores, sorted. Throws ProjectNotExist. */
export async function logstoreNames(context: ResourceContext, project: string): Promise<readonly string[]> {
  return (await logstoresOf(context, project)).map(({ key }) => key);
}

async function logstoresOf(context: ResourceContext, project: string): Promise<readonly Named[]> {
  await readProject(context, project);
  return logstoreDocuments.list(context.store, tenantOf(project));
}

interface Named {
  readonly key: string;
  readonly value: Logstore;
}

/** Returns a filter; parameters that are absent or empty match every logstore. */
function isWanted({ logstoreName = '', telemetryType = '', mode = '' }: SlsCall['query']) {
  return ({ key, value }: Named): boolean =>
    key.includes(logstoreName) &&
    (telemetryType === '' || kindOf(value.telemetryType) === kindOf(telemetryType)) &&
    (mode === '' || (value.mode ?? 'standard') === mode);
}

/** The service takes no telemetry type for `None`. */
function kindOf(telemetryType: string): string {
  return telemetryType === '' ? 'None' : telemetryType;
}
