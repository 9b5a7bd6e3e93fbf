/** "CreateLogStore". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, projectErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject } from '../projects/project.ts';
import { checkSettings } from './check-settings.ts';
import { settingsMembers } from './logstore.ts';
import { createLogstore as create } from './logstore-store.ts';

const Body = Type.Object({
  logstoreName: Type.String(),
  shardCount: Type.Optional(Type.Integer()),
  ...settingsMembers,
});
const checkBody = validator(Body);

export function createLogstore(context: ResourceContext): SlsOperation {
  return {
    name: 'CreateLogStore',
    summary: 'Creates a logstore',
    method: 'POST',
    path: '/logstores',
    schema: { body: Body, replies: { 200: 'Created' } },
    errors: [
      ...projectErrors,
      'LogStoreAlreadyExist',
      'LogStoreInfoInvalid',
      'PostBodyInvalid',
      'ProjectQuotaExceed',
    ],
    subject: projectSubject,
    async run({ project, body }) {
      const wanted = checkBody(withoutNulls(parseJson(body)), () => errors.LogStoreInfoInvalid());
      const { logstoreName: logstore, ...settings } = wanted;
      checkSettings(settings);
      await create(context, { project, logstore }, pickMembers(settings, Body.properties));
      return emptyReply;
    },
  };
}
