/** Shows dead letters and has them delivered again. */
import { Type } from '@sinclair/typebox';
import { pageOf, pageSchema, timedPageQuery } from '../../kit/operator/page.ts';
import { failures } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { DeadLetter, listDeadLetters, replayDeadLetters } from '../queues/dead-letters.ts';
import { type ContextOf, TenantQuery, tags } from './update-model.ts';

const KeyedLetter = Type.Composite([Type.Object({ key: Type.String() }), DeadLetter]);

export function deadLetterRoutes(app: App, contextOf: ContextOf): void {
  app.get(
    '/dead-letters',
    {
      schema: {
        tags,
        operationId: 'listDeadLetters',
        querystring: Type.Object({ ...TenantQuery.properties, ...timedPageQuery }),
        summary: 'Lists the reports whose attempts are used up, in the order in which they happened',
        response: { 200: pageSchema('deadLetters', KeyedLetter), ...failures },
      },
    },
    async (request) => {
      const letters = [...(await listDeadLetters(contextOf(request).store))];
      const placeOf = ([key]: readonly [string, DeadLetter]) => [key];
      const { items, next } = pageOf({ name: 'dead-letters', items: letters, placeOf }, request.query);
      return { deadLetters: items.map(([key, letter]) => ({ key, ...letter })), next };
    },
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
    },
    async (request, reply) => {
      const { store } = contextOf(request);
      const keys = request.body.keys ?? [...(await listDeadLetters(store)).keys()];
      return reply.code(202).send({ replayed: await replayDeadLetters(store, keys) });
    },
  );
}
