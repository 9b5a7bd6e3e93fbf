/** SLS errors: status, code and message as the API reference has them ("HeartBeat", "Error codes" of each call). */
import { absentErrors } from './absent-errors.ts';
import { entry, SlsError } from './error-entry.ts';

/** All errors, by the vendor's names. Where one code has two statuses, the second has a name of ours. */
export const errors = {
  NotExistConsumerWithBody: entry(
    400,
    'NotExistConsumerWithBody',
    () => 'non-exist consumer with non-empty body of heartbeat message',
  ),
  ProjectNotExist: entry(
    404,
    'ProjectNotExist',
    (project: string) => `The Project does not exist : ${project}`,
    'my-project',
  ),
  /** ProjectNotExist of PutLogs, whose text the functional tests of the vendor's Go SDK assert. */
  ProjectNotExistOnPut: entry(
    404,
    'ProjectNotExist',
    (project: string) => `The Project does not exist: ${project}`,
    'my-project',
  ),
  ProjectAlreadyExist: entry(
    400,
    'ProjectAlreadyExist',
    (project: string) => `Project ${project} already exist`,
    'my-project',
  ),
  // The status and the code are known from the C++ SDK; no document names the error of a protected project.
  ProjectForbidden: entry(
    403,
    'ProjectForbidden',
    (project: string) =>
      `Project ${project} is protected from deletion, set deletionProtection to false first`,
    'my-project',
  ),
  // Documents print "dose"; the live service says "does", as a functional test of the vendor's Java SDK asserts.
  LogStoreNotExist: entry(
    404,
    'LogStoreNotExist',
    (logstore: string) => `logstore ${logstore} does not exist`,
    'my-logstore',
  ),
  LogStoreAlreadyExist: entry(
    400,
    'LogStoreAlreadyExist',
    (logstore: string) => `logstore ${logstore} already exists`,
    'my-logstore',
  ),
  /** `reason`: as functional tests of the vendor's Java SDK assert; absent: the documented message. */
  LogStoreInfoInvalid: entry<[reason?: string]>(
    400,
    'LogStoreInfoInvalid',
    (reason = 'logstore info is invalid') => reason,
  ),
  ConsumerGroupNotExist: entry(404, 'ConsumerGroupNotExist', () => 'consumer group not exist'),
  ConsumerGroupAlreadyExist: entry(400, 'ConsumerGroupAlreadyExist', () => 'consumer group already exist'),
  JsonInfoInvalid: entry(
    400,
    'JsonInfoInvalid',
    (members: 'consumerGroup or timeout is of error format' | 'timeout is of error value type') => members,
    'timeout is of error value type',
  ),
  // The limits are documented, their error is not: other quotas of the service use this code.
  ExceedQuota: entry(
    403,
    'ExceedQuota',
    (resource: 'project' | 'consumer group' | 'consumer' | 'shard') => `${resource} quota exceed`,
    'consumer group',
  ),
  WriteQuotaExceed: entry(403, 'WriteQuotaExceed', () => 'Write quota is exceeded.'),
  ProjectQuotaExceed: entry(400, 'ProjectQuotaExceed', () => 'Project Quota Exceed'),
  MissAccessKeyId: entry(400, 'MissAccessKeyId', () => 'x-log-accesskeyid does not exist in header.'),
  MissingAPIVersion: entry(400, 'MissingAPIVersion', () => 'x-log-apiversion does not exist in http header.'),
  InvalidAPIVersion: entry(
    400,
    'InvalidAPIVersion',
    (version: string) => `x-log-apiversion ${version} is unsupported.`,
    '0.5.0',
  ),
  MissingDate: entry(400, 'MissingDate', () => 'Date does not exist in http header.'),
  InvalidRequestTime: entry(
    400,
    'InvalidRequestTime',
    (time: string) => `Request time ${time} not follow RFC822 spec.`,
    'yesterday',
  ),
  RequestTimeExpired: entry(
    400,
    'RequestTimeExpired',
    (time: string, now: string) => `Request time ${time} has been expired while server time is ${now}.`,
    'Sun, 06 May 2018 09:00:00 GMT',
    'Sun, 06 May 2018 09:44:11 GMT',
  ),
  Unauthorized: entry(401, 'Unauthorized', (reason: string) => reason, 'AccessKeyId not found: my-key'),
  MissingSignatureMethod: entry(
    400,
    'MissingSignatureMethod',
    () => 'x-log-signaturemethod does not exist in http header.',
  ),
  InvalidSignatureMethod: entry(
    400,
    'InvalidSignatureMethod',
    (method: string) => `signature method ${method} is unsupported.`,
    'hmac-md5',
  ),
  SignatureNotMatch: entry(
    401,
    'SignatureNotMatch',
    (signature: string) => `Signature ${signature} not matched.`,
    'ZXhhbXBsZQ==',
  ),
  InvalidShardCheckPoint: entry(
    400,
    'InvalidShardCheckPoint',
    () => 'shard checkpoint not encoded by base64',
  ),
  ConsumerNotExist: entry(404, 'ConsumerNotExist', () => 'consumer not exist in the consumer group'),
  // Known from two SDKs by its code only.
  ConsumerNotMatch: entry(400, 'ConsumerNotMatch', () => 'consumer not match'),
  ShardNotExist: entry(400, 'ShardNotExist', (shard: string) => `Shard ${shard} does not exist`, '7'),
  /** ShardNotExist of a consumer group. */
  ShardNotExistInGroup: entry(404, 'ShardNotExist', () => 'shard not exist'),
  LogStoreWithoutShard: entry(400, 'LogStoreWithoutShard', () => 'the logstore has no shard'),
  InvalidCursor: entry(400, 'InvalidCursor', () => 'this cursor is invalid'),
  PostBodyInvalid: entry(
    400,
    'PostBodyInvalid',
    (format: 'JSON' | 'protobuf') =>
      format === 'JSON'
        ? 'The request body is not valid JSON object.'
        : 'Protobuffer content cannot be parsed.',
    'JSON',
  ),
  PostBodyUncompressError: entry(400, 'PostBodyUncompressError', () => 'Failed to decompress logs.'),
  PostBodyTooLarge: entry(
    400,
    'PostBodyTooLarge',
    (bytes: number, logs: number) =>
      `Logs must be less than or equal to ${Math.floor(bytes / 1_048_576)} MB and ${logs} entries.`,
    10_485_760,
    40_960,
  ),
  /** PostBodyTooLarge of a body that is not even read. */
  RequestBodyTooLarge: entry(413, 'PostBodyTooLarge', () => 'The request body is too large.'),
  MissingContentType: entry(
    400,
    'MissingContentType',
    () => 'Content-Type does not exist in http header when body is not empty.',
  ),
  InvalidContentType: entry(
    415,
    'InvalidContentType',
    (type: string) => `Content-Type ${type} is unsupported.`,
    'text/plain',
  ),
  MissingBodyRawSize: entry(
    400,
    'MissingBodyRawSize',
    () => 'x-log-bodyrawsize does not exist in header when it is necessary.',
  ),
  InvalidBodyRawSize: entry(
    400,
    'InvalidBodyRawSize',
    (size: string) => `x-log-bodyrawsize ${size} is invalid.`,
    'many',
  ),
  InvalidCompressType: entry(
    400,
    'InvalidCompressType',
    (type: string) => `x-log-compresstype ${type} is unsupported.`,
    'snappy',
  ),
  /** ParameterInvalid of a call that this server does not have. */
  NotSupported: entry(
    400,
    'ParameterInvalid',
    (operation: string) => `${operation} is not supported`,
    'CreateIndex',
  ),
  /** Of a change that the service refuses for what the logstore is; the texts are those that clients assert on. */
  LogstoreModeFixed: entry(
    400,
    'NotSupported',
    () => 'The logstore mode or telemetryType is not supported for current metering mode.',
  ),
  MeteringModeNotSupported: entry(
    400,
    'NotSupported',
    () => 'The metring mode is not supported for current mode or telemetryType.',
  ),
  /** PostBodyInvalid of a call that changes tags. */
  TagsInvalid: entry(
    400,
    'PostBodyInvalid',
    (reason: string) => reason,
    'request tag key value pair size must little than 20',
  ),
  ...absentErrors,
  /** Of a query. */
  IndexConfigNotExist: entry(400, 'IndexConfigNotExist', () => 'logstore without index config'),
  /** IndexConfigNotExist of the call that reads an index. */
  NoIndex: entry(404, 'IndexConfigNotExist', () => 'index config does not exist'),
  ParameterInvalid: entry(400, 'ParameterInvalid', (reason: string) => reason, 'invalid shard id'),
  InvalidHost: entry(
    400,
    'InvalidHost',
    (host: string) => `Host header ${host} is invalid.`,
    '127.0.0.1:8080',
  ),
  InvalidMethod: entry(
    405,
    'InvalidMethod',
    (path: string) => `invalid request method : ${path}`,
    '/logstores/',
  ),
  ServerBusy: entry(503, 'ServerBusy', () => 'The server is busy, please try again later.'),
  InternalServerError: entry(
    500,
    'InternalServerError',
    (requestId: string) => `Internal server error, request ${requestId}`,
    '5AEECE6B1FFC0366B2553FB5',
  ),
} as const;

/** A name of the error table. */
export type ErrorName = keyof typeof errors;

/** Errors of every call, whatever it is about. */
export const commonErrors: readonly ErrorName[] = [
  'InternalServerError',
  'InvalidContentType',
  'InvalidMethod',
  'MissingContentType',
  'ParameterInvalid',
  'RequestBodyTooLarge',
  'ServerBusy',
  'WriteQuotaExceed',
];

/** Errors of every call that has to be signed, where the settings require signatures. */
export const signatureErrors: readonly ErrorName[] = [
  'InvalidAPIVersion',
  'InvalidRequestTime',
  'InvalidSignatureMethod',
  'MissAccessKeyId',
  'MissingAPIVersion',
  'MissingDate',
  'MissingSignatureMethod',
  'RequestTimeExpired',
  'SignatureNotMatch',
  'Unauthorized',
];

/** Errors of every signed call within a project. */
export const projectErrors: readonly ErrorName[] = [
  ...commonErrors,
  ...signatureErrors,
  'InvalidHost',
  'ProjectNotExist',
];

/** Errors of every signed call within a logstore. */
export const logstoreErrors: readonly ErrorName[] = [...projectErrors, 'LogStoreNotExist'];

/** Returns a rejection handler that ignores one vendor error and rethrows any other. */
export function ignoring(name: ErrorName): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof SlsError) || error.code !== name) throw error;
  };
}
