/** A protocol's own part in dispatching: the little that all of its operations share. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HeaderList, Reply } from '../../http/reply.ts';
import type { Failure, VendorError } from './failure.ts';
import type { Documented } from './openapi.ts';
import type { Operation } from './operation.ts';
import type { App } from './protocol.ts';

/**
 * The only protocol code that sees Fastify's request and reply. `Call` is a request as the protocol's operations get it, decoded
 * once and bounded; `Op` is the protocol's operation type, with the members that its dialect reads.
 */
export interface Dialect<Call, Op extends Operation<Call> = Operation<Call>> extends Documented {
  /** Whether a request that no route matched is this protocol's; see `Protocol.claims`. */
  claims(path: string, authority: string): boolean;
  /** Maximum bytes of a request body, for operations that do not say. Bodies arrive as a Buffer, whatever their Content-Type. */
  readonly bodyLimit: number;
  /** Whether HEAD on the path of a GET operation runs it and sends its headers only. Absent: such requests are not found. */
  readonly answersHead?: true;
  /** Whether every request has to run the hooks that `install` registers, frequent ones included. */
  readonly needsHooks?: boolean;
  /** Registers hooks that have to run before a body is read. */
  install?(app: App): Promise<void>;
  /** Returns the call; throws a VendorError for a request that cannot be one. `operation`: the first of those that share the path. */
  read(request: FastifyRequest, reply: FastifyReply, operation: Op): Call | Promise<Call>;
  /** Throws a VendorError for a call that is not allowed. */
  authenticate?(call: Call, operation: Op, request: FastifyRequest): void | Promise<void>;
  /** Returns the reply for a failure. Nothing else formats an error. */
  error(failure: Failure, request: FastifyRequest): Reply;
  /** Returns what explains a refusal beyond its reply, for readers of the journal. Absent: nothing does. */
  explain?(failure: Failure, request: FastifyRequest): readonly string[];
  /** Returns headers that every reply carries before its own and that differ from request to request. Absent: none. */
  headers?(request: FastifyRequest): HeaderList;
  /** Returns an error of the protocol's table with sample arguments; undefined for an unknown name. Absent: errors cannot be injected by name. */
  sampleError?(name: string): VendorError | undefined;
}
