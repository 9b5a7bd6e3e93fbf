/** Refuses requests while the process has more to do than its limits allow. */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../settings/log.ts';
import { type Load, smallBytes } from './load.ts';

/** A hook that refuses requests with an error. */
export type RefuseOverload = (
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
) => void;

/** More than any operation reads, bytes. */
const maxBodyBytes = 16 * 1_048_576;
/** What a body is counted as whose size is not stated, bytes. */
const unstatedBytes = 1_048_576;
/** Minimum interval between two log lines about overload, ms. */
const overloadLogMs = 10_000;

/** Returns a hook that refuses requests of vendors while the process is overloaded. `toError` makes the error of a reason. */
export function makeRefuseOverload(
  load: Load,
  log: Pick<Log, 'warn'>,
  toError: (reason: string) => Error,
): RefuseOverload {
  let loggedAtMs = Number.NEGATIVE_INFINITY;
  return (request, reply, done) => {
    const { method, headers } = request.raw;
    const isLate = load.isLate();
    const bytes = method === 'GET' ? 0 : bodyBytes(headers);
    const isSmall = bytes < smallBytes;
    if (!isLate && (isSmall || load.hold(bytes, request.clientAddress, reply.raw))) {
      done();
      return;
    }
    if (performance.now() - loggedAtMs > overloadLogMs) {
      loggedAtMs = performance.now();
      log.warn({ isLate, heldBytes: load.heldBytes }, 'overloaded; refusing requests');
    }
    done(toError(isLate ? 'the event loop is late' : 'too many bytes are in flight'));
  };
}

/** Returns the size that a request states for its body; 0 for one that is refused before it is read. */
function bodyBytes(headers: IncomingHttpHeaders): number {
  if (headers['transfer-encoding'] !== undefined) return unstatedBytes;
  const bytes = Number(headers['content-length'] ?? 0) || 0;
  return bytes > maxBodyBytes ? 0 : bytes;
}
