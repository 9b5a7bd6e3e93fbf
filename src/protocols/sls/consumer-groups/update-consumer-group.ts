/** "UpdateConsumerGroup". */
import { type Static, Type } from '@sinclair/typebox';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { validator } from '../../kit/validate.ts';
import type { SlsCall, SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { parseJson, pickMembers } from '../wire/request.ts';
import type { GroupContext } from './context.ts';
import { Timeout } from './create-consumer-group.ts';
import { readGroup, writeGroup } from './group/group-store.ts';
import { groupSubject } from './group/known-group.ts';
import { noteOverwrite, type Overwrites } from './group/overwrites.ts';
import { changeSettings } from './rebalance/consumer-group.ts';

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
      await updateGroup(context, call, wanted);
      return emptyReply;
    },
  };
}

const maxClientName = 128;

/** Clients set the timeout and order of their own configuration when they start: two that differ overwrite each other. */
async function updateGroup(context: GroupContext, call: SlsCall, wanted: Static<typeof Body>): Promise<void> {
  const by = (call.headers['user-agent'] ?? '').slice(0, maxClientName);
  const written = await retryOnConflict(async () => {
    const known = await readGroup(context, call);
    const { tenant, lease, group } = known;
    const changed = changeSettings(group, wanted);
    const [consumers = 0] = await context.store.count({ tenant, groups: [lease] });
    const at = await context.nowSeconds(tenant);
    const next = consumers === 0 ? changed : noteOverwrite(changed, group, { at, by });
    const after = await writeGroup(context, known, next);
    return after === undefined ? undefined : { isNoted: next.overwrites !== group.overwrites, after };
  });
  const { overwrites } = written.after.group;
  if (written.isNoted && overwrites !== undefined) warn(context, call, overwrites);
}

/** Clients that overwrite each other again and again do not fill the log. */
function warn({ log }: GroupContext, call: SlsCall, { count, last }: Overwrites): void {
  if (count > 10 && count % 100 !== 0) return;
  log.warn(
    { ...groupSubject({ ...call, query: {} }), count, ...last },
    'the timeout or order of a consumer group was changed while consumers were there: their clients may be configured differently',
  );
}
