/** Presence errors: the vendor's status, members and words. Sources: REST API pages and the answers that SDKs recorded. */

/** An answer other than success. `body` is the whole JSON body: the vendor's services do not share one shape. */
export class PresenceError extends Error {
  override readonly name = 'PresenceError';
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    body: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(String(body.message));
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

export const errors = {
  invalidSubscribeKey: () => ofAccessManager(400, 'Invalid Subscribe Key'),
  unreadable: () => ofAccessManager(400, 'Could Not Parse Request'),
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
  unavailable: () => ofPresence(503, 'Service Unavailable', { 'retry-after': '1' }),
  internal: (requestId: string) => ofPresence(500, `Internal Server Error (request ${requestId})`),
} as const;

/** Families of calls that answer at once and say that they are not here, instead of letting a client guess. */
const elsewhere: readonly (readonly [RegExp, string])[] = [
  [/^\/v2\/subscribe\/|^\/subscribe\//, 'Subscribe'],
  [/^\/publish\//, 'Publish'],
  [/^\/signal\//, 'Signal'],
  [/^\/v[23]\/history\//, 'History'],
  [/^\/v[12]\/objects\//, 'Objects'],
  [/^\/v1\/files\//, 'Files'],
  [/^\/v[12]\/push\//, 'Push'],
  [/^\/v1\/message-actions\//, 'Message actions'],
  [/^\/v1\/blocks\//, 'Functions'],
  [/^\/v[23]\/(?:auth|pam)\//, 'Access Manager'],
];

/** What a path that no route matched is told. */
export function errorOfPath(path: string): PresenceError {
  const known = elsewhere.find(([pattern]) => pattern.test(path));
  return known === undefined ? errors.notFound(path) : errors.notEmulated(known[1]);
}
