/** What is asked of actors, and how they are shown. */
import { type Static, type TProperties, Type } from '@sinclair/typebox';
import type { ActorKit } from '../../protocols/kit/actors/actor-kit.ts';
import { Duration } from '../duration.ts';

/** Clients of one actor, and of all actors of this process. */
export const maxClients = 1_000;
export const maxAllClients = 2_000;
export const maxActors = 200;

const every = Type.Optional(
  Type.Union(Duration.anyOf, {
    description: 'interval between beats on the lease clock; default: a third of the TTL',
  }),
);

/** Members of a request that all protocols have. */
const common = {
  id: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$',
      description: 'default: actor-1, actor-2 and so on; over Redis with a part for the node',
    }),
  ),
  protocol: Type.Optional(Type.String({ description: 'default: that of the tenant' })),
  tenant: Type.String({ minLength: 1, maxLength: 512, description: 'tenant, such as sls/<project>' }),
  group: Type.Optional(
    Type.String({
      maxLength: 4_096,
      description: '<logstore>/<consumer group>, API user, or channels with commas between them',
    }),
  ),
  name: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'consumer or uuid; of a PBX application a label; default: the id',
    }),
  ),
  count: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: maxClients,
      description: 'clients; with count, their names are <name>-1, <name>-2 and so on',
    }),
  ),
  behaviour: Type.Optional(Type.String({ description: "default: the protocol's first" })),
  every,
};

/** A request for an actor, as checked. */
export type NewActor = Static<ReturnType<typeof newActorSchema>> & Readonly<Record<string, unknown>>;
export type ActorChange = Static<ReturnType<typeof actorChangeSchema>> & Readonly<Record<string, unknown>>;

/** The names of `common`: what is left of a request is for the protocol. */
export const commonNames: ReadonlySet<string> = new Set(Object.keys(common));

/** Returns the members of all protocols; the framework checks that a request has only those of its protocol. */
export function fieldsOf(kits: readonly ActorKit[]): TProperties {
  return Object.assign({}, ...kits.map(({ fields }) => fields));
}

export function newActorSchema(fields: TProperties) {
  return Type.Object({ ...common, ...fields } as typeof common, { additionalProperties: false });
}

export function actorChangeSchema(fields: TProperties) {
  const change = { behaviour: common.behaviour, every };
  return Type.Object({ ...change, ...fields } as typeof change, { additionalProperties: false });
}

const ClientView = Type.Object(
  {
    name: Type.String(),
    beats: Type.Integer(),
    lost: Type.Integer({ description: 'requests whose reply was lost' }),
    problem: Type.Union([Type.String(), Type.Null()], { description: 'why the last beat was refused' }),
  },
  { additionalProperties: true, description: 'a simulated client, with what it knows and did' },
);

export const ActorView = Type.Object({
  id: Type.String(),
  at: Type.String({ description: 'when it was started, ISO 8601' }),
  protocol: Type.String(),
  tenant: Type.String(),
  group: Type.String(),
  name: Type.String(),
  count: Type.Integer(),
  behaviour: Type.String(),
  beats: Type.Integer({ description: 'of all its clients' }),
  problems: Type.Integer({ description: 'clients whose last beat was refused' }),
  node: Type.Optional(Type.String({ description: 'over Redis: the node that it runs on' })),
});
/** An actor, without its clients. */
export type ActorView = Static<typeof ActorView>;

export const ActorDetails = Type.Object({
  ...ActorView.properties,
  clients: Type.Array(ClientView),
  clientsLeftOut: Type.Optional(
    Type.Integer({
      description:
        'clients that are missing here: all of them are too many to be read through another node than that of the actor',
    }),
  ),
});
/** An actor with its clients. */
export type ActorDetails = Static<typeof ActorDetails>;
