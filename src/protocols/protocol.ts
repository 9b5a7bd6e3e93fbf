/** What a protocol is to the app: routes, a claim on requests that no route matched, and one place that renders errors. */

import type { IncomingMessage, ServerResponse } from 'node:http';
// Adds what the OpenAPI document needs to the types of route schemas.
import type {} from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RawServerDefault,
} from 'fastify';
import type { Registry } from 'prom-client';
import type { Config } from '../config.ts';
import type { Store, Tenant } from '../store/store.ts';

export type ProtocolName = 'sls' | 'pbx' | 'presence';

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
  readonly config: Config;
  /** Wall time for headers and request ids, ms since 1970. Deadlines never come from it. */
  wallMs(): number;
  randomBytes(size: number): Buffer;
  /** For metrics of a protocol's own. */
  readonly registry: Registry;
}

export interface Protocol {
  readonly name: ProtocolName;
  /** Registers the routes on an instance of its own: parsers, hooks and the error handler stay inside. */
  routes(app: App): Promise<void>;
  /**
   * True if a request is this protocol's although no route matched or the request could not be read. `path` is as on
   * the wire, without query; `authority` is the host asked for, from the target if absolute-form, else from `Host`.
   */
  claims(path: string, authority: string): boolean;
  /** Answers any error, `NotFound` and unreadable requests too, in the vendor's shape. Nothing else formats an error. */
  answerError(error: Error, request: FastifyRequest, reply: FastifyReply): void;
  /** The groups of a tenant, those too that nobody is in, at most `limit`. Absent: there is nothing but leases. */
  viewGroups?(tenant: Tenant, limit: number): Promise<readonly GroupView[]>;
  /**
   * What people who run the server can do with this protocol: routes under `/_heartbeatd/<name>`, behind the operator's
   * lock. Errors with a `statusCode` below 500 are answered with their message.
   */
  operatorRoutes?(app: App): Promise<void>;
}

/** What a protocol knows of a group beyond its leases, for the operator's view. */
export interface GroupView {
  readonly group: string;
  /** Whatever JSON says it best. */
  readonly state: unknown;
}

export type MakeProtocol = (context: ProtocolContext) => Protocol;

/** No route matched. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whose route it is. */
    protocol?: string;
  }
  interface FastifyRequest {
    /** The authority of an absolute-form target (the server works as an HTTP proxy for SLS clients), else `Host`. */
    readonly authority: string;
  }
}
