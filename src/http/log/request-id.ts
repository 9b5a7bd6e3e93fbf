/** Ids of requests: the client's own where it sent one, so that its log and this one can be joined. */
import type { IncomingHttpHeaders } from 'node:http';

/** Longer ids, and characters that would have to be quoted, are ignored. */
const validId = /^[\w.:=+/@-]{1,128}$/;
/** W3C Trace Context: version, trace id, parent id, flags. */
const validTraceparent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** Returns the trace id of a `traceparent` header; undefined if it is malformed or all zero. */
export function traceIdOf(traceparent: string): string | undefined {
  const id = validTraceparent.exec(traceparent)?.[1];
  return id === undefined || /^0+$/.test(id) ? undefined : id;
}

/** Returns a function that gives each request its id: `x-request-id`, else the trace id of `traceparent`, else a number. */
export function makeRequestId(): (request: { readonly headers: IncomingHttpHeaders }) => string {
  let last = 0;
  return ({ headers }) => {
    const { 'x-request-id': id, traceparent } = headers;
    if (typeof id === 'string' && validId.test(id)) return id;
    const traceId = typeof traceparent === 'string' ? traceIdOf(traceparent) : undefined;
    if (traceId !== undefined) return traceId;
    last += 1;
    return `req-${last.toString(36)}`;
  };
}
