/** Presence errors: the vendor's status, members and words. Sources: REST API pages and the answers that SDKs recorded. */

/** The whole JSON body of an error: the vendor's services do not share one shape. */
type Body = Readonly<Record<string, unknown>>;

/** An answer other than success. `body` may need the timetoken of the answer. */
export class PresenceError extends Error {
  override readonly name = 'PresenceError';
  readonly status: number;
  readonly body: Body | ((timetoken: string) => readonly unknown[]);
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: PresenceError['body'], headers: PresenceError['headers'] = {}) {
    super(typeof body === 'function' ? String(body('')[1]) : String(body.message));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Errors of the presence service itself carry `error: 1`. */
function ofPresence(
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): PresenceError {
  return new PresenceError(status, { status, error: 1, message, service: 'Presence' }, headers);
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

/** `cause`: 9999 where something is forbidden, 4001 for a revoked token. */
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

/** Errors of publishing are lists that end with a timetoken. */
function ofPublish(status: number, message: string): PresenceError {
  return new PresenceError(status, (timetoken) => [0, message, timetoken]);
}

export const errors = {
  publishInvalidKey: () => ofPublish(400, 'Invalid Key'),
  publishInvalidJson: () => ofPublish(400, 'Invalid JSON'),
  messageTooLarge: () => ofPublish(413, 'Message Too Large'),
  signalTooLarge: () => ofPublish(400, 'Signal size too large'),
  invalidFilter: () =>
    new PresenceError(481, {
      status: 481,
      error: true,
      message: 'Invalid filter expression',
      service: 'Subscribe',
    }),
  /** `bound`: which bound of the server the expression is over. The words are ours. */
  filterTooLarge: (bound: string) =>
    new PresenceError(400, {
      status: 400,
      error: true,
      message: `Filter expression is too large: ${bound}`,
      service: 'Subscribe',
    }),
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
  // The words of these are ours: no document shows them.
  missingUuid: () => ofPresence(400, 'Missing uuid'),
  invalidUuid: () => ofPresence(400, 'Invalid uuid'),
  missingChannel: () => ofPresence(400, 'Missing channel'),
  invalidChannel: () => ofPresence(400, 'Invalid channel'),
  tooManyChannels: (most: number) => ofPresence(400, `Too many channels: at most ${most} in one request`),
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
  notEmulated: (what: string) => ofPresence(501, `${what} is not emulated by heartbeatd`),
  /** `afterSeconds`: whole seconds, as SDKs read them. */
  tooManyRequests: (afterSeconds: number) =>
    ofPresence(429, 'Too Many Requests', { 'retry-after': String(Math.max(1, afterSeconds)) }),
  unavailable: () => ofPresence(503, 'Service Unavailable', { 'retry-after': '1' }),
  internal: (requestId: string) => ofPresence(500, `Internal Server Error (request ${requestId})`),
} as const;

/** Families of calls that answer at once and say that they are not here, instead of letting a client guess. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^\/v[23]\/history\//, 'History'],
  [/^\/v[12]\/objects\//, 'Objects'],
  [/^\/v1\/files\//, 'Files'],
  [/^\/v[12]\/push\//, 'Push'],
  [/^\/v1\/message-actions\//, 'Message actions'],
  [/^\/v1\/blocks\//, 'Functions'],
  [/^\/v[23]\/(?:auth|pam)\//, 'This call of the Access Manager'],
];

/** What a path that no route matched is told. */
export function errorOfPath(path: string): PresenceError {
  const known = elsewhere.find(([pattern]) => pattern.test(path));
  return known === undefined ? errors.notFound(path) : errors.notEmulated(known[1]);
}
