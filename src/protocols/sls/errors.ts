/** SLS errors: status, code and message as the API reference has them ("HeartBeat", "Error codes" of each call). */

export class SlsError extends Error {
  override readonly name = 'SlsError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const make =
  <A extends readonly unknown[]>(status: number, code: string, message: (...args: A) => string) =>
  (...args: A): SlsError =>
    new SlsError(status, code, message(...args));

export const errors = {
  consumerNotExistWithBody: make(
    400,
    'NotExistConsumerWithBody',
    () => 'non-exist consumer with non-empty body of heartbeat message',
  ),
  projectNotExist: make(
    404,
    'ProjectNotExist',
    (project: string) => `The Project does not exist : ${project}`,
  ),
  projectAlreadyExist: make(
    400,
    'ProjectAlreadyExist',
    (project: string) => `Project ${project} already exist`,
  ),
  // The seed prints "dose"; the live service says "does", as a functional test of the vendor's Java SDK asserts.
  logstoreNotExist: make(
    404,
    'LogStoreNotExist',
    (logstore: string) => `logstore ${logstore} does not exist`,
  ),
  logstoreAlreadyExist: make(
    400,
    'LogStoreAlreadyExist',
    (logstore: string) => `logstore ${logstore} already exists`,
  ),
  logstoreNameInvalid: make(
    400,
    'LogStoreInfoInvalid',
    (logstore: string) => `store name ${logstore} is invalid`,
  ),
  logstoreInfoInvalid: make(400, 'LogStoreInfoInvalid', () => 'logstore info is invalid'),
  groupNotExist: make(404, 'ConsumerGroupNotExist', () => 'consumer group not exist'),
  groupAlreadyExist: make(400, 'ConsumerGroupAlreadyExist', () => 'consumer group already exist'),
  groupInfoInvalid: make(400, 'JsonInfoInvalid', () => 'consumerGroup or timeout is of error format'),
  groupUpdateInvalid: make(400, 'JsonInfoInvalid', () => 'timeout is of error value type'),
  // The limit is documented, its error is not: other quotas of the service use this code.
  groupQuota: make(403, 'ExceedQuota', () => 'consumer group quota exceed'),
  bodyInvalid: make(400, 'PostBodyInvalid', () => 'The request body is not valid JSON object.'),
  bodyTooLarge: make(413, 'PostBodyTooLarge', () => 'The request body is too large.'),
  parameterInvalid: make(400, 'ParameterInvalid', (what: string) => what),
  invalidHost: make(400, 'InvalidHost', (host: string) => `Host header ${host} is invalid.`),
  invalidMethod: make(405, 'InvalidMethod', (path: string) => `invalid request method : ${path}`),
  busy: make(503, 'ServerBusy', () => 'The server is busy, please try again later.'),
  internal: make(
    500,
    'InternalServerError',
    (requestId: string) => `Internal server error, request ${requestId}`,
  ),
} as const;
