/** The one place where every vendor request, and all that the server sends to applications, can be observed or failed. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HeaderList, Reply } from '../../http/reply.ts';
import type { Operation, Subject } from './operation.ts';

/** One request of a vendor operation, as interceptors see it. */
export interface Exchange {
  readonly protocol: string;
  readonly operation: Pick<Operation<never>, 'name' | 'errors'>;
  readonly subject: Subject;
  readonly request: FastifyRequest;
  /** The reply to be: tells how long ago the request came. */
  readonly reply: Pick<FastifyReply, 'elapsedTime'>;
  /** What explains a refusal beyond its reply, for a reader of the journal. */
  notes?: readonly string[];
  /** What the journal and the faults keep of the exchange between `before` and `after`: for them alone. */
  entry: unknown;
  firing: unknown;
}

/** In place of a reply: writes to the connection itself, or closes it. */
export type Send = (reply: FastifyReply) => void | Promise<void>;

/** Closes the connection without a reply. */
export const drop: Send = (reply) => {
  reply.hijack();
  reply.raw.destroy();
};

/** One attempt to send something to an application. `Result`: what the protocol makes of an attempt. */
export interface Outgoing<Result> {
  readonly protocol: string;
  /** The vendor's name of what is sent. */
  readonly operation: string;
  readonly subject: Subject;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: HeaderList;
    readonly body: string;
  };
  /** Aborts when the attempt has to end. */
  readonly signal: AbortSignal;
  /** Id of the fault rule that fired on it. */
  fault?: string;
  /** Returns the result that stands for a reply that did not come from an application. */
  replied(this: void, status: number): Result;
  /** Returns the result that stands for a failure. */
  failed(this: void, reason: string): Result;
  /** Returns what a result says: a reply, or why there was none. */
  outcomeOf(
    this: void,
    result: Result,
  ): { readonly status: number; readonly body: string } | { readonly failure: string };
}

export interface Interceptor {
  /** While it returns true, requests are not shown to the interceptor, and pay for this call only. */
  isIdle?(this: void): boolean;
  /** Called before the operation runs. A reply ends the exchange; undefined lets it run; a thrown error is rendered by the dialect. */
  before?(this: void, exchange: Exchange): Reply | Send | undefined | Promise<Reply | Send | undefined>;
  /** Called with the reply, of refusals too, before it is sent: what it returns is sent instead. */
  after?(this: void, exchange: Exchange, reply: Reply | Send): Reply | Send | Promise<Reply | Send>;
  /** Called for each attempt to send something to an application: makes it with `send`, once, more often or not at all. */
  outgoing?<Result>(this: void, message: Outgoing<Result>, send: () => Promise<Result>): Promise<Result>;
}

/** Returns one interceptor that asks all: the first one is nearest to the wire, so it sees requests first, and replies and messages last. */
export function combine(interceptors: readonly Interceptor[]): Interceptor | undefined {
  return interceptors.reduceRight<Interceptor | undefined>(
    (inner, outer) => (inner === undefined ? outer : pair(outer, inner)),
    undefined,
  );
}

/** Returns two interceptors as one. Awaits only what is a promise: most requests meet interceptors that answer at once. */
function pair(outer: Interceptor, inner: Interceptor): Interceptor {
  const { before: outerBefore = pass, after: outerAfter = keepReply } = outer;
  const { before: innerBefore = pass, after: innerAfter = keepReply } = inner;
  const { isIdle: isOuterIdle } = outer;
  const { isIdle: isInnerIdle } = inner;
  const first = outer.outgoing;
  const second = inner.outgoing;
  return {
    ...(isOuterIdle === undefined || isInnerIdle === undefined
      ? {}
      : { isIdle: () => isOuterIdle() && isInnerIdle() }),
    before(exchange) {
      const early = outerBefore(exchange);
      if (early === undefined) return innerBefore(exchange);
      if (early instanceof Promise) return early.then((reply) => reply ?? innerBefore(exchange));
      return early;
    },
    after(exchange, reply) {
      // A program's interceptor may return nothing, against its type.
      const next = innerAfter(exchange, reply) ?? reply;
      if (next instanceof Promise) return next.then((final) => outerAfter(exchange, final));
      return outerAfter(exchange, next) ?? next;
    },
    outgoing(message, send) {
      const sendFirst = first === undefined ? send : () => first(message, send);
      return second === undefined ? sendFirst() : second(message, sendFirst);
    },
  };
}

const pass = (): undefined => undefined;
const keepReply: NonNullable<Interceptor['after']> = (_exchange, reply) => reply;
