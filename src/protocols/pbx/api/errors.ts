/** Error numbers of the PBX API (S-Series API Developer's Guide, appendix): the wire has no message, only `errno`. */

export const errnos = {
  xmlNotSupported: '10002',
  requestNotSupported: '10003',
  parameterBlank: '10004',
  noSuchExtension: '10006',
  noSuchCall: '10007',
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
  internal: '30001',
} as const;

export type Errno = (typeof errnos)[keyof typeof errnos];

/** A refusal. It is answered with HTTP 200, as every answer of the API is. */
export class PbxError extends Error {
  override readonly name = 'PbxError';
  readonly errno: Errno;

  constructor(errno: Errno) {
    super(`errno ${errno}`);
    this.errno = errno;
  }
}
