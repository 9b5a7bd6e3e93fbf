/** Clients that the server simulates, so that one real client can be tested against others. */
import type { ActorDetails, ActorView } from '../operator/actors/actor.ts';
import type { Duration } from './clock.ts';
import { everyPage } from './every-page.ts';
import type { Requester } from './request.ts';

export type { ActorDetails, ActorView };

/** What an actor does, with the members of its protocol. */
export interface ActorBehaviour {
  /**
   * SLS: `consumer`, `slow`, `greedy`; PBX: `application`, `refusing`, `greedy`; Presence: `subscriber`, `flapping`; `silent` of each. The first
   * of a protocol is the default.
   */
  readonly behaviour?: string;
  /** Interval between beats on the lease clock; default: a third of the TTL. */
  readonly every?: Duration;
  /** SLS and Presence: seconds without a beat until the lease ends. */
  readonly timeout?: number;
  /** SLS: where a shard without a checkpoint is read from; default: `begin`. */
  readonly from?: 'begin' | 'end';
  /** SLS: whether logs are read and checkpoints saved; default: true. */
  readonly reads?: boolean;
  /** SLS, `slow`: beats that still report a revoked shard; default: 3. */
  readonly keepBeats?: number;
  /** SLS, `slow`: how long revoked shards are still reported, instead of `keepBeats`. */
  readonly keepSeconds?: number;
  /** Presence: state in every channel. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** PBX: version prefix of its calls; default: `v1.1.0`. */
  readonly apiVersion?: string;
}

/** Whom an actor plays. */
export interface NewActor extends ActorBehaviour {
  readonly id?: string;
  /** Such as `sls/<project>`. */
  readonly tenant: string;
  readonly protocol?: string;
  /** `<logstore>/<consumer group>`, API user, or channels with commas between them. */
  readonly group: string;
  /** Consumer or uuid; default: the id. */
  readonly name?: string;
  /** Clients, whose names are `<name>-1`, `<name>-2` and so on; absent: one, with the name. */
  readonly count?: number;
}

export interface Actors {
  /** Starts an actor; resolves after its first beats. Rejects with OperatorError where they are refused. */
  start(wanted: NewActor): Promise<StartedActor>;
  /** Resolves to the actors of a tenant, or all; over Redis to those of all nodes that answer, which `read` names if some do not. */
  list(tenant?: string): Promise<readonly ActorView[]>;
  /** Resolves to the actors of a tenant, or all, and to the nodes over the same Redis whose actors are missing. */
  read(tenant?: string): Promise<ListedActors>;
  /** Ends the actors of a tenant, or all, on all nodes: they leave. Resolves to their number. */
  clear(tenant?: string): Promise<number>;
}

export interface ListedActors {
  readonly actors: readonly ActorView[];
  /** Nodes over the same Redis whose actors are missing. */
  readonly unseenNodes: readonly string[];
}

/** An actor as started; its clients leave at the end of a scope that holds it with `await using`. */
export interface StartedActor extends AsyncDisposable {
  readonly id: string;
  /** What it and its clients hold, received and did by now. */
  read(): Promise<ActorDetails>;
  /** Switches it to another behaviour; resolves after what follows at once. */
  behave(change: ActorBehaviour): Promise<ActorDetails>;
  /** Ends it: its clients say goodbye as real ones do. */
  leave(): Promise<void>;
  /** Ends it without a word: its leases expire. */
  crash(): Promise<void>;
}

/** The actors of one tenant, which is not named again. */
export interface TenantActors {
  start(wanted: Omit<NewActor, 'tenant' | 'protocol'>): Promise<StartedActor>;
  list(): Promise<readonly ActorView[]>;
  clear(): Promise<number>;
}

/** Returns the actors of one tenant of a server. */
export function actorsOf(requester: Requester, tenant: string): TenantActors {
  const actors = makeActors(requester);
  return {
    start: (wanted) => actors.start({ ...wanted, tenant }),
    list: () => actors.list(tenant),
    clear: () => actors.clear(tenant),
  };
}

/** Returns the actors of a server. */
export function makeActors({ json }: Requester): Actors {
  const read = async (tenant?: string): Promise<ListedActors> => {
    const unseen = new Set<string>();
    const actors = await everyPage<'actors', ActorView>(json, 'actors', {
      ...{ path: '/actors', query: { tenant } },
      onPage({ unseenNodes = [] }) {
        for (const node of unseenNodes) unseen.add(node);
      },
    });
    return { actors, unseenNodes: [...unseen] };
  };
  return {
    async start(wanted) {
      const { id } = await json<ActorView>('POST', '/actors', { body: wanted });
      const path = `/actors/${encodeURIComponent(id)}`;
      const end = async (as: 'left' | 'crashed'): Promise<void> => {
        await json('DELETE', path, { query: { as }, accepts: [404] });
      };
      return {
        id,
        read: () => json('GET', path),
        behave: (change) => json('PATCH', path, { body: change }),
        leave: () => end('left'),
        crash: () => end('crashed'),
        [Symbol.asyncDispose]: () => end('left'),
      };
    },
    list: async (tenant) => (await read(tenant)).actors,
    read,
    clear: async (tenant) =>
      (await json<{ readonly count: number }>('DELETE', '/actors', { query: { tenant } })).count,
  };
}
