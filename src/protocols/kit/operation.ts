/** The one seam of the server: every vendor call is an operation, a value in its protocol's table. */
import type { TSchema } from '@sinclair/typebox';
import type { Reply } from '../../http/reply.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

/** Whose lease or data a call is about, for logs, metrics and selectors. Absent members are unknown or do not apply. */
export interface Subject {
  readonly tenant?: string | undefined;
  readonly group?: string | undefined;
  readonly holder?: string | undefined;
}

/** Separates operations that share a method and a path. */
export interface When<Call> {
  /** Distinguishes the operation in the OpenAPI document, for example `type=heartbeat`. */
  readonly label: string;
  test(call: Call): boolean;
}

/** TypeBox schemas: the single source of validation, types and the OpenAPI document. */
export interface OperationSchema {
  /** Path parameters that need more than "a string". */
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** By status. A reply without a schema, such as binary data, is described by a string. */
  readonly replies: Readonly<Record<number, TSchema | string>>;
}

/**
 * One vendor call. Its file reads top to bottom: schema, errors, `run`. `Call` is what the protocol's dialect makes of a
 * request.
 */
export interface Operation<Call> {
  /** The vendor's own name of the call; also its `operationId` and its label in metrics and logs. */
  readonly name: string;
  /** A sentence for the OpenAPI document. */
  readonly summary: string;
  readonly method: Method | readonly Method[];
  /** As Fastify spells paths: `/logstores/:logstore`. */
  readonly path: string;
  /** Other spellings of the path, which the document leaves out. */
  readonly otherPaths?: readonly string[];
  /** Operations that share a method and a path are tried in the order of the table; one without `when` always matches. */
  readonly when?: When<Call>;
  /** Left out of the OpenAPI document: catch-all routes and preflights. */
  readonly isHidden?: true;
  /** Among the most frequent requests of a server: served past Fastify where it is plain. */
  readonly isFrequent?: true;
  /** Maximum bytes of a request body. Default: the dialect's. */
  readonly bodyLimit?: number;
  readonly schema: OperationSchema;
  /** Names from the protocol's error table that `run` or the dialect's checks may throw. */
  readonly errors: readonly string[];
  subject(call: Call): Subject;
  /** Returns the reply as data; throws a VendorError to refuse. May take minutes: `Call` then carries an abort signal. */
  run(call: Call): Reply | Promise<Reply>;
}

/** Matches calls whose query parameter has one of the values. */
export function whenQuery(
  name: string,
  ...values: readonly string[]
): When<{ readonly query: Readonly<Record<string, unknown>> }> {
  return {
    label: `${name}=${values[0] ?? ''}`,
    test: ({ query }) => values.includes(String(query[name] ?? '')),
  };
}
