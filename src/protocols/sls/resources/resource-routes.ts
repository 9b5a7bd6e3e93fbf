/** The routes of projects and logstores. */
import { Type } from '@sinclair/typebox';
import { deleteLogstore } from '../consumer-groups/groups.ts';
import * as schemas from '../schemas.ts';
import type { Serve, SlsContext } from '../wire/call.ts';
import { errors } from '../wire/errors.ts';
import { logstoreJson, projectJson } from '../wire/reply.ts';
import { known, pageOf, parsed } from '../wire/request.ts';
import {
  createLogstore,
  createProject,
  deleteProject,
  listLogstores,
  listProjects,
  readLogstore,
  readProject,
  updateLogstore,
  updateProject,
} from './logstores/logstores.ts';

const page = Type.Object({ offset: Type.Optional(Type.String()), size: Type.Optional(Type.String()) });

export function serveResources(serve: Serve, context: SlsContext): void {
  const account = { isOfAccount: true };
  serve('GET', '/', { ...account, querystring: page }, async ({ project, query }) => {
    if (project !== '') return JSON.stringify(projectJson(project, await readProject(context, project)));
    const all = (await listProjects(context.store)).filter(({ name }) =>
      name.includes(query.projectName ?? ''),
    );
    const projects = pageOf(all, query).map((found) => projectJson(found.name, found.project));
    return JSON.stringify({ count: projects.length, total: all.length, projects });
  });
  serve('POST', '/', { ...account, body: schemas.CreateProjectBody }, async ({ body }) => {
    // By its body: one SDK sends this to the bare endpoint.
    const wanted = parsed(body);
    if (!schemas.checks.createProject.Check(wanted)) {
      throw errors.parameterInvalid('The body is not valid json string');
    }
    await createProject(context, wanted.projectName.toLowerCase(), wanted.description ?? '');
    return '';
  });
  serve('PUT', '/', { body: schemas.UpdateProjectBody }, async ({ project, body }) => {
    const change = parsed(body);
    if (!schemas.checks.updateProject.Check(change))
      throw errors.parameterInvalid('The body is not valid json string');
    await updateProject(context, project, change.description);
    return '';
  });
  serve('DELETE', '/', {}, async ({ project }) => {
    await deleteProject(context, project);
    return '';
  });

  serve('GET', '/logstores', { querystring: page }, async ({ project, query }) => {
    const all = (await listLogstores(context, project)).filter((name) =>
      name.includes(query.logstoreName ?? ''),
    );
    const logstores = pageOf(all, query);
    return JSON.stringify({ count: logstores.length, total: all.length, logstores });
  });
  serve('POST', '/logstores', { body: schemas.CreateLogstoreBody }, async ({ project, body }) => {
    const wanted = parsed(body);
    if (!schemas.checks.createLogstore.Check(wanted)) throw errors.logstoreInfoInvalid();
    const { logstoreName, ...settings } = wanted;
    await createLogstore(
      context,
      project,
      logstoreName,
      known(settings, schemas.CreateLogstoreBody.properties),
    );
    return '';
  });
  serve('GET', '/logstores/:logstore', {}, async ({ project, logstore }) =>
    JSON.stringify(logstoreJson(logstore, (await readLogstore(context, project, logstore)).value)),
  );
  serve(
    'PUT',
    '/logstores/:logstore',
    { body: schemas.UpdateLogstoreBody },
    async ({ project, logstore, body }) => {
      const change = parsed(body);
      if (!schemas.checks.updateLogstore.Check(change)) throw errors.logstoreInfoInvalid();
      // The number of shards changes by splits and merges only.
      const { shardCount: _, ...settings } = change;
      await updateLogstore(
        context,
        project,
        logstore,
        known(settings, schemas.UpdateLogstoreBody.properties),
      );
      return '';
    },
  );
  serve('DELETE', '/logstores/:logstore', {}, async ({ project, logstore }) => {
    await deleteLogstore(context, project, logstore);
    return '';
  });
}
