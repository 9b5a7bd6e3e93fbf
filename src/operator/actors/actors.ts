/** The actors of this process: started, changed, ended, and shown. They beat by the lease clocks of their tenants. */
import type { ActorKit } from '../../protocols/kit/actors/actor-kit.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { ClockScope, Store, Tenant } from '../../store/store.ts';
import type { Beating } from '../clock/beating.ts';
import { durationMs } from '../duration.ts';
import type { Claims } from '../nodes/claims.ts';
import type { ActorChange, ActorDetails, ActorView, NewActor } from './actor.ts';
import { eachClient, endTurns, takeTurn } from './client.ts';
import {
  type Actor,
  checkBehaviour,
  checkFields,
  makeActor,
  type PlayedProtocol,
  silent,
} from './make-actor.ts';
import { makeRoster } from './roster.ts';
import { makeSchedule } from './schedule.ts';
import { type Inject, makeSend } from './send.ts';

export interface ActorsOptions {
  readonly store: Pick<Store, 'readClock' | 'ownClocks' | 'partitionOf'>;
  readonly protocols: readonly PlayedProtocol[];
  /** Begins the ids that are made here; those of another process over the same store differ. */
  readonly idPrefix: string;
  /** Keeps two nodes from having an actor of the same id: reports find an application by it. */
  readonly ids: { readonly nodeId: string; readonly claims: Claims };
  /** Passes a request to the server as if it came from a connection. */
  readonly inject: Inject;
  wallMs(): number;
}

/** How an actor ends: as its client would say goodbye, or without a word. */
export type Ending = 'left' | 'crashed';

/** An actor in a list. */
export interface ListedActor {
  /** Grows with each actor that is started. */
  readonly order: number;
  readonly view: ActorView;
}

export interface Actors {
  /** The members that protocols add to a request. */
  readonly kits: readonly ActorKit[];
  /** Starts an actor; resolves after its first beats. Rejects with OperatorRefusal. */
  start(wanted: NewActor): Promise<ActorDetails>;
  list(tenant?: string): readonly ListedActor[];
  /** Whether this process has an actor of the id. */
  isHere(id: string): boolean;
  /** Throws OperatorRefusal 404 for an unknown id. */
  get(id: string): ActorDetails;
  /** Changes the behaviour; resolves after what follows at once. Rejects with OperatorRefusal. */
  change(id: string, change: ActorChange): Promise<ActorDetails>;
  /** Ends an actor. Rejects with OperatorRefusal 404 for an unknown id. */
  end(id: string, as: Ending): Promise<ActorView>;
  /** Ends the actors of a tenant, or all. Resolves to how many those were. */
  endAll(as: Ending, tenant?: string): Promise<number>;
  /** Returns the beats that actors make on the way of an advance. */
  beating(scope: ClockScope): Beating;
  /** Whether a lease is one that an actor renews. */
  has(lease: { readonly tenant: Tenant; readonly group: string; readonly holder: string }): boolean;
  close(): void;
}

/** Makes the actors of a process. */
export function makeActors(options: ActorsOptions): Actors {
  const { protocols, wallMs } = options;
  const roster = makeRoster(options.idPrefix);
  const { actors, starting, known } = roster;
  const kits = protocols.flatMap(({ actors: kit }) => (kit === undefined ? [] : [kit]));
  const schedule = makeSchedule(options.store, actors);
  const closing = new AbortController();
  let started = 0;

  const remove = async (actor: Actor, as: Ending): Promise<void> => {
    actors.delete(actor.id);
    await endClients(actor, as);
    await options.ids.claims.release(actor.id);
  };

  return {
    kits,
    async start(wanted) {
      const id = wanted.id ?? roster.freshId();
      roster.checkRoom(id, wanted.count ?? 1);
      started += 1;
      const actor = makeActor(
        { id, order: started, wanted, protocols, startedMs: wallMs() },
        (address, onLost) => makeSend(options.inject, { address, onLost, signal: closing.signal }),
      );
      starting.set(id, actor.clients.length);
      const { leaseMs } = await admit(options, actor).finally(() => starting.delete(id));
      actors.set(id, actor);
      await eachClient(actor.clients, (client) => takeTurn(client, leaseMs, actor.everyMs));
      const refused = actor.clients.find(({ problem }) => problem !== undefined);
      if (refused !== undefined && actor.clients.every(({ problem }) => problem !== undefined)) {
        await remove(actor, 'crashed');
        throw new OperatorRefusal(409, `the first beat of the actor was refused: ${refused.problem}`);
      }
      schedule.wake();
      return detailsOf(actor);
    },
    list: (tenant) => roster.ofTenant(tenant).map((actor) => ({ order: actor.order, view: viewOf(actor) })),
    isHere: (id) => actors.has(id),
    get: (id) => detailsOf(known(id)),
    async change(id, change) {
      const actor = known(id);
      await changeActor(actor, change);
      await schedule.act(actor.tenant);
      schedule.wake();
      return detailsOf(actor);
    },
    async end(id, as) {
      const actor = known(id);
      await remove(actor, as);
      return viewOf(actor);
    },
    async endAll(as, tenant) {
      const ended = roster.ofTenant(tenant);
      await Promise.all(ended.map((actor) => remove(actor, as)));
      return ended.length;
    },
    beating: (scope) => schedule.beating(scope),
    has: (lease) =>
      [...actors.values()].some((actor) => actor.tenant === lease.tenant && holds(actor, lease)),
    close() {
      closing.abort();
      schedule.close();
      for (const actor of actors.values()) for (const { played } of actor.clients) played.close?.();
      actors.clear();
    },
  };
}

/** Ends the clients of an actor, after the turns that have begun. */
async function endClients({ clients }: Actor, as: Ending): Promise<void> {
  for (const client of clients) client.nextMs = Number.POSITIVE_INFINITY;
  await endTurns(clients);
  if (as === 'left') await eachClient(clients, ({ played }) => played.leave());
  for (const { played } of clients) played.close?.();
}

/** Gives an actor another behaviour, and its clients what follows from that at once. Rejects with OperatorRefusal. */
async function changeActor(actor: Actor, { behaviour, every, ...fields }: ActorChange): Promise<void> {
  if (behaviour !== undefined) checkBehaviour(actor, behaviour);
  checkFields(actor, fields);
  if (every !== undefined) actor.everyMs = durationMs(every);
  await endTurns(actor.clients);
  actor.behaviour = behaviour ?? actor.behaviour;
  for (const client of actor.clients) {
    if (actor.behaviour === silent) client.nextMs = Number.POSITIVE_INFINITY;
    else if (client.nextMs === Number.POSITIVE_INFINITY || every !== undefined) client.nextMs = 0;
  }
  await eachClient(actor.clients, ({ played }) => played.behave({ behaviour: actor.behaviour, fields }));
}

function holds(
  { clients, behaviour }: Actor,
  { group, holder }: { readonly group: string; readonly holder: string },
): boolean {
  return behaviour !== silent && clients.some(({ played }) => played.holds(group, holder));
}

/** Resolves to the clock of an actor that this node may have. Rejects with OperatorRefusal 409 if another node has one of its id. */
async function admit({ store, ids: { nodeId, claims } }: ActorsOptions, { id, tenant }: Actor) {
  const node = await claims.claim(id);
  if (node !== nodeId) throw new OperatorRefusal(409, `there is an actor ${id} already, on node ${node}`);
  return store.readClock(tenant).catch(async (error) => {
    await claims.release(id);
    throw error;
  });
}

function viewOf({ id, startedMs, protocol, tenant, group, name, behaviour, clients }: Actor): ActorView {
  return {
    ...{ id, at: new Date(startedMs).toISOString(), protocol, tenant, group, name, behaviour },
    count: clients.length,
    beats: clients.reduce((sum, { beats }) => sum + beats, 0),
    problems: clients.filter(({ problem }) => problem !== undefined).length,
  };
}

function detailsOf(actor: Actor): ActorDetails {
  return {
    ...viewOf(actor),
    clients: actor.clients.map(({ name, beats, lost, problem = null, played }) => ({
      ...{ name, beats, lost, problem },
      ...played.view(),
    })),
  };
}
