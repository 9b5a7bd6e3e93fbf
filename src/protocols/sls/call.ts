/** A call of the API as operations get it, and what routes are made with. */
import type { TSchema } from '@sinclair/typebox';
import type { HTTPMethods } from 'fastify';
import type { GroupContext } from './group-store.ts';
import type { LogContext, PullAnswer } from './logs.ts';

export type SlsContext = GroupContext & LogContext;

export interface Call {
  /** When the client says that it sent the request, seconds since 1970; undefined if it does not say. */
  readonly sentAt: number | undefined;
  /** Empty for calls of the account. */
  readonly project: string;
  readonly logstore: string;
  readonly group: string;
  readonly shard: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** The JSON text of an answer, empty for the many calls that answer nothing; or logs. */
export type Operation = (call: Call) => Promise<string | PullAnswer>;

export interface RouteOptions {
  readonly body?: TSchema;
  readonly querystring?: TSchema;
  /** Needs no signature, whatever the settings ask for. */
  readonly isOpen?: boolean;
  /** The project need not be named by the host: it is in the body, or there is none. */
  readonly isOfAccount?: boolean;
  /** The body is logs, not JSON. */
  readonly takesLogs?: boolean;
}

/** Registers a route. */
export type Serve = (
  method: HTTPMethods | HTTPMethods[],
  url: string,
  options: RouteOptions,
  run: Operation,
) => void;
