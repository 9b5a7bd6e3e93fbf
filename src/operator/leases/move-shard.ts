/** Hands a shard over to a consumer of the operator's choice. */
import { Type } from '@sinclair/typebox';
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import { protocolOf } from '../metrics/metrics.ts';
import { refusals, tags } from '../schemas.ts';
import { describe, UnknownReply, Why } from '../why/why-routes.ts';

const Move = Type.Object(
  {
    tenant: Type.String({ description: 'sls/<project>', maxLength: 1_024 }),
    group: Type.String({ description: 'logstore and consumer group: <logstore>/<group>', maxLength: 1_024 }),
    shard: Type.Integer({ minimum: 0 }),
    to: Type.String({ description: 'a live consumer of the group', minLength: 1, maxLength: 1_024 }),
  },
  { additionalProperties: false },
);

/** Registers `POST /leases/move`. */
export function moveShardRoutes(app: App, protocols: readonly Pick<Protocol, 'name' | 'moveShard'>[]): void {
  app.post(
    '/leases/move',
    {
      schema: {
        tags,
        operationId: 'moveShard',
        summary:
          'Hands a shard over to another consumer: first its owner is told, then the other receives it',
        body: Move,
        response: { 200: Why, ...refusals, 404: UnknownReply, 409: Failure },
      },
    },
    async ({ body }, reply) => {
      const name = protocolOf(body.tenant);
      const move = protocols.find((protocol) => protocol.name === name)?.moveShard;
      if (move === undefined)
        throw new OperatorRefusal(
          400,
          `tenant: ${JSON.stringify(name)} has no shards; name one such as sls/<project>`,
        );
      const moved = await move(body);
      if ('unknown' in moved) return reply.code(404).send(describe(moved));
      return 'refused' in moved ? reply.code(409).send({ error: moved.refused }) : moved;
    },
  );
}
