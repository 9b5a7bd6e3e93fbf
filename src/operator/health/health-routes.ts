/** Liveness and readiness. Open to all: a probe has no token and asks by any name. */
import { Type } from '@sinclair/typebox';
import { Failure } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { tags } from '../schemas.ts';

const Health = Type.Object({ status: Type.String() });
const partitionsByReason = (description: string) =>
  Type.Optional(
    Type.Array(Type.Object({ partitions: Type.Array(Type.Integer()), reason: Type.String() }), {
      description,
    }),
  );
const Readiness = Type.Object({
  status: Type.String({
    description:
      '"ready", or "degraded" while the store refuses what needs space on its disk or in its memory',
  }),
  away: partitionsByReason('partitions of the store that cannot be served now; absent if there are none'),
  refusing: partitionsByReason(
    'partitions of the store that serve reads but refuse what needs space; absent if there are none',
  ),
});

/** Registers `/healthz` (the process runs) and `/readyz` (the store answers, and the server is not about to stop). */
export function healthRoutes(app: App, store: Store, isDraining: () => boolean): void {
  app.get(
    '/healthz',
    {
      schema: {
        tags,
        operationId: 'getHealth',
        summary: 'Whether the process runs',
        response: { 200: Health },
      },
    },
    async () => ({ status: 'ok' }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        tags,
        operationId: 'getReadiness',
        summary: 'Whether the server takes requests: the store answers, and no stop is under way',
        response: { 200: Readiness, 503: Failure },
      },
    },
    async (_request, reply) => {
      if (isDraining()) return reply.code(503).send({ error: 'stopping' });
      const { away, refusing } = await store.ping();
      return {
        // Not 503: to take the node out of service would end the reads and renewals that it still serves.
        status: refusing.length === 0 ? 'ready' : 'degraded',
        ...(away.length === 0 ? {} : { away }),
        ...(refusing.length === 0 ? {} : { refusing }),
      };
    },
  );
}
