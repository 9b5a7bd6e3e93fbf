/** Reply headers of the vendor's services, as the real ones send them. */
import { type HeaderList, headerList } from '../../../http/reply.ts';

/** Headers of the presence service, and of errors. */
export const presenceHeaders = {
  'content-type': 'text/javascript; charset="UTF-8"',
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'OPTIONS, GET, POST',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': '*',
  'cache-control': 'no-cache',
  'accept-ranges': 'bytes',
  age: '0',
  server: 'Pubnub Presence',
} as const;

const ofOtherService = (methods: string): HeaderList =>
  headerList({ ...presenceHeaders, 'access-control-allow-methods': methods, server: 'Pubnub' });

/** Headers of success replies, by service and allowed methods. */
export const replyHeaders = {
  presence: headerList(presenceHeaders),
  registration: ofOtherService('GET, POST, DELETE, OPTIONS'),
  get: ofOtherService('GET'),
  post: ofOtherService('POST'),
  delete: ofOtherService('DELETE'),
  // Every method and header of an SDK, of calls that are not emulated too: a page gets their error, not a failed preflight.
  preflight: headerList({
    ...presenceHeaders,
    'access-control-allow-methods': 'OPTIONS, GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers':
      'Origin, X-Requested-With, Content-Type, Content-Encoding, Accept, If-Match, Cache-Control, Authorization',
  }),
} as const satisfies Readonly<Record<string, HeaderList>>;

/** Returns the headers of an error: those of the presence service, with the error's own in their place or behind them. */
export function errorHeaders(own: Readonly<Record<string, string>>): HeaderList {
  return headerList({ ...presenceHeaders, ...own });
}
