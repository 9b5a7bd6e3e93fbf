/** Splits and merges shards for operators: what the vendor's calls do, without a signature. */
import { Type } from '@sinclair/typebox';
import { failures, OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import type { ResourceContext } from '../resources/context.ts';
import type { Logstore, LogstoreRef } from '../resources/logstores/logstore.ts';
import { tenantOf } from '../resources/projects/project.ts';
import { describeShard, reshape, ShardReply } from '../resources/shards/change-shards.ts';
import { merge, type Reshaped, split } from '../resources/shards/shards.ts';
import { SlsError } from '../wire/error-entry.ts';
import { findLogstore, findWritableShard, logstoreMembers, refusing, tags } from './named-resources.ts';

const shardMember = Type.Integer({ minimum: 0 });
const maxParts = 64;
const keyDigits = 32;

const Split = Type.Object(
  {
    ...logstoreMembers,
    shard: shardMember,
    parts: Type.Optional(
      Type.Integer({ minimum: 2, maximum: maxParts, default: 2, description: 'even parts' }),
    ),
    key: Type.Optional(
      Type.String({
        pattern: '^[0-9a-fA-F]{1,32}$',
        description:
          'in place of parts: the hash key at which the second part begins; zeros at the end may be left out',
      }),
    ),
  },
  { additionalProperties: false },
);
const Merge = Type.Object({ ...logstoreMembers, shard: shardMember }, { additionalProperties: false });
const Affected = Type.Object({
  shards: Type.Array(ShardReply, { description: 'the new shards, and those that became read-only' }),
});

/** Registers the routes; the caller sets the prefix. */
export function reshapeRoutes(app: App, context: ResourceContext): void {
  app.post(
    '/shards/split',
    {
      schema: {
        tags,
        operationId: 'splitShard',
        summary: 'Splits a shard; it becomes read-only, and its parts are its children',
        body: Split,
        response: { 200: Affected, ...failures },
      },
    },
    async ({ body: { shard, parts, key, ...ref } }) => {
      if (parts !== undefined && key !== undefined)
        throw new OperatorRefusal(400, 'parts, key: name one of them');
      const point = key === undefined ? { count: parts ?? 2 } : { key: key.padEnd(keyDigits, '0') };
      return change(context, ref, (logstore, now) => {
        const { inclusiveBeginKey: begin, exclusiveEndKey: end } = findWritableShard(logstore, shard);
        return refusingPoint(
          `the keys of shard ${shard} are ${begin} to ${end}: it cannot be split there`,
          () => split(logstore, shard, point, now),
        );
      });
    },
  );
  app.post(
    '/shards/merge',
    {
      schema: {
        tags,
        operationId: 'mergeShards',
        summary: 'Merges a shard with its neighbour to the right; both become read-only',
        body: Merge,
        response: { 200: Affected, ...failures },
      },
    },
    async ({ body: { shard, ...ref } }) =>
      change(context, ref, (logstore, now) => {
        findWritableShard(logstore, shard);
        return refusingPoint(`shard ${shard} has the last keys: it has no neighbour to the right`, () =>
          merge(logstore, shard, now),
        );
      }),
  );
}

async function change(
  context: ResourceContext,
  ref: LogstoreRef,
  run: (logstore: Logstore, now: number) => Reshaped,
) {
  const { value } = await findLogstore(context, ref);
  const now = await context.nowSeconds(tenantOf(ref.project));
  const max = context.config.slsMaxShards;
  return refusing(async () => {
    try {
      return { shards: (await reshape(context, ref, (logstore) => run(logstore, now))).map(describeShard) };
    } catch (error) {
      if (!(error instanceof SlsError) || error.code !== 'ExceedQuota') throw error;
      throw new OperatorRefusal(
        409,
        `the logstore has ${value.shards.length} shards of at most ${max}, read-only ones included; SLS_MAX_SHARDS sets the maximum`,
      );
    }
  });
}

/** Throws OperatorRefusal 400 with the message in place of the vendor's error. */
function refusingPoint<T>(message: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof SlsError ? new OperatorRefusal(400, message) : error;
  }
}
