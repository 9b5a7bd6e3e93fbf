/** "ListLogStores". */
import { Type } from '@sinclair/typebox';
import type { SlsOperation } from '../../wire/call.ts';
import { projectErrors } from '../../wire/errors.ts';
import { jsonReply } from '../../wire/reply.ts';
import type { ResourceContext } from '../context.ts';
import { PageQuery, selectPage } from '../page.ts';
import { projectSubject, readProject, tenantOf } from '../projects/project.ts';
import { logstoreDocuments } from './logstore.ts';

const Query = Type.Composite([
  PageQuery,
  Type.Object({ logstoreName: Type.Optional(Type.String({ description: 'part of the name' })) }),
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
      const names = await logstoreNames(context, project);
      const all = names.filter((name) => name.includes(query.logstoreName ?? ''));
      const logstores = selectPage(all, query);
      return jsonReply({ count: logstores.length, total: all.length, logstores });
    },
  };
}

/** Returns the names of a project's logstores, sorted. Throws ProjectNotExist. */
export async function logstoreNames(context: ResourceContext, project: string): Promise<readonly string[]> {
  await readProject(context, project);
  const { collection } = logstoreDocuments;
  const documents = await context.store.listDocuments({ tenant: tenantOf(project), collection });
  return documents.map(({ key }) => key);
}
