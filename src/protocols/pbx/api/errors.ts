/**
 * Error numbers of the PBX API. On the wire an error is its number only, without a message. Source: S-Series API Developer's
 * Guide, appendix; 10085 and 10087: tables of public clients.
 */
import { VendorError } from '../../kit/failure.ts';

export const errnos = {
  xmlNotSupported: '10002',
  requestNotSupported: '10003',
  parameterBlank: '10004',
  noSuchExtension: '10006',
  noSuchCall: '10007',
  extensionNotIdle: '10008',
  noSuchIvr: '10012',
  noSuchQueue: '10013',
  noSuchRingGroup: '10014',
  extensionConfigurationFailed: '10017',
  extensionExists: '10085',
  tooManyExtensions: '10087',
  jsonOnly: '20000',
  postOnly: '20001',
  lockedOut: '20002',
  wrongCredentials: '20003',
  unknownToken: '20004',
  tokenBlank: '20005',
  tokenTimedOut: '20006',
  dataBlank: '20007',
  wrongPort: '20008',
  requestBlank: '20009',
  serviceUnreachable: '20010',
  heartbeatFailed: '20011',
  noSuchRecording: '20012',
  wrongRandom: '20013',
  recordingDeleted: '20014',
  wrongAllowedIp: '20015',
  internal: '30001',
} as const;

export type ErrnoName = keyof typeof errnos;
export type Errno = (typeof errnos)[ErrnoName];

/** What each number means, for logs and for the OpenAPI document. */
export const meanings: Readonly<Record<Errno, string>> = {
  '10002': 'XML packets are not supported',
  '10003': 'the request is not supported',
  '10004': 'a required parameter is blank',
  '10006': 'the extension does not exist',
  '10007': 'the call does not exist',
  '10008': 'the extension is not idle',
  '10012': 'the IVR does not exist',
  '10013': 'the queue does not exist',
  '10014': 'the ring group does not exist',
  '10017': 'the extension could not be configured',
  '10085': 'the extension exists already',
  '10087': 'there are as many extensions as the PBX can have',
  '20000': 'only JSON objects are supported',
  '20001': 'only POST is supported',
  '20002': 'login failed: too many failures, locked for ten minutes',
  '20003': 'login failed: wrong username or password',
  '20004': 'the token does not exist',
  '20005': 'the token is blank',
  '20006': 'the token timed out',
  '20007': 'the data is blank',
  '20008': 'wrong port',
  '20009': 'the request is blank',
  '20010': 'the request could not be passed to the API service',
  '20011': 'the heartbeat could not be configured',
  '20012': 'the recording does not exist',
  '20013': 'wrong random string',
  '20014': 'the recording was deleted',
  '20015': 'wrong allowedip',
  '30001': 'internal error',
};

/** A refusal. Its reply has HTTP status 200, as every reply of the API has. */
export class PbxError extends VendorError {
  override readonly name = 'PbxError';
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(200, errno, meanings[errno]);
    this.errno = errno;
  }
}

/** Errors that any call may end with. */
export const commonErrors = [
  errnos.requestNotSupported,
  errnos.postOnly,
  errnos.serviceUnreachable,
  errnos.internal,
] as const;

/** Errors of every call that needs a token. */
export const tokenErrors = [
  ...commonErrors,
  errnos.unknownToken,
  errnos.tokenBlank,
  errnos.tokenTimedOut,
] as const;

/** Errors of every call that reads a body. */
export const bodyErrors = [errnos.xmlNotSupported, errnos.jsonOnly] as const;
