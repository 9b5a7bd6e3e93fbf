/** Starts, shows, changes and ends actors. */
import { Type } from '@sinclair/typebox';
import type { ActorKit } from '../../protocols/kit/actors/actor-kit.ts';
import { pageSchema, timedPageQuery } from '../../protocols/kit/operator/page.ts';
import { Failure } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { refusals, tags } from '../schemas.ts';
import { ActorDetails, ActorView, actorChangeSchema, fieldsOf, newActorSchema } from './actor.ts';
import type { SharedActors } from './nodes/all-nodes.ts';

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

const UnseenNodes = Type.Array(Type.String(), {
  description: 'nodes over the same Redis that did not answer: their actors are missing',
});
const ActorPage = Type.Object({
  ...pageSchema('actors', ActorView).properties,
  unseenNodes: UnseenNodes,
});

/** Registers `/actors` and `/actors/{id}`. */
export function actorRoutes(app: App, kits: readonly ActorKit[], shared: SharedActors): void {
  const fields = fieldsOf(kits);
  const details = { 200: ActorDetails, ...refusals, 409: Failure };
  const one = { tags, params: Id };
  app.get(
    '/actors',
    {
      schema: {
        tags,
        operationId: 'listActors',
        summary: 'Lists actors, over Redis those of all nodes: clients that the server simulates',
        querystring: ListQuery,
        response: { 200: ActorPage, ...refusals },
      },
    },
    async ({ query }) => {
      const { actors: listed, next, unseenNodes } = await shared.list(query);
      return { actors: [...listed], next, unseenNodes: [...unseenNodes] };
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
    async ({ body }) => shared.start(body),
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
    async ({ params: { id } }) => shared.get(id),
  );
  app.patch(
    '/actors/:id',
    {
      schema: {
        ...one,
        operationId: 'changeActor',
        summary: 'Switches an actor to another behaviour',
        body: actorChangeSchema(fields),
        response: { ...details, 404: Failure, 413: Failure },
      },
    },
    async ({ params: { id }, body }) => shared.change(id, body),
  );
  endRoutes(app, shared);
}

function endRoutes(app: App, shared: SharedActors): void {
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
    async ({ params: { id }, query }) => shared.end(id, query.as ?? 'left'),
  );
  app.delete(
    '/actors',
    {
      schema: {
        tags,
        operationId: 'endActors',
        summary: 'Ends the actors of a tenant, or all',
        querystring: EndAllQuery,
        response: { 200: Type.Object({ count: Type.Integer(), unseenNodes: UnseenNodes }), ...refusals },
      },
    },
    async ({ query: { tenant, as: ending = 'left' } }) => {
      const { count, unseenNodes } = await shared.endAll(ending, tenant);
      return { count, unseenNodes: [...unseenNodes] };
    },
  );
}
