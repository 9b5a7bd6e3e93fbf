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
  accessKeyMissing: make(400, 'MissAccessKeyId', () => 'x-log-accesskeyid does not exist in header.'),
  authorizationInvalid: make(
    400,
    'ParameterInvalid',
    (value: string) => `Http extend authorization : ${value} is invalid.`,
  ),
  apiVersionMissing: make(400, 'MissingAPIVersion', () => 'x-log-apiversion does not exist in http header.'),
  apiVersionInvalid: make(
    400,
    'InvalidAPIVersion',
    (version: string) => `x-log-apiversion ${version} is unsupported.`,
  ),
  dateMissing: make(400, 'MissingDate', () => 'Date does not exist in http header.'),
  dateInvalid: make(
    400,
    'InvalidRequestTime',
    (time: string) => `Request time ${time} not follow RFC822 spec.`,
  ),
  requestExpired: make(
    400,
    'RequestTimeExpired',
    (time: string, now: string) => `Request time ${time} has been expired while server time is ${now}.`,
  ),
  accessKeyUnknown: make(401, 'Unauthorized', (id: string) => `AccessKeyId not found: ${id}`),
  signatureMethodMissing: make(
    400,
    'MissingSignatureMethod',
    () => 'x-log-signaturemethod does not exist in http header.',
  ),
  signatureMethodInvalid: make(
    400,
    'InvalidSignatureMethod',
    (method: string) => `signature method ${method} is unsupported.`,
  ),
  signatureNotMatch: make(
    401,
    'SignatureNotMatch',
    (signature: string) => `Signature ${signature} not matched.`,
  ),
  trackingDisabled: make(401, 'Unauthorized', () => 'web tracking is not enabled for the logstore'),
  projectQuota: make(400, 'ProjectQuotaExceed', () => 'Project Quota Exceed'),
  // Of these two the code is documented for other quotas of the service, and for them none is.
  projectsQuota: make(403, 'ExceedQuota', () => 'project quota exceed'),
  consumerQuota: make(403, 'ExceedQuota', () => 'consumer quota exceed'),
  shardQuota: make(403, 'ExceedQuota', () => 'shard quota exceed'),
  checkpointInvalid: make(400, 'InvalidShardCheckPoint', () => 'shard checkpoint not encoded by base64'),
  consumerNotExist: make(404, 'ConsumerNotExist', () => 'consumer not exist in the consumer group'),
  // Known from two SDKs by its code only.
  consumerNotMatch: make(400, 'ConsumerNotMatch', () => 'consumer not match'),
  shardNotExistInGroup: make(404, 'ShardNotExist', () => 'shard not exist'),
  shardNotExist: make(400, 'ShardNotExist', (shard: string) => `Shard ${shard} does not exist`),
  logstoreWithoutShard: make(400, 'LogStoreWithoutShard', () => 'the logstore has no shard'),
  invalidCursor: make(400, 'InvalidCursor', () => 'this cursor is invalid'),
  protobufInvalid: make(400, 'PostBodyInvalid', () => 'Protobuffer content cannot be parsed.'),
  bodyUncompress: make(400, 'PostBodyUncompressError', () => 'Failed to decompress logs.'),
  logsTooLarge: make(
    400,
    'PostBodyTooLarge',
    (bytes: number, logs: number) =>
      `Logs must be less than or equal to ${Math.floor(bytes / 1_048_576)} MB and ${logs} entries.`,
  ),
  missingContentType: make(
    400,
    'MissingContentType',
    () => 'Content-Type does not exist in http header when body is not empty.',
  ),
  invalidContentType: make(
    415,
    'InvalidContentType',
    (type: string) => `Content-Type ${type} is unsupported.`,
  ),
  missingBodyRawSize: make(
    400,
    'MissingBodyRawSize',
    () => 'x-log-bodyrawsize does not exist in header when it is necessary.',
  ),
  invalidBodyRawSize: make(
    400,
    'InvalidBodyRawSize',
    (size: string) => `x-log-bodyrawsize ${size} is invalid.`,
  ),
  invalidCompressType: make(
    400,
    'InvalidCompressType',
    (type: string) => `x-log-compresstype ${type} is unsupported.`,
  ),
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
