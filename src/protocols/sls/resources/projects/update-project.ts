/** "UpdateProject". */
import { type Static, Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import {
  changeProject,
  checkDescription,
  projectDescription,
  projectMembers,
  projectSubject,
} from './project.ts';

const Body = Type.Object({
  description: projectDescription,
  recycleBinEnabled: projectMembers.recycleBinEnabled,
  deletionProtection: projectMembers.deletionProtection,
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
      const written = parseJson(body);
      const change = checkBody(withoutNulls(written), () =>
        errors.ParameterInvalid('The body is not valid json string'),
      );
      checkDescription(change.description);
      // A functional test of the vendor's Java SDK expects that null clears the description.
      if ((written as Static<typeof Body> & { description?: null }).description === null)
        change.description = '';
      await changeProject(context, project, pickMembers(change, Body.properties));
      return emptyReply;
    },
  };
}
