/** Requests below `/api/` that are not a call of the API: each still gets a reply of the API. All hidden from the document. */
import { type PbxOperation, replyHeaders, versionPrefix } from './call.ts';
import type { PbxContext } from './context.ts';
import { type Errno, errnos, PbxError } from './errors.ts';
import { unsupportedCalls } from './unsupported.ts';

function refuse(
  name: string,
  summary: string,
  errno: Errno,
): Omit<PbxOperation, 'method' | 'path' | 'otherPaths'> {
  return {
    name,
    summary,
    isHidden: true,
    isCatchAll: true,
    schema: { replies: {} },
    errors: [errno],
    subject: () => ({}),
    run() {
      throw new PbxError(errno);
    },
  };
}

const blankRequest: PbxOperation = {
  ...refuse('PbxBlankRequest', 'Refuses a request without the name of a call', errnos.requestBlank),
  method: ['GET', 'POST'],
  path: '/api/:version/',
};

/**
 * Refuses what no other operation takes. A request with a token renews it all the same, or learns that it is not live: else an
 * application that polls an unsupported call loses its token.
 */
function unknownRequest({ tokens }: Pick<PbxContext, 'tokens'>): PbxOperation {
  return {
    ...refuse('PbxUnknownRequest', 'Refuses a call that is not supported', errnos.requestNotSupported),
    method: ['GET', 'POST'],
    path: '/api/:version/*',
    errors: [errnos.requestNotSupported, errnos.tokenBlank, errnos.unknownToken, errnos.tokenTimedOut],
    async run(call) {
      if (!versionPrefix.test(call.version)) throw new PbxError(errnos.requestNotSupported);
      const isKnown = unsupportedCalls.has(call.endpoint.replace(/\/$/, ''));
      if (isKnown || call.token !== '') await tokens.renew(call, 'user');
      throw new PbxError(errnos.requestNotSupported);
    },
  };
}

const otherMethod: PbxOperation = {
  ...refuse('PbxOtherMethod', 'Refuses methods other than GET and POST', errnos.postOnly),
  method: ['PUT', 'DELETE', 'PATCH'],
  path: '/api/*',
};

/** Lets pages of other origins call the API. No document shows the last header: without it browsers send no JSON. */
const preflightReply = {
  status: 200,
  headers: [...replyHeaders, 'access-control-allow-headers', 'Content-Type'],
  body: '',
} as const;

const preflight: PbxOperation = {
  name: 'PbxPreflight',
  summary: 'Allows browsers to call the API from other origins',
  method: 'OPTIONS',
  path: '/api/*',
  isHidden: true,
  isCatchAll: true,
  schema: { replies: { 200: 'Empty' } },
  errors: [],
  subject: () => ({}),
  run: () => preflightReply,
};

/** Returns the operations that take what no call of the API does. */
export function catchAlls(context: Pick<PbxContext, 'tokens'>): readonly PbxOperation[] {
  return [blankRequest, unknownRequest(context), otherMethod, preflight];
}
