/** How requests of the API become calls, and failures become replies: the only code here that sees Fastify's objects. */
import type { FastifyRequest } from 'fastify';
import type { Reply } from '../../../http/reply.ts';
import type { Dialect } from '../../kit/dialect.ts';
import type { Failure } from '../../kit/failure.ts';
import type { PbxSettings } from '../configuration.ts';
import { type PbxCall, type PbxOperation, replyHeaders, versionPrefix } from './call.ts';
import { type Errno, type ErrnoName, errnos, meanings, PbxError } from './errors.ts';
import { explainRefusal } from './explain-refusal.ts';
import { memberOf } from './parameters.ts';

const maxBodyBytes = 64 * 1_024;
/** A Content-Type that Fastify accepts: token, slash, token, and perhaps parameters. */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/;

export function makeDialect({
  pbxStrict,
  pbxTokenInBody,
}: Pick<PbxSettings, 'pbxStrict' | 'pbxTokenInBody'>): Dialect<PbxCall, PbxOperation> {
  const isStrict = (version: string): boolean =>
    pbxStrict === 'always' || (pbxStrict === 'documented' && version === 'v0.0.1');

  return {
    name: 'pbx',
    bodyLimit: maxBodyBytes,
    claims: (path) => path === '/api' || path.startsWith('/api/'),
    async install(app) {
      // Fastify refuses a malformed Content-Type before any handler; here the token is checked first, and then the body.
      app.addHook('onRequest', (request, _reply, done) => {
        const type = request.headers['content-type'];
        if (type !== undefined && !mediaType.test(type)) delete request.raw.headers['content-type'];
        done();
      });
    },
    read(request) {
      const { version = '', '*': endpoint = '' } = request.params as { version?: string; '*'?: string };
      const query = request.query as Readonly<Record<string, unknown>>;
      const body = bodyOf(request);
      const token = tokenIn(query);
      return {
        version,
        endpoint,
        token: token === '' && pbxTokenInBody ? memberOf(body, 'token') : token,
        body,
        query,
        isGet: request.method === 'GET',
        isStrict: isStrict(version),
        peer: request.clientAddress,
      };
    },
    authenticate(call, { isCatchAll, isPostOnly, isDownload }) {
      if (isCatchAll === true) return;
      if (!versionPrefix.test(call.version)) throw new PbxError(errnos.requestNotSupported);
      if (call.isGet && isDownload !== true && (call.isStrict || isPostOnly === true))
        throw new PbxError(errnos.postOnly);
    },
    error: (failure) => failed(errnoOf(failure)),
    explain: explainRefusal,
    sampleError(name) {
      // By number, as on the wire, or by its name here.
      const errno = Object.values(errnos).find(
        (number) => number === name || errnos[name as ErrnoName] === number,
      );
      return errno === undefined ? undefined : new PbxError(errno);
    },
    describeError(name) {
      const errno = name as Errno;
      return { status: 200, example: { status: 'Failed', errno }, summary: meanings[errno] };
    },
  };
}

function bodyOf(request: FastifyRequest): PbxCall['body'] {
  const bytes = request.body as Buffer | undefined;
  return {
    text: bytes === undefined ? '' : bytes.toString(),
    contentType: request.headers['content-type'] ?? '',
  };
}

/** The first one, if it is repeated. */
function tokenIn({ token }: Readonly<Record<string, unknown>>): string {
  if (typeof token === 'string') return token;
  return Array.isArray(token) ? String(token[0]) : '';
}

function failed(errno: Errno): Reply {
  return { status: 200, headers: replyHeaders, body: `{"status":"Failed","errno":"${errno}"}` };
}

function errnoOf(failure: Failure): Errno {
  switch (failure.kind) {
    case 'vendor':
      return failure.error instanceof PbxError ? failure.error.errno : errnos.internal;
    case 'unavailable':
    case 'overloaded':
    case 'tenant-full':
      return errnos.serviceUnreachable;
    case 'not-found':
      return errnos.requestNotSupported;
    case 'unreadable':
      return failure.reason === 'body-too-large' ? errnos.jsonOnly : errnos.requestNotSupported;
    case 'bug':
      return errnos.internal;
  }
}
