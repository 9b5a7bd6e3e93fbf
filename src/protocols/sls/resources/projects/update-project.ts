/** "UpdateProject". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { changeProject, projectMembers, projectSubject } from './project.ts';

const Body = Type.Object({
  description: Type.Optional(Type.String({ maxLength: 1_024 })),
  recycleBinEnabled: projectMembers.recycleBinEnabled,
});
const checkBody = validator(Body);

export function updateProject(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateProject',
    summary: 'Changes a project; what the body leaves out stays',
    method: 'PUT',
    path: '/',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...projectErrors, 'PostBodyInvalid'],
    subject: projectSubject,
    async run({ project, body }) {
      const change = checkBody(withoutNulls(parseJson(body)), () =>
        errors.ParameterInvalid('The body is not valid json string'),
      );
      await changeProject(context, project, pickMembers(change, Body.properties));
      return emptyReply;
    },
  };
}
