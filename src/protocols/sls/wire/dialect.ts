/** What all SLS operations share: how a request is read and authenticated, and how a failure is rendered. */
import type { FastifyRequest } from 'fastify';
import { isActorAddress } from '../../kit/actors/address.ts';
import type { Dialect } from '../../kit/dialect.ts';
import { type Failure, NotFound, pathOf, type VendorError } from '../../kit/failure.ts';
import { makeIsServiceHost, makeProjectOf } from './addressing.ts';
import { authenticate, parseAccessKeys } from './authentication.ts';
import type { SlsCall, SlsOperation } from './call.ts';
import { SlsError } from './error-entry.ts';
import { type ErrorName, errors } from './errors.ts';
import { explainRefusal } from './explain-refusal.ts';
import { errorBody, errorReply } from './reply.ts';
import { firstValues } from './request.ts';

export interface DialectOptions {
  readonly config: {
    readonly slsAuth: 'off' | 'verify' | 'verify-v4';
    readonly slsKeys: readonly string[];
    readonly slsBaseDomains: readonly string[];
    readonly slsDefaultProject: string;
  };
  /** Paths of all operations: requests below them are this protocol's, whatever their host. */
  readonly paths: readonly string[];
  /** Wall time, ms since 1970. */
  wallMs(): number;
  /** Returns what clients of a project see as time, ms since 1970. */
  dateMs(project: string): Promise<number>;
  /** Returns the request id of the next reply. */
  nextRequestId(): string;
}

const maxJsonBytes = 1_024 * 1_024;
const noBody = Buffer.alloc(0);

/** Makes the dialect. */
export function makeDialect(options: DialectOptions): Dialect<SlsCall, SlsOperation> {
  const { config, wallMs, dateMs, nextRequestId } = options;
  const projectIn = makeProjectIn(config);
  const isServiceHost = makeIsServiceHost(config.slsBaseDomains);
  const roots = new Set(['', 'consumergroups', ...options.paths.map((path) => path.split('/', 2)[1] ?? '')]);
  // The message of an internal error contains the request id of the reply's header.
  const bugIds = new WeakMap<FastifyRequest, string>();
  const keys = config.slsAuth === 'off' ? undefined : parseAccessKeys(config.slsKeys);
  const acceptsV1 = config.slsAuth === 'verify';

  return {
    name: 'sls',
    claims: (path, authority) => roots.has(path.split('/', 2)[1] ?? '') || isServiceHost(authority),
    bodyLimit: maxJsonBytes,

    read(request, _reply, { isAccountLevel = false }) {
      const params = request.params as Readonly<Record<string, string>>;
      // The live service replies to a path that ends where a name should follow as to one that it does not have.
      for (const name in params) if (params[name] === '') throw new NotFound(request.url);
      const { logstore = '', group = '', shard = '' } = params;
      return {
        method: request.method,
        target: request.raw.url ?? '/',
        project: projectIn(request.authority, isAccountLevel),
        logstore,
        group,
        shard,
        authority: request.authority,
        client: request,
        headers: request.headers as SlsCall['headers'],
        query: firstValues(request.query as Record<string, string | string[] | undefined>),
        body: (request.body as Buffer | undefined) ?? noBody,
      };
    },

    authenticate(call, { isPublic = false }) {
      if (keys === undefined || isPublic || isActorAddress(call.client.clientAddress)) return undefined;
      try {
        return authenticate(call, { keys, acceptsV1, nowMs: wallMs() });
      } catch (error) {
        // A client's own clock may be wall time, or be moved together with the project's.
        const isLate = error instanceof SlsError && error.code === 'RequestTimeExpired';
        if (!isLate || call.project === '') throw error;
        return dateMs(call.project).then((nowMs) => authenticate(call, { keys, acceptsV1, nowMs }));
      }
    },

    error(failure, request) {
      if (failure.kind !== 'bug') return errorReply(errorOf(failure, request));
      const id = nextRequestId();
      bugIds.set(request, id);
      const { requestId } = failure;
      request.log.error({ requestId, slsRequestId: id }, 'internal error reported to the client');
      return errorReply(errors.InternalServerError(id));
    },

    explain: explainRefusal,

    headers: (request) => ['x-log-requestid', bugIds.get(request) ?? nextRequestId()],

    sampleError: (name) => (Object.hasOwn(errors, name) ? errors[name as ErrorName].example() : undefined),

    describeError(name) {
      const error = errors[name as ErrorName].example();
      return { status: error.status, example: errorBody(error) };
    },
  };
}

/** Returns the project that a request is about. Throws InvalidHost if its authority names none, it needs one, and there is no default. */
function makeProjectIn({ slsBaseDomains, slsDefaultProject }: DialectOptions['config']) {
  const projectOf = makeProjectOf(slsBaseDomains);
  const defaultProject = slsDefaultProject.toLowerCase();
  return (authority: string, isAccountLevel: boolean): string => {
    const named = projectOf(authority);
    if (isAccountLevel) return named ?? '';
    const project = named ?? defaultProject;
    if (project === '') throw errors.InvalidHost(authority);
    return project;
  };
}

function errorOf(failure: Exclude<Failure, { kind: 'bug' }>, request: FastifyRequest): VendorError {
  switch (failure.kind) {
    case 'vendor':
      return failure.error;
    case 'not-found':
      return errors.InvalidMethod(pathOf(request));
    case 'unavailable':
    case 'overloaded':
      return errors.ServerBusy();
    case 'tenant-full':
      return errors.WriteQuotaExceed();
    case 'unreadable':
      return unreadableError(failure.reason, request);
  }
}

function unreadableError(
  reason: Extract<Failure, { kind: 'unreadable' }>['reason'],
  request: FastifyRequest,
): VendorError {
  if (reason === 'content-type') {
    const type = request.headers['content-type'] ?? '';
    return type === '' ? errors.MissingContentType() : errors.InvalidContentType(type);
  }
  if (reason === 'body-too-large') return errors.RequestBodyTooLarge();
  return errors.ParameterInvalid('The request cannot be read');
}
