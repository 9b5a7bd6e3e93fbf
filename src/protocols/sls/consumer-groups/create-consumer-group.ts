/** "CreateConsumerGroup". */
import { type Static, Type } from '@sinclair/typebox';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { validator } from '../../kit/validate.ts';
import { type LogstoreRef, logstoreGuard } from '../resources/logstores/logstore.ts';
import { readLogstore } from '../resources/logstores/logstore-store.ts';
import { projectSubject, tenantOf } from '../resources/projects/project.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { emptyReply } from '../wire/reply.ts';
import { parseJson } from '../wire/request.ts';
import type { GroupContext } from './context.ts';
import { groupDocuments } from './group/known-group.ts';
import { newGroup } from './rebalance/consumer-group.ts';

/** Seconds without a heartbeat after which a consumer's lease ends. */
export const Timeout = Type.Integer({ minimum: 1, maximum: 4_294_967_295 });

const Body = Type.Object({
  consumerGroup: Type.String({ pattern: '^[0-9a-zA-Z_-]{1,128}$' }),
  timeout: Timeout,
  order: Type.Optional(
    Type.Boolean({ description: 'consume a shard only after those it was split or merged from' }),
  ),
});
const checkBody = validator(Body);

export function createConsumerGroup(context: GroupContext): SlsOperation {
  return {
    name: 'CreateConsumerGroup',
    summary: 'Creates a consumer group of a logstore',
    method: 'POST',
    path: '/logstores/:logstore/consumergroups',
    schema: { body: Body, replies: { 200: 'Created' } },
    errors: [
      ...logstoreErrors,
      'ConsumerGroupAlreadyExist',
      'ExceedQuota',
      'JsonInfoInvalid',
      'PostBodyInvalid',
    ],
    subject: projectSubject,
    async run(call) {
      const wanted = checkBody(parseJson(call.body), () =>
        errors.JsonInfoInvalid('consumerGroup or timeout is of error format'),
      );
      await createGroup(context, call, wanted);
      return emptyReply;
    },
  };
}

/** Creates a consumer group. Throws ProjectNotExist, LogStoreNotExist, ConsumerGroupAlreadyExist and ExceedQuota. */
export async function createGroup(
  context: GroupContext,
  ref: LogstoreRef,
  { consumerGroup, timeout, order = false }: Static<typeof Body>,
): Promise<void> {
  const { store, config, randomBytes } = context;
  const tenant = tenantOf(ref.project);
  const documents = groupDocuments(ref.logstore);
  const value = newGroup(randomBytes(8).toString('hex'), timeout, order);
  await retryOnConflict(async () => {
    const { version } = await readLogstore(context, ref);
    const existing = await store.listDocuments({ tenant, collection: documents.collection });
    if (existing.some(({ key }) => key === consumerGroup)) throw errors.ConsumerGroupAlreadyExist();
    if (existing.length >= config.slsMaxConsumerGroups) throw errors.ExceedQuota('consumer group');
    const { committed } = await store.commit({
      tenant,
      guards: [logstoreGuard(ref.logstore, version)],
      writes: [documents.write(consumerGroup, value, { version: 0 })],
    });
    return committed ? true : undefined;
  });
}
