/**
 * Actors: clients of a protocol that the server simulates, so that one real client can be tested against others. Their requests run
 * through the same routes, operations and interceptors as those of real clients.
 */
import { type TProperties, Type } from '@sinclair/typebox';
import type { Tenant } from '../../../store/store.ts';

/** A request of an actor, as its client would send it. */
export interface ActorRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query. */
  readonly url: string;
  /** Absent: the actor's own host. */
  readonly host?: string;
  /** JSON. Absent: no body. */
  readonly body?: string;
}

export interface ActorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** Sends a request. Resolves to undefined if its reply was lost. */
export type SendAsActor = (request: ActorRequest) => Promise<ActorReply | undefined>;

/** Whom a simulated client plays. */
export interface ActorRole {
  readonly tenant: Tenant;
  /** Group as in leases; empty if the request named none. */
  readonly group: string;
  readonly name: string;
  /** The client's address: a host name that leads nowhere. See `isActorAddress`. */
  readonly address: string;
}

/** How a client behaves: a name among the protocol's behaviours, and the protocol's own members of the request. */
export interface Behaviour {
  readonly behaviour: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One simulated client. The framework calls one function at a time. */
export interface SimulatedClient {
  /** Interval between turns on the lease clock, ms: a third of the TTL that it renews. May change with a turn. */
  readonly everyMs: number;
  /** Does what the client does at each beat. Resolves to why the server refused; undefined: it did not. */
  turn(leaseMs: number): Promise<string | undefined>;
  /** Changes the behaviour. Resolves when what follows at once is done. */
  behave(wanted: Behaviour): Promise<void>;
  /** Says goodbye as clients of the protocol do. */
  leave(): Promise<void>;
  /** Whether a lease is this client's. */
  holds(group: string, holder: string): boolean;
  /** Returns what the client knows and did, as JSON. */
  view(): Readonly<Record<string, unknown>>;
  /** Frees what the client holds outside the store. */
  close?(): void;
}

/** What a protocol provides for actors. */
export interface ActorKit {
  /** Summaries by name; the first is the default. `silent` makes no more turns, and every protocol has it. */
  readonly behaviours: Readonly<Record<string, string>>;
  /** The protocol's own members of a request, as TypeBox properties; all are optional. */
  readonly fields: TProperties;
  /** Returns a client that did nothing yet. Throws ActorRefused for a role that cannot be played. */
  create(role: ActorRole, wanted: Behaviour, send: SendAsActor): SimulatedClient;
}

/** Member of requests for actors whose clients choose their TTL. */
export const ActorTimeout = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description:
      'seconds without a beat until the lease ends; SLS: of a consumer group that the actor creates, 60 by default',
  }),
);

/** A request for an actor that makes no sense; answered with 400. */
export class ActorRefused extends Error {
  override readonly name = 'ActorRefused';
  readonly statusCode = 400;
}
