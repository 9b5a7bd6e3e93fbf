/** Shows addresses that failed to log in, and unlocks them. */
import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageQuery, pageSchema } from '../../kit/operator/page.ts';
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
        querystring: Type.Object(pageQuery),
        response: { 200: pageSchema('loginFailures', FailedAddress), ...failures },
      },
    },
    async ({ query }) => {
      const items = await loginFailures.list();
      const placeOf = ({ address }: Static<typeof FailedAddress>) => [address];
      const page = pageOf({ name: 'login-failures', items, placeOf }, query);
      return { loginFailures: page.items, next: page.next };
    },
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
