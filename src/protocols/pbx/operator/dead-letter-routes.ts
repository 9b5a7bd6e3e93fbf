/** Shows dead letters and has them delivered again. */
import { Type } from '@sinclair/typebox';
import { failures } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { DeadLetter, listDeadLetters, replayDeadLetters } from '../queues/dead-letters.ts';
import { type ContextOf, TenantQuery, tags } from './update-model.ts';

export function deadLetterRoutes(app: App, contextOf: ContextOf): void {
  app.get(
    '/dead-letters',
    {
      schema: {
        tags,
        operationId: 'listDeadLetters',
        querystring: TenantQuery,
        summary: 'Lists the reports whose attempts are used up, in the order in which they happened',
        response: {
          200: Type.Object({
            deadLetters: Type.Array(Type.Composite([Type.Object({ key: Type.String() }), DeadLetter])),
          }),
          ...failures,
        },
      },
    },
    async (request) => ({
      deadLetters: [...(await listDeadLetters(contextOf(request).store))].map(([key, letter]) => ({
        key,
        ...letter,
      })),
    }),
  );
  app.post(
    '/dead-letters/replay',
    {
      schema: {
        tags,
        operationId: 'replayDeadLetters',
        querystring: TenantQuery,
        summary: 'Delivers dead letters again, to live tokens of their users; without keys all of them',
        body: Type.Object(
          { keys: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { maxItems: 1_000 })) },
          { additionalProperties: false },
        ),
        response: { 202: Type.Object({ replayed: Type.Array(Type.String()) }), ...failures },
      },
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request, reply) => {
      const { store } = contextOf(request);
      const keys = request.body.keys ?? [...(await listDeadLetters(store)).keys()];
      return reply.code(202).send({ replayed: await replayDeadLetters(store, keys) });
    },
  );
}
