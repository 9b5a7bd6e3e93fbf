/** Presence errors: the vendor's status, members and words. Sources: REST API pages and the replies that SDKs recorded. */
import { VendorError } from '../../kit/failure.ts';
import { notEmulatedAt } from './not-emulated.ts';

/** The whole JSON body of an error: the vendor's services do not share one shape. */
type Body = Readonly<Record<string, unknown>>;

/** Extra or other headers of an error. */
type Headers = Readonly<Record<string, string>>;

/** A refusal. The vendor's errors have no codes: SDKs tell them apart by status and message. */
export class PresenceError extends VendorError {
  override readonly name = 'PresenceError';
  /** A function where the body contains the timetoken of the reply. */
  readonly body: Body | ((timetoken: string) => readonly unknown[]);
  readonly headers: Headers;

  constructor(status: number, body: PresenceError['body'], headers: Headers = {}) {
    const message = messageOf(body);
    super(status, message, message);
    this.body = body;
    this.headers = headers;
  }
}

/** Some services put the message into `error`. */
function messageOf(body: PresenceError['body']): string {
  if (typeof body === 'function') return String(body('')[1]);
  const { message, error } = body;
  return String(message ?? (error as Body | undefined)?.message);
}

/** Errors of the presence service carry `error: 1`. */
function ofPresence(status: number, message: string, headers?: Headers): PresenceError {
  return new PresenceError(status, { status, error: 1, message, service: 'Presence' }, headers);
}

function ofSubscribe(status: number, message: string): PresenceError {
  return new PresenceError(status, { status, error: true, message, service: 'Subscribe' });
}

function ofAccessManager(status: number, message: string): PresenceError {
  return new PresenceError(status, { message, error: true, service: 'Access Manager', status });
}

function ofRegistry(message: string): PresenceError {
  return new PresenceError(400, { status: 400, message, service: 'channel-registry', error: true });
}

const accessHeaders = {
  'content-type': 'text/javascript; charset=UTF-8',
  'cache-control': 'no-cache, no-store, must-revalidate',
  'access-control-allow-headers': 'Origin, X-Requested-With, Content-Type, Accept',
} as const;

/** A call that is not allowed. `cause`: 9999, or 4001 for a revoked token. */
function ofAccess(message: string, cause: string, payload?: Body): PresenceError {
  return new PresenceError(
    403,
    {
      message,
      ...(payload === undefined ? {} : { payload }),
      error: true,
      service: 'Access Manager',
      status: 403,
    },
    { ...accessHeaders, 'x-pn-cause': cause },
  );
}

/** Errors of the publish service are lists that end with a timetoken. */
function ofPublish(status: number, message: string): PresenceError {
  return new PresenceError(status, (timetoken) => [0, message, timetoken]);
}

/** The table of errors. */
export const errors = {
  publishInvalidKey: () => ofPublish(400, 'Invalid Key'),
  publishInvalidJson: () => ofPublish(400, 'Invalid JSON'),
  messageTooLarge: () => ofPublish(413, 'Message Too Large'),
  signalTooLarge: () => ofPublish(400, 'Signal size too large'),
  invalidFilter: () => ofSubscribe(481, 'Invalid filter expression'),
  /** `bound`: the bound of the server that the expression exceeds. The words are the server's own. */
  filterTooLarge: (bound: string) => ofSubscribe(400, `Filter expression is too large: ${bound}`),
  /** Names what was refused; channel groups with a colon before each name. */
  forbidden: (channels: readonly string[], groups: readonly string[]) =>
    ofAccess('Forbidden', '9999', {
      ...(channels.length === 0 ? {} : { channels }),
      ...(groups.length === 0 ? {} : { 'channel-groups': groups.map((group) => `:${group}`) }),
    }),
  tokenExpired: () => ofAccess('Token is expired', '9999'),
  tokenRevoked: () => ofAccess('Token is revoked', '4001'),
  invalidSignature: () => ofAccess('Invalid Signature', '9999'),
  invalidTimestamp: () => ofAccessManager(400, 'Invalid Timestamp'),
  /** What is wrong with a grant, and where in its body. */
  invalidGrant: (message: string, detail: string, location: string) =>
    new PresenceError(400, {
      error: {
        message,
        source: 'grant',
        details: [{ message: detail, location, locationType: 'body' }],
      },
      service: 'Access Manager',
      status: 400,
    }),
  /** Why a token cannot be revoked. */
  invalidToken: (detail: string) =>
    new PresenceError(400, {
      error: {
        message: 'Invalid token',
        source: 'revoke',
        details: [{ message: detail, location: 'token', locationType: 'path' }],
      },
      service: 'Access Manager',
      status: 400,
    }),
  invalidTimetoken: () => ofPresence(400, 'Invalid timetoken'),
  invalidSubscribeKey: () => ofAccessManager(400, 'Invalid Subscribe Key'),
  unreadable: () => ofAccessManager(400, 'Could Not Parse Request'),
  notTurnedOn: () =>
    ofPresence(
      402,
      'This feature is not turned on for this account. Contact support@pubnub.com to activate this feature.',
    ),
  noState: () => ofPresence(400, 'No state specified.'),
  invalidJson: () => ofPresence(400, 'Invalid JSON specified.'),
  tooManyUuids: () => ofPresence(400, 'Cannot return more than 1000 uuids at a time'),
  // The words of these are the server's own: no document shows them.
  missingUuid: () => ofPresence(400, 'Missing uuid'),
  invalidUuid: () => ofPresence(400, 'Invalid uuid'),
  missingChannel: () => ofPresence(400, 'Missing channel'),
  invalidChannel: () => ofPresence(400, 'Invalid channel'),
  tooManyChannels: (max: number) => ofPresence(400, `Too many channels: at most ${max} in one request`),
  invalidHeartbeat: () => ofPresence(400, 'Invalid heartbeat'),
  invalidLimit: () => ofPresence(400, 'Invalid limit'),
  invalidOffset: () => ofPresence(400, 'Invalid offset'),
  invalidCallback: () => ofPresence(400, 'Invalid callback'),
  stateTooLarge: (bytes: number) => ofPresence(400, `State is larger than ${bytes} bytes`),
  reservedCharacter: () => ofRegistry('Reserved character in input parameters.'),
  tooManyGroups: () => ofRegistry('Maximum channel group count exceeded.'),
  uriTooLong: () =>
    new PresenceError(414, {
      message: 'Request URI Too Long',
      error: true,
      service: 'Balancer',
      status: 414,
    }),
  notFound: (path: string) =>
    new PresenceError(404, { message: `Not found: '${path}'`, error: 1, service: 'Presence' }),
  notEmulated: (feature: string) => ofPresence(501, `${feature} is not emulated by heartbeatd`),
  /** `afterSeconds`: whole seconds, as SDKs read them. */
  tooManyRequests: (afterSeconds: number) =>
    ofPresence(429, 'Too Many Requests', { 'retry-after': String(Math.max(1, afterSeconds)) }),
  unavailable: () => ofPresence(503, 'Service Unavailable', { 'retry-after': '1' }),
  internal: (requestId: string) => ofPresence(500, `Internal Server Error (request ${requestId})`),
} as const;

export type ErrorName = keyof typeof errors;

/** Arguments of the errors that need any, for examples in documents. */
const exampleArguments: {
  readonly [N in ErrorName as Parameters<(typeof errors)[N]> extends [] ? never : N]: Parameters<
    (typeof errors)[N]
  >;
} = {
  filterTooLarge: ['at most 512 terms'],
  forbidden: [['my-channel'], []],
  invalidGrant: ['Invalid ttl', 'A whole number of minutes, or 0', 'ttl'],
  invalidToken: ['Token is expired.'],
  tooManyChannels: [1_000],
  stateTooLarge: [32_768],
  notFound: ['/v2/presence'],
  notEmulated: ['History'],
  tooManyRequests: [1],
  internal: ['req-1'],
};

/** Returns an error of the table with example arguments; undefined for an unknown name. */
export function exampleOf(name: string): PresenceError | undefined {
  if (!Object.hasOwn(errors, name)) return undefined;
  const make = errors[name as ErrorName] as (...args: readonly unknown[]) => PresenceError;
  const args: Partial<Record<string, readonly unknown[]>> = exampleArguments;
  return make(...(args[name] ?? []));
}

/** Returns the error for a path that no operation has. */
export function errorOfPath(path: string): PresenceError {
  const service = notEmulatedAt(path);
  return service === undefined ? errors.notFound(path) : errors.notEmulated(service.name);
}
