/** What became of deliveries and logins. */
import { type Static, Type } from '@sinclair/typebox';
import type { App } from '../../kit/protocol.ts';
import { listNotes, Note } from '../delivery/diagnostics.ts';
import { DeadLetter, listDeadLetters, replayDeadLetters } from '../queues/dead-letters.ts';
import { listLines } from '../queues/stored-queue.ts';
import { newestReport } from '../reports/report-queue.ts';
import { listTokens } from '../tokens/tokens.ts';
import { failures, type OperatorContext, tags } from './operator-context.ts';

const Delivery = Type.Object({
  user: Type.String(),
  tokens: Type.Array(Type.String()),
  url: Type.String({ description: 'where reports go' }),
  given: Type.Object(
    { ipaddr: Type.String(), port: Type.Integer(), url: Type.String(), urltag: Type.String() },
    { description: 'what the application said' },
  ),
  version: Type.String(),
  waiting: Type.Integer({ description: 'reports that were not delivered yet' }),
  attempts: Type.Integer({ description: 'at the next one' }),
  last: Type.Optional(
    Type.Object({
      what: Type.String({ description: 'what the latest attempt came to' }),
      atMs: Type.Number({ description: 'wall time, ms since 1970' }),
    }),
  ),
});

export function deliveryRoutes(app: App, context: OperatorContext): void {
  const { store, queueLength } = context;

  app.get(
    '/deliveries',
    {
      schema: {
        tags,
        summary: 'Where reports go, and what waits there',
        response: { 200: Type.Object({ deliveries: Type.Array(Delivery) }), ...failures },
      },
    },
    async () => {
      const [tokens, lines, newest] = await Promise.all([
        listTokens(store),
        listLines(store),
        newestReport(store),
      ]);
      const byUrl = new Map([...lines.values()].map((line) => [`${line.user}\n${line.url}`, line]));
      const deliveries = new Map<string, Static<typeof Delivery>>();
      for (const { user, token, callback } of tokens) {
        const name = `${user}\n${callback.callback}`;
        const known = deliveries.get(name);
        if (known !== undefined) {
          known.tokens.push(token);
          continue;
        }
        const line = byUrl.get(name);
        const { ipaddr, port, url, urltag } = callback;
        const cursor = Math.max(line?.cursor ?? 0, callback.since ?? 0);
        deliveries.set(name, {
          user,
          tokens: [token],
          url: callback.callback,
          given: { ipaddr, port, url, urltag },
          version: callback.version,
          waiting: Math.max(0, Math.min(newest - cursor, queueLength)),
          attempts: line?.attempts ?? 0,
          ...(line?.last === undefined ? {} : { last: line.last }),
        });
      }
      return { deliveries: [...deliveries.values()] };
    },
  );

  app.get(
    '/notes',
    {
      schema: {
        tags,
        summary: 'What went otherwise than an application may expect, newest last',
        response: { 200: Type.Object({ notes: Type.Array(Note) }), ...failures },
      },
    },
    async () => ({ notes: await listNotes(store) }),
  );

  app.get(
    '/dead-letters',
    {
      schema: {
        tags,
        summary: 'Reports that were tried as often as they may be, in the order in which they happened',
        response: {
          200: Type.Object({
            deadLetters: Type.Array(Type.Composite([Type.Object({ key: Type.String() }), DeadLetter])),
          }),
          ...failures,
        },
      },
    },
    async () => ({
      deadLetters: [...(await listDeadLetters(store))].map(([key, letter]) => ({ key, ...letter })),
    }),
  );

  app.post(
    '/dead-letters/replay',
    {
      schema: {
        tags,
        summary:
          'Sends dead letters again, to where their applications are now, if they are logged in; without keys: all',
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
      const keys = request.body.keys ?? [...(await listDeadLetters(store)).keys()];
      return reply.code(202).send({ replayed: await replayDeadLetters(store, keys) });
    },
  );

  app.get(
    '/login-failures',
    {
      schema: {
        tags,
        summary: 'Addresses that failed to log in lately, and whether they are locked out',
        response: {
          200: Type.Object({
            loginFailures: Type.Array(
              Type.Object({ address: Type.String(), failures: Type.Integer(), locked: Type.Boolean() }),
            ),
          }),
          ...failures,
        },
      },
    },
    async () => ({ loginFailures: await context.failures.list() }),
  );
  app.delete(
    '/login-failures/:address',
    {
      schema: { tags, summary: 'Lets an address try again', params: Type.Object({ address: Type.String() }) },
    },
    async (request, reply) => {
      await context.failures.forget(request.params.address);
      return reply.code(204).send();
    },
  );
}
