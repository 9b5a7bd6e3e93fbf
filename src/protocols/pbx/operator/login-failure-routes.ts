/** Shows addresses that failed to log in, and unlocks them. */
import { Type } from '@sinclair/typebox';
import { failures } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import type { PbxContext } from '../api/context.ts';
import { tags } from './update-model.ts';

const FailedAddress = Type.Object({
  address: Type.String(),
  failures: Type.Integer(),
  locked: Type.Boolean(),
});

export function loginFailureRoutes(app: App, { loginFailures }: Pick<PbxContext, 'loginFailures'>): void {
  app.get(
    '/login-failures',
    {
      schema: {
        tags,
        operationId: 'listLoginFailures',
        summary: 'Lists the addresses that failed to log in recently, and whether they are locked',
        response: { 200: Type.Object({ loginFailures: Type.Array(FailedAddress) }), ...failures },
      },
    },
    async () => ({ loginFailures: await loginFailures.list() }),
  );
  app.delete(
    '/login-failures/:address',
    {
      schema: {
        tags,
        operationId: 'removeLoginFailures',
        summary: 'Resets the failures of an address, which unlocks it',
        params: Type.Object({ address: Type.String() }),
      },
    },
    async (request, reply) => {
      await loginFailures.reset(request.params.address);
      return reply.code(204).send();
    },
  );
}
