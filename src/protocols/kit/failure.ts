/** Why a request got no success: one classification of protocol, framework, store and unknown errors. */
import type { FastifyRequest } from 'fastify';
import { StoreUnavailable, TenantFull } from '../../store/store.ts';
import { Conflict } from './retry-on-conflict.ts';

/** A refusal in the vendor's terms. Each protocol has one subclass, which carries what the vendor's error shows. */
export class VendorError extends Error {
  override readonly name: string = 'VendorError';
  /** HTTP status of the reply. */
  readonly status: number;
  /** The vendor's error code, or what comes closest to one. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** No route matched. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** The process has more to do than its limits allow. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
}

/** Why a request could not be read. */
export type UnreadableReason = 'content-type' | 'body-too-large' | 'target-too-long' | 'malformed';

/** What a dialect renders as an error reply. */
export type Failure =
  | { readonly kind: 'vendor'; readonly error: VendorError }
  | { readonly kind: 'unavailable' }
  /** The server is busy: it has too much to do, or what the call changes kept changing underneath it. */
  | { readonly kind: 'overloaded' }
  /** The tenant may keep no more data. */
  | { readonly kind: 'tenant-full' }
  | { readonly kind: 'not-found'; readonly path: string }
  | { readonly kind: 'unreadable'; readonly reason: UnreadableReason }
  | { readonly kind: 'bug'; readonly requestId: string };

const reasons: Readonly<Record<string, UnreadableReason>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_MAX_PARAM_LENGTH: 'target-too-long',
};

/** Returns the failure that an error stands for. What is not known is a bug, and is logged as one. */
export function classify(error: unknown, request: FastifyRequest): Failure {
  if (error instanceof VendorError) return { kind: 'vendor', error };
  if (error instanceof TenantFull) return { kind: 'tenant-full' };
  if (error instanceof StoreUnavailable) return { kind: 'unavailable' };
  if (error instanceof Conflict || error instanceof Overloaded) return { kind: 'overloaded' };
  if (error instanceof NotFound) return { kind: 'not-found', path: pathOf(request) };
  const { code, statusCode = 500 } = error as { code?: string; statusCode?: number };
  if (statusCode < 500) return { kind: 'unreadable', reason: reasons[code ?? ''] ?? 'malformed' };
  // A client that resets the connection while its body arrives is not an error of the server.
  if (request.raw.destroyed && !request.raw.complete) return { kind: 'unreadable', reason: 'malformed' };
  request.log.error({ err: error, requestId: request.id, operation: request.operation }, 'internal error');
  return { kind: 'bug', requestId: request.id };
}

/** The path as on the wire, without its query. */
export function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '/').split('?', 1)[0] ?? '/';
}
