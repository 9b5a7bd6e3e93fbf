/** "UpdateProject". */
import { Type } from '@sinclair/typebox';
import { retryOnConflict } from '../../../kit/retry-on-conflict.ts';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { projectDocuments, projectKey, projectSubject, readProject, tenantOf } from './project.ts';

const Body = Type.Object({ description: Type.String({ maxLength: 1_024 }) });
const checkBody = validator(Body);

export function updateProject(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateProject',
    summary: 'Changes the description of a project',
    method: 'PUT',
    path: '/',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...projectErrors, 'PostBodyInvalid'],
    subject: projectSubject,
    async run({ project, body }) {
      const { description } = checkBody(parseJson(body), () =>
        errors.ParameterInvalid('The body is not valid json string'),
      );
      await setDescription(context, project, description);
      return emptyReply;
    },
  };
}

async function setDescription(context: ResourceContext, project: string, description: string): Promise<void> {
  await retryOnConflict(async () => {
    const { value, version } = await readProject(context, project);
    const changed = { ...value, description, lastModifyTime: context.nowSeconds() };
    const { committed } = await context.store.commit({
      tenant: tenantOf(project),
      writes: [projectDocuments.write(projectKey, changed, { version })],
    });
    return committed ? true : undefined;
  });
}
