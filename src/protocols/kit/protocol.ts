/** What the app mounts: a protocol as a module with settings of its own, and what it serves once it is created. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerDefault,
} from 'fastify';
import type { Registry } from 'prom-client';
import type { Load } from '../../http/connections/load.ts';
import type { Log } from '../../settings/log.ts';
import type { SettingsOf, SettingTable } from '../../settings/setting.ts';
import type { Store, Tenant } from '../../store/store.ts';
import type { ActorKit } from './actors/actor-kit.ts';
import type { Evidence, Explanation, RefusedMove, ShardMove, UnknownName, WhySubject } from './explain.ts';
import type { VendorError } from './failure.ts';
import type { Interceptor } from './intercept.ts';
import type { OpenApiPart } from './openapi.ts';
import type { Reader } from './reader.ts';

/** The app as routes see it: TypeBox schemas give the types. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What a protocol is given. Time and randomness come from here, never from globals. */
export interface ProtocolContext {
  readonly store: Store;
  /** Wall time for headers and request ids, ms since 1970. Deadlines never come from it. */
  wallMs(): number;
  randomBytes(size: number): Buffer;
  /** Guard debug lines with `isDebugging(log)`: their fields cost nothing then. */
  readonly log: Log;
  /** For metrics of the protocol's own. */
  readonly registry: Registry;
  /** Tells what happened, for the stream of events. Absent: nobody listens. */
  readonly emit?: ((event: ProtocolEvent) => void) | undefined;
  /** Asks the other nodes over the same store; absent: there are none. To be called while the protocol is created. */
  readonly gather?: GatherFromNodes | undefined;
  /** Observes or fails the protocol's requests; absent: nothing does, and a request pays for one branch. */
  readonly interceptor?: Interceptor | undefined;
}

/**
 * Returns a function that asks each other node what `answer` returns there, and this node too, whose answer is left out. All nodes see all
 * questions in the same order. Questions and answers are small JSON. `name` distinguishes it from all others.
 */
export type GatherFromNodes = (
  name: string,
  answer: (question: unknown) => unknown,
) => (question: unknown) => Promise<{ readonly answers: readonly { readonly answer: unknown }[] }>;

/** Something that happened, as operators see it. */
export interface ProtocolEvent {
  /** Such as `report.delivered`. */
  readonly type: string;
  readonly tenant: Tenant;
  readonly group?: string | undefined;
  readonly holder?: string | undefined;
  /** What the type tells besides. */
  readonly [detail: string]: unknown;
}

/** A protocol before it is created. The app's list of these is the only place that names them all. */
export interface ProtocolModule<S extends SettingTable = SettingTable> {
  readonly name: string;
  /** The name as people write it. */
  readonly title: string;
  /** Names are unique over all parts of the server, so each begins with the protocol's name. */
  readonly settings: S;
  /** Throws SettingError for values that contradict each other. */
  checkSettings?(settings: SettingsOf<S>): void;
  /** Throws SettingError for a setting that names an unusable file. */
  create(context: ProtocolContext, settings: SettingsOf<S>): Protocol;
}

/** A created protocol. */
export interface Protocol {
  readonly name: string;
  /** Registers the routes on a Fastify instance of its own: parsers, hooks and the error handler stay inside. */
  routes(app: App): Promise<void>;
  /**
   * Whether a request is this protocol's although no route matched or it could not be read. `path` is as on the wire, without
   * query; `authority` is the host asked for, from the target if absolute-form, else from `Host`.
   */
  claims(path: string, authority: string): boolean;
  /** Answers any error, `NotFound` and unreadable requests included, in the vendor's shape. */
  sendError(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void>;
  /** Names of the vendor operations, as in the journal: `unknown` is that of requests which are none. */
  readonly operationNames: readonly string[];
  /** Usual names of what the protocol sends, as `operation` of the journal. Absent: it sends nothing. */
  readonly messageNames?: readonly string[];
  /** Types of the events that only this protocol emits, or gives to changes of leases. Absent: there are none. */
  readonly eventTypes?: readonly string[];
  /** Returns an error of the vendor's table with sample arguments; undefined for an unknown name. */
  sampleError?(name: string): VendorError | undefined;
  /** Decodes and explains exchanges for readers of the journal. Absent: they see JSON, forms and text. */
  readonly reader?: Reader;
  /** The vendor operations, for the OpenAPI document. */
  openApi?(): OpenApiPart;
  /** Returns at most `limit` groups of a tenant, empty ones included. Absent: there is nothing but leases. */
  viewGroups?(tenant: Tenant, limit: number): Promise<readonly GroupView[]>;
  /**
   * Explains why a group or a holder is as it is. Absent: nothing can be asked about this protocol. Rejects with StoreUnavailable.
   */
  explain?(this: void, subject: WhySubject, evidence: Evidence): Promise<Explanation | UnknownName>;
  /**
   * Hands a shard over to another live holder, as a rebalance would. Absent: nothing of this protocol can be moved. Rejects with
   * StoreUnavailable.
   */
  moveShard?(this: void, move: ShardMove): Promise<Explanation | UnknownName | RefusedMove>;
  /** The clients that the server can simulate. Absent: there are no actors of this protocol. */
  readonly actors?: ActorKit;
  /** Absent: nothing happens by itself, and a heartbeat only renews. */
  readonly time?: ProtocolTime;
  /**
   * What an operator can do with this protocol: routes under `/_heartbeatd/<name>`, behind the operator API's access check.
   * Errors with a `statusCode` below 500 are answered with their message.
   */
  operatorRoutes?(app: App): Promise<void>;
}

/** What an operator's advance of the clock needs of a protocol, so that time stops where something happens. */
export interface ProtocolTime {
  /** Returns the tenants for which the protocol does something by itself. */
  tenants?(): readonly Tenant[];
  /** Returns the reading of the tenant's lease clock at which the protocol does something next by itself; undefined: it does nothing. */
  nextMs?(tenant: Tenant): number | undefined;
  /** Resolves when everything that follows from the tenant's present time is done, on this node. */
  settle?(tenant: Tenant): Promise<void>;
  /** Whether this node has something that reacts to what happens to the tenant on any node. Empty tenant: to any. */
  isActive?(tenant: Tenant): boolean;
  /**
   * Does what a heartbeat of this holder's client would do now. Absent: its lease is renewed for its TTL, which is all that a
   * heartbeat does.
   */
  beat?(tenant: Tenant, group: string, holder: string): Promise<void>;
}

/** What a protocol knows of a group beyond its leases, for the operator's view. */
export interface GroupView {
  readonly group: string;
  /** JSON that describes the group. */
  readonly state: unknown;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Limits of what all connections take together; absent in apps that have none. */
    readonly load?: Load;
  }
  interface FastifyContextConfig {
    /** Name of the protocol that the route belongs to. */
    protocol?: string;
  }
  interface FastifyRequest {
    /** The authority of an absolute-form target (the server works as an HTTP proxy for SLS clients), else `Host`. */
    readonly authority: string;
    /** The address of the client, also behind a trusted proxy; empty if it left before that was known. */
    readonly clientAddress: string;
    /** The vendor operation that the request turned out to be; empty before that, and for requests that match none. */
    operation: string;
    /** How long the request was held until there was something to answer, ms. */
    heldMs: number;
  }
}
