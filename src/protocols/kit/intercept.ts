/** The one place where every vendor request can be observed or failed. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reply } from '../../http/reply.ts';
import type { Operation, Subject } from './operation.ts';

/** One request of a vendor operation, as interceptors see it. */
export interface Exchange {
  readonly protocol: string;
  readonly operation: Pick<Operation<never>, 'name' | 'errors'>;
  readonly subject: Subject;
  readonly request: FastifyRequest;
  /** What explains a refusal beyond its reply, for a reader of the journal. */
  notes?: readonly string[];
  /** What interceptors keep of the exchange between `before` and `after`, each under a name of its own. */
  readonly kept: Record<string, unknown>;
}

/** In place of a reply: writes to the connection itself, or closes it. */
export type Send = (reply: FastifyReply) => void | Promise<void>;

/** Closes the connection without a reply. */
export const drop: Send = (reply) => {
  reply.hijack();
  reply.raw.destroy();
};

export interface Interceptor {
  /** While it returns true, requests are not shown to the interceptor, and pay for this call only. */
  isIdle?(this: void): boolean;
  /** Called before the operation runs. A reply ends the exchange; undefined lets it run; a thrown error is rendered by the dialect. */
  before?(this: void, exchange: Exchange): Reply | Send | undefined | Promise<Reply | Send | undefined>;
  /** Called with the reply, of refusals too, before it is sent: what it returns is sent instead. */
  after?(this: void, exchange: Exchange, reply: Reply | Send): Reply | Send | Promise<Reply | Send>;
}

/** Returns one interceptor that asks all: the first one first before the operation, and last after it. */
export function combine(interceptors: readonly Interceptor[]): Interceptor | undefined {
  if (interceptors.length <= 1) return interceptors[0];
  return {
    isIdle: () => interceptors.every(({ isIdle }) => isIdle?.() === true),
    before: (exchange) => askBefore(interceptors, exchange),
    after: (exchange, reply) => askAfter(interceptors.toReversed(), exchange, reply),
  };
}

/** Awaits only what is a promise: most requests meet interceptors that answer at once. */
function askBefore(
  interceptors: readonly Interceptor[],
  exchange: Exchange,
): ReturnType<NonNullable<Interceptor['before']>> {
  for (const [at, { before }] of interceptors.entries()) {
    const reply = before?.(exchange);
    if (reply instanceof Promise)
      return reply.then((early) => early ?? askBefore(interceptors.slice(at + 1), exchange));
    if (reply !== undefined) return reply;
  }
  return undefined;
}

function askAfter(
  interceptors: readonly Interceptor[],
  exchange: Exchange,
  reply: Reply | Send,
): ReturnType<NonNullable<Interceptor['after']>> {
  let current = reply;
  for (const [at, { after }] of interceptors.entries()) {
    const next = after?.(exchange, current) ?? current;
    if (next instanceof Promise)
      return next.then((final) => askAfter(interceptors.slice(at + 1), exchange, final));
    current = next;
  }
  return current;
}
