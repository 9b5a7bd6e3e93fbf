/** "UpdateLogStore". */
import { Type } from '@sinclair/typebox';
import { validator } from '../../../kit/validate.ts';
import type { SlsOperation } from '../../wire/call.ts';
import { errors, logstoreErrors } from '../../wire/errors.ts';
import { emptyReply } from '../../wire/reply.ts';
import { parseJson, pickMembers, withoutNulls } from '../../wire/request.ts';
import type { ResourceContext } from '../context.ts';
import { projectSubject } from '../projects/project.ts';
import { settingsMembers } from './logstore.ts';
import { changeLogstore } from './logstore-store.ts';

const Body = Type.Object({ ...settingsMembers, shardCount: Type.Optional(Type.Integer()) });
const checkBody = validator(Body);

export function updateLogstore(context: ResourceContext): SlsOperation {
  return {
    name: 'UpdateLogStore',
    summary: 'Changes the settings of a logstore',
    method: 'PUT',
    path: '/logstores/:logstore',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...logstoreErrors, 'LogStoreInfoInvalid', 'PostBodyInvalid'],
    subject: projectSubject,
    async run(call) {
      const change = checkBody(withoutNulls(parseJson(call.body)), () => errors.LogStoreInfoInvalid());
      const settings = pickMembers(change, settingsMembers);
      await changeLogstore(context, call, (before) => [
        { ...before, ...settings, lastModifyTime: context.nowSeconds() },
        undefined,
      ]);
      return emptyReply;
    },
  };
}
