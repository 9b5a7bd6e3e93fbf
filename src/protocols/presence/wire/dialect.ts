/** The dialect: reads presence requests and formats errors. The only file of the protocol that sees Fastify. */
import type { TSchema } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import { hasRawSpaces } from '../../../http/parsing/raw-target.ts';
import type { Tenant } from '../../../store/store.ts';
import { isActorAddress } from '../../kit/actors/address.ts';
import type { Dialect } from '../../kit/dialect.ts';
import type { Failure } from '../../kit/failure.ts';
import type { DescribedError } from '../../kit/openapi.ts';
import { type Validator, validator } from '../../kit/validate.ts';
import { signedRequestOf } from '../access/signature.ts';
import type { PresenceContext } from '../context.ts';
import type { PresenceCall } from './call.ts';
import { limits } from './decode/limits.ts';
import { checkLength, checkQueryEncoding, type Query, repairFilter, segmentAt } from './decode/target.ts';
import { parseSubscribeKey, tenantOf } from './decode/values.ts';
import { errorOfPath, errors, exampleOf, type PresenceError } from './errors.ts';
import { explainRefusal } from './explain-refusal.ts';
import { errorHeaders } from './headers.ts';
import { parseCallback, wrapInCallback } from './jsonp.ts';
import type { PresenceOperation } from './operation.ts';
import { limitRate } from './rate-limit.ts';
import { timetokenAt } from './timetoken.ts';

/** Paths of the vendor's API, whether emulated or not. */
const vendorPath = /^\/(?:v[123]|publish|signal|subscribe|time)(?:\/|$)/;

/** Why a target with spaces is refused, and which client sends one; found by trying the SDKs. */
const rawSpacesNote =
  'The request line contains spaces that are not encoded, so the end of its target is unclear. The Go SDK (7.4, 9.0) sends them in ' +
  '`state` of a subscribe, after SetState with a value that contains a space, and then unsubscribes: use values without spaces.';

const noBytes = Buffer.alloc(0);

const securitySchemes = {
  presenceAuth: {
    type: 'apiKey',
    in: 'query',
    name: 'auth',
    description: 'Access key or token, where permissions are enforced',
  },
  presenceSignature: {
    type: 'apiKey',
    in: 'query',
    name: 'signature',
    description: 'Signature with the secret key, together with `timestamp`',
  },
} as const;

/** Makes the dialect of a created protocol. */
export function presenceDialect(context: PresenceContext): Dialect<PresenceCall, PresenceOperation> {
  const { settings, access, polls } = context;
  return {
    name: 'presence',
    claims: (path) => vendorPath.test(path),
    bodyLimit: limits.bodyBytes,
    answersHead: true,
    // The rate limit is a hook.
    needsHooks: settings.presenceRequestsPerSecond > 0,

    async install(app) {
      // Held polls must not delay the end of the process.
      app.addHook('preClose', async () => polls.close());
      await limitRate(app, settings.presenceRequestsPerSecond);
    },

    read: makeReadCall(),

    authenticate(call, operation, request) {
      if (
        access.isOpen ||
        operation.segments.subscribeKey === undefined ||
        isActorAddress(request.clientAddress)
      )
        return checkService(operation);
      return admit(call, operation);
    },

    error(failure, request) {
      const { status, body, headers } = errorFor(failure);
      const json = JSON.stringify(typeof body === 'function' ? body(timetokenAt(context.wallMs())) : body);
      return { status, headers: errorHeaders(headers), body: wrapInCallback(json, callbackOf(request)) };
    },

    explain: (failure, { raw }) =>
      hasRawSpaces(raw.url ?? '') && failure.kind !== 'bug' ? [rawSpacesNote] : explainRefusal(failure),

    securitySchemes,

    sampleError: exampleOf,

    describeError,
  };

  /** Throws 402 for calls of the presence service while it is switched off. */
  function checkService({ isPresenceService }: PresenceOperation): void {
    if (isPresenceService === true && !settings.presenceEnabled) throw errors.notTurnedOn();
  }

  async function admit(call: PresenceCall, operation: PresenceOperation): Promise<void> {
    const { tenant, subscribeKey, query } = call;
    const caller = { tenant, subscribeKey, query, readSigned: () => signedRequestOf(call) };
    await access.admit(caller, () => operation.demand(call));
    checkService(operation);
  }
}

/** Makes the reader of calls. */
function makeReadCall(): Dialect<PresenceCall, PresenceOperation>['read'] {
  const readTenant = makeTenantReader();
  return (request, reply, operation) => {
    const url = request.raw.url ?? '';
    const { segments } = operation;
    const query = checkQuery(operation, request.query);
    if (segments.subscribeKey === undefined) return callWithoutKeyset(request, url, reply.raw);
    const parameters = repairFilter(url, query);
    checkLength(url);
    checkQueryEncoding(url);
    const { callback, channels } = segments;
    const callbackName = parseCallback(
      callback === undefined ? parameters.callback : segmentAt(url, callback),
    );
    const subscribeKey = parseSubscribeKey(segmentAt(url, segments.subscribeKey));
    return {
      method: request.method,
      url,
      tenant: readTenant(subscribeKey),
      subscribeKey,
      channels: channels === undefined ? '' : segmentAt(url, channels),
      query: parameters,
      callback: callbackName,
      body: request.method === 'POST' ? bodyOf(request) : undefined,
      connection: reply.raw,
    };
  };
}

function callWithoutKeyset(
  { method }: FastifyRequest,
  url: string,
  connection: PresenceCall['connection'],
): PresenceCall {
  return {
    method,
    url,
    tenant: '',
    subscribeKey: '',
    channels: '',
    query: {},
    callback: undefined,
    body: undefined,
    connection,
  };
}

function bodyOf({ body, headers }: FastifyRequest): PresenceCall['body'] {
  return { bytes: (body as Buffer | undefined) ?? noBytes, encoding: headers['content-encoding'] ?? '' };
}

/**
 * Returns a function from subscribe keys to tenants. It remembers the last one: nearly all requests have the key of the one
 * before, and to build the tenant's name again, which must then be hashed for look-ups, costs more than all else that is read
 * from a path.
 */
function makeTenantReader(): (subscribeKey: string) => Tenant {
  let last = { subscribeKey: '', tenant: tenantOf('') };
  return (subscribeKey) => {
    if (subscribeKey !== last.subscribeKey) last = { subscribeKey, tenant: tenantOf(subscribeKey) };
    return last.tenant;
  };
}

/** When a client may try again whose keyset may keep no more data, s: leases and messages have to end first. */
const retryWhenFullSeconds = 10;

const validators = new WeakMap<TSchema, Validator<unknown>>();

/**
 * Returns the query of a request that matches the schema of its operation: a known parameter that occurs twice is refused,
 * unknown ones are ignored.
 */
function checkQuery({ schema: { query: schema } }: PresenceOperation, query: unknown): Query {
  if (schema === undefined) return query as Query;
  let check = validators.get(schema);
  if (check === undefined) {
    check = validator(schema);
    validators.set(schema, check);
  }
  return check(query, errors.unreadable) as Query;
}

function errorFor(failure: Failure): PresenceError {
  switch (failure.kind) {
    case 'vendor':
      return failure.error as PresenceError;
    case 'not-found':
      return errorOfPath(failure.path);
    case 'unavailable':
    case 'overloaded':
      return errors.unavailable();
    case 'tenant-full':
      return errors.tooManyRequests(retryWhenFullSeconds);
    case 'unreadable':
      if (failure.reason === 'target-too-long') return errors.uriTooLong();
      return failure.reason === 'body-too-large' ? errors.messageTooLarge() : errors.unreadable();
    case 'bug':
      return errors.internal(failure.requestId);
  }
}

/** Returns an error of the table as the document shows it. */
function describeError(name: string): DescribedError {
  const error = exampleOf(name);
  if (error === undefined) throw new TypeError(`no such presence error: ${name}`);
  const { status, body } = error;
  return { status, example: typeof body === 'function' ? body('17952320123450000') : body };
}

/** Returns the callback of a request that failed; a name that cannot be a function's gets its error as plain JSON. */
function callbackOf({ params, query }: FastifyRequest): string | undefined {
  const inQuery = ((query ?? {}) as Query).callback;
  // Publish, signal and subscribe have it in their paths.
  const { callback = inQuery } = (params ?? {}) as { readonly callback?: string };
  try {
    return parseCallback(callback);
  } catch {
    return undefined;
  }
}
