/** "ConsumerGroupHeartBeat". */
import { Type } from '@sinclair/typebox';
import { makeBoundedMap } from '../../kit/bounded-map.ts';
import { whenQuery } from '../../kit/operation.ts';
import { validator } from '../../kit/validate.ts';
import type { SlsOperation } from '../wire/call.ts';
import { errors, logstoreErrors } from '../wire/errors.ts';
import { jsonTextReply } from '../wire/reply.ts';
import { parseJson, sentAtOf } from '../wire/request.ts';
import type { GroupContext } from './context.ts';
import { groupSubject } from './group/known-group.ts';
import { heartbeat } from './heartbeat.ts';

const shardIds = Type.Array(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), { maxItems: 10_000 });

/** Two editions of the documents show an object around the list. No client sends it; it is accepted all the same. */
const Body = Type.Union([shardIds, Type.Object({ shards: shardIds })]);
const checkBody = validator(Body);

const Query = Type.Object({
  type: Type.Literal('heartbeat'),
  consumer: Type.String({ minLength: 1, maxLength: 256, description: 'name of the consumer' }),
});
const checkQuery = validator(Query);

export function consumerGroupHeartBeat(context: GroupContext): SlsOperation {
  const reportedShards = makeReportedShards();
  return {
    name: 'ConsumerGroupHeartBeat',
    summary: 'Renews a consumer, reports the shards it holds, and returns the shards it owns',
    method: 'POST',
    path: '/logstores/:logstore/consumergroups/:group',
    when: whenQuery('type', 'heartbeat'),
    isFrequent: true,
    schema: { query: Query, body: Body, replies: { 200: shardIds } },
    errors: [
      ...logstoreErrors,
      'ConsumerGroupNotExist',
      'ExceedQuota',
      'NotExistConsumerWithBody',
      'PostBodyInvalid',
    ],
    subject: groupSubject,
    async run(call) {
      const { consumer } = checkQuery(call.query, () => errors.ParameterInvalid('consumer is invalid'));
      const held = reportedShards(call.body);
      const sentAt = sentAtOf(call.headers);
      return jsonTextReply(await heartbeat(context, call, { consumer, held, sentAt }));
    },
  };
}

const maxKnownBodies = 1_000;
const maxKnownBytes = 2_048;
const noShards: readonly number[] = [];

/**
 * Makes the function that returns the shards that a heartbeat reports; none if it has no body. It throws PostBodyInvalid. A consumer
 * repeats what it reported before, so that most bodies need not be parsed and checked again.
 */
function makeReportedShards(): (body: Buffer) => readonly number[] {
  const known = makeBoundedMap<string, readonly number[]>(maxKnownBodies);
  return (body) => {
    const isEmptyList = body.length === 2 && body[0] === 0x5b && body[1] === 0x5d;
    if (body.length === 0 || isEmptyList) return noShards;
    const key = body.length > maxKnownBytes ? undefined : body.toString('latin1');
    const repeated = key === undefined ? undefined : known.get(key);
    if (repeated !== undefined) return repeated;
    const value = checkBody(parseJson(body), () => errors.PostBodyInvalid('JSON'));
    const shards = Array.isArray(value) ? value : value.shards;
    if (key !== undefined) known.set(key, shards);
    return shards;
  };
}
