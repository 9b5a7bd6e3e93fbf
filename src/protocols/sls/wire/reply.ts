/** Replies of SLS calls: their headers, their bodies and their request ids. */
import { headerList, type Reply } from '../../../http/reply.ts';
import type { VendorError } from '../../kit/failure.ts';

// Lower-case names: one SDK looks headers up as they are written.
const fixedHeaders = { 'access-control-allow-origin': '*', server: 'nginx/1.12.1' };
// No Content-Type without a body: one SDK parses whatever claims to be JSON.
const emptyHeaders = headerList(fixedHeaders);
const jsonHeaders = headerList({ ...fixedHeaders, 'content-type': 'application/json' });

/** The reply of the many calls that return nothing. */
export const emptyReply: Reply = { status: 200, headers: emptyHeaders, body: '' };

/** Returns a success whose body is JSON text. */
export function jsonTextReply(body: string): Reply {
  return { status: 200, headers: jsonHeaders, body };
}

/** Returns a success whose body is a value as JSON. */
export function jsonReply(value: unknown): Reply {
  return jsonTextReply(JSON.stringify(value));
}

/** Returns a success with headers and bytes of its own. */
export function binaryReply(headers: Readonly<Record<string, string>>, body: Uint8Array | string): Reply {
  return { status: 200, headers: [...emptyHeaders, ...headerList(headers)], body };
}

/** Returns the body of an error reply. */
export function errorBody({ code, message }: VendorError): {
  readonly errorCode: string;
  readonly errorMessage: string;
} {
  return { errorCode: code, errorMessage: message };
}

/** Returns the reply for an error. */
export function errorReply(error: VendorError): Reply {
  return { status: error.status, headers: jsonHeaders, body: JSON.stringify(errorBody(error)) };
}

/**
 * Makes request ids: 24 upper-case hexadecimal digits. The first eight are the time, as in the examples of the API reference, the
 * next eight tell processes apart, the last eight are a counter.
 */
export function makeRequestIds(nowSeconds: () => number, processId: string): () => string {
  let count = 0;
  let second = 0;
  let prefix = '';
  return () => {
    const now = nowSeconds();
    if (now !== second) {
      second = now;
      prefix = `${now.toString(16).padStart(8, '0')}${processId}`.toUpperCase();
    }
    count = (count + 1) % 0x1_0000_0000;
    return prefix + count.toString(16).toUpperCase().padStart(8, '0');
  };
}
