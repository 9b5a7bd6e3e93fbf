/** The one place where every vendor request can be observed or failed. */
import type { FastifyRequest } from 'fastify';
import type { Reply } from '../../http/reply.ts';
import type { Operation, Subject } from './operation.ts';

/** One request of a vendor operation, as interceptors see it. */
export interface Exchange {
  readonly protocol: string;
  readonly operation: Pick<Operation<never>, 'name' | 'errors'>;
  readonly subject: Subject;
  readonly request: FastifyRequest;
}

/** In place of a reply: the connection is closed without one. */
export const dropped = Symbol('dropped');

export interface Interceptor {
  /** Called before the operation runs. A reply, or `dropped`, ends the exchange; undefined lets it run. */
  before?(this: void, exchange: Exchange): Promise<Reply | typeof dropped | undefined>;
  /** Called with the reply, of refusals too, before it is sent: what it returns is sent instead. */
  after?(this: void, exchange: Exchange, reply: Reply): Promise<Reply | typeof dropped>;
}
