/** Starts, shows, changes and ends actors. */
import { Type } from '@sinclair/typebox';
import { pageOf, pageSchema, timedPageQuery } from '../../protocols/kit/operator/page.ts';
import { Failure } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { refusals, tags } from '../schemas.ts';
import { ActorDetails, ActorView, actorChangeSchema, fieldsOf, newActorSchema } from './actor.ts';
import type { Actors, ListedActor } from './actors.ts';

const Id = Type.Object({ id: Type.String({ maxLength: 40 }) });
const TenantQuery = Type.Object({ tenant: Type.Optional(Type.String()) });
const ListQuery = Type.Object({ ...TenantQuery.properties, ...timedPageQuery });
const as = Type.Optional(
  Type.Union([Type.Literal('left'), Type.Literal('crashed')], {
    default: 'left',
    description: 'left: its clients say goodbye as real ones do; crashed: they fall silent',
  }),
);
const EndQuery = Type.Object({ as });
const EndAllQuery = Type.Object({ ...TenantQuery.properties, as });

/** Registers `/actors` and `/actors/{id}`. */
export function actorRoutes(app: App, actors: Actors): void {
  const fields = fieldsOf(actors.kits);
  const details = { 200: ActorDetails, ...refusals, 409: Failure };
  const one = { tags, params: Id };
  app.get(
    '/actors',
    {
      schema: {
        tags,
        operationId: 'listActors',
        summary: 'Lists the actors of this process: clients that the server simulates',
        querystring: ListQuery,
        response: { 200: pageSchema('actors', ActorView), ...refusals },
      },
    },
    async ({ query: { tenant, ...page } }) => {
      const list = {
        name: 'actors',
        items: actors.list(tenant),
        placeOf: ({ order }: ListedActor) => [order],
      };
      const { items, next } = pageOf(list, page);
      return { actors: items.map(({ view }) => view), next };
    },
  );
  app.post(
    '/actors',
    {
      schema: {
        tags,
        operationId: 'startActor',
        summary: 'Starts a simulated client, or many, and returns after their first beats',
        body: newActorSchema(fields),
        response: details,
      },
    },
    async ({ body }) => actors.start(body),
  );
  app.get(
    '/actors/:id',
    {
      schema: {
        ...one,
        operationId: 'readActor',
        summary: 'Returns an actor with what its clients hold, received and did',
        response: { ...details, 404: Failure },
      },
    },
    async ({ params: { id } }) => actors.get(id),
  );
  app.patch(
    '/actors/:id',
    {
      schema: {
        ...one,
        operationId: 'changeActor',
        summary: 'Switches an actor to another behaviour',
        body: actorChangeSchema(fields),
        response: { ...details, 404: Failure },
      },
    },
    async ({ params: { id }, body }) => actors.change(id, body),
  );
  endRoutes(app, actors);
}

function endRoutes(app: App, actors: Actors): void {
  app.delete(
    '/actors/:id',
    {
      schema: {
        tags,
        operationId: 'endActor',
        summary: 'Ends an actor: its clients leave, or crash',
        params: Id,
        querystring: EndQuery,
        response: { 200: ActorView, ...refusals, 404: Failure },
      },
    },
    async ({ params: { id }, query }) => actors.end(id, query.as ?? 'left'),
  );
  app.delete(
    '/actors',
    {
      schema: {
        tags,
        operationId: 'endActors',
        summary: 'Ends the actors of a tenant, or all',
        querystring: EndAllQuery,
        response: { 200: Type.Object({ count: Type.Integer() }), ...refusals },
      },
    },
    async ({ query: { tenant, as: ending = 'left' } }) => ({ count: await actors.endAll(ending, tenant) }),
  );
}
