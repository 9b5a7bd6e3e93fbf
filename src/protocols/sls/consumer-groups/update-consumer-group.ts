/** "UpdateConsumerGroup". */
import { Type } from '@sinclair/typebox';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { validator } from '../../kit/validate.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { parseJson, pickMembers } from '../wire/request.ts';
import { changeSettings } from './consumer-group.ts';
import type { GroupContext } from './context.ts';
import { Timeout } from './create-consumer-group.ts';
import { readGroup, writeGroup } from './group-store.ts';
import { groupSubject } from './known-group.ts';

const Body = Type.Object({ timeout: Type.Optional(Timeout), order: Type.Optional(Type.Boolean()) });
const checkBody = validator(Body);

export function updateConsumerGroup(context: GroupContext): SlsOperation {
  return {
    name: 'UpdateConsumerGroup',
    summary: 'Changes a consumer group; a new timeout applies from the next heartbeat of each consumer on',
    method: 'PUT',
    path: '/logstores/:logstore/consumergroups/:group',
    schema: { body: Body, replies: { 200: 'Changed' } },
    errors: [...logstoreErrors, 'ConsumerGroupNotExist', 'JsonInfoInvalid', 'PostBodyInvalid'],
    subject: groupSubject,
    async run(call) {
      const invalid = (): Error => errors.JsonInfoInvalid('timeout is of error value type');
      const wanted = pickMembers(checkBody(parseJson(call.body), invalid), Body.properties);
      if (Object.keys(wanted).length === 0) throw invalid();
      await retryOnConflict(async () => {
        const known = await readGroup(context, call);
        return writeGroup(context, known, changeSettings(known.group, wanted));
      });
      return emptyReply;
    },
  };
}
