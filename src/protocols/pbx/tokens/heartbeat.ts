/**
 * `POST /api/{version}/heartbeat`: renews the token for another 30 minutes and may move its callback. Sources: "API 心跳包", and
 * for what real clients send beyond it S-Series API v1.1.0 and v2.0.0.
 */
import { Type } from '@sinclair/typebox';
import {
  endpoint,
  type PbxCall,
  type PbxOperation,
  success,
  successWith,
  TokenQuery,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, errnos, PbxError, tokenErrors } from '../api/errors.ts';
import { bodyReader, Field, isEmptyBody, noParameters, type Parameters, textsOf } from '../api/parameters.ts';
import { type CallbackFields, doubtAbout, portOf, resolveCallback } from '../callback/callback-url.ts';
import { type Diagnostic, recordDiagnostic } from '../delivery/diagnostics.ts';
import { readStoredQueue } from '../queues/stored-queue.ts';
import { makeRepeats } from './repeats.ts';
import { type Callback, parseCallback, setCallback } from './token.ts';
import type { RenewedToken } from './tokens.ts';

const maxVersionLength = 32;
const maxDetailLength = 500;

const Body = Type.Object({
  ipaddr: Field,
  port: Field,
  url: Field,
  urltag: Field,
  /** The same as `urltag`, as one edition of the documents calls it. */
  urlflag: Field,
  version: Field,
});
const names = Object.keys(Body.properties);
const readBody = bodyReader(Body);

export function heartbeat(context: PbxContext): PbxOperation {
  const { tokens } = context;
  const repeats = makeRepeats();
  return {
    name: 'PbxHeartbeat',
    summary: 'Renews a token and may move its callback',
    ...endpoint('heartbeat'),
    isFrequent: true,
    schema: { params: VersionParams, query: TokenQuery, body: Body, replies: { 200: successWith({}) } },
    errors: [
      ...tokenErrors,
      ...bodyErrors,
      errnos.dataBlank,
      errnos.parameterBlank,
      errnos.wrongPort,
      errnos.heartbeatFailed,
    ],
    subject: context.subjectOf,
    async run(call) {
      // Most heartbeats have no parameters, and are renewed without reading their callback.
      if (!call.isStrict && !mayHaveParameters(call)) {
        await tokens.renew(call, 'user');
        return success;
      }
      // The others repeat what they said before, which is not read again.
      const renewed = await tokens.renew(call, 'callback');
      if (repeats.has(call, renewed.data)) return success;
      if (!(await moveCallback(context, renewed, call))) repeats.remember(call, renewed.data);
      return success;
    },
  };
}

function mayHaveParameters({ body, query }: PbxCall): boolean {
  if (body.text !== '') return true;
  for (const name in query) if (name !== 'token') return true;
  return false;
}

/**
 * Applies the parameters of a heartbeat to the callback of its token, which was renewed before: no document says whether a
 * refused heartbeat renews, and it was a request with a live token. Costs no store operation if nothing changes, and returns whether
 * something did. Rejects with PbxError.
 */
async function moveCallback(
  context: PbxContext,
  { user, token, data }: RenewedToken,
  call: PbxCall,
): Promise<boolean> {
  const { store } = context;
  const parameters = readParameters(call);
  if (parameters === undefined || parameters.size === 0) return false;
  const before = parseCallback(data);
  const fields = movedFields(before, parameters);
  const resolved = resolveCallback(fields, context.policyFor(before.peer ?? ''));
  const note = (message: string, about: Pick<Diagnostic, 'url' | 'detail'>) => {
    context.log.warn({ user, ...about }, `pbx ${message}`);
    return recordDiagnostic(store, { atMs: context.wallMs(), message, user, ...about });
  };
  const isAsBefore = 'href' in resolved && resolved.href === before.callback;
  const reason = 'unusable' in resolved ? resolved.unusable : isAsBefore ? undefined : resolved.refusal;
  if ('unusable' in resolved || reason !== undefined) {
    const sent = JSON.stringify(Object.fromEntries(parameters)).slice(0, maxDetailLength);
    await note('heartbeat refused: the callback is not usable', { detail: `${reason}: ${sent}` });
    throw new PbxError(errnos.heartbeatFailed);
  }
  const version = (parameters.get('version') ?? before.version).slice(0, maxVersionLength);
  const { refusal: _refusal, ...kept } = before;
  const { href: callback, refusal } = resolved;
  const after: Callback = { ...kept, ...fields, version, callback, ...(refusal && { refusal }) };
  if (JSON.stringify(after) === JSON.stringify(before)) return false;
  if (after.callback === before.callback) {
    await setCallback(store, { user, token }, after);
    return true;
  }
  const doubt = doubtAbout(after);
  if (doubt !== undefined) await note(doubt, { url: after.callback });
  // Reports that the old address received are not sent to the new one; those that wait for the old one are.
  const queue = await readStoredQueue(store, user, before.callback);
  const since = Math.max(before.since ?? 0, queue?.cursor ?? 0);
  await setCallback(store, { user, token }, { ...after, since });
  return true;
}

/**
 * Returns the parameters from the body and, where the body lacks one, from the query (one client sends them there); undefined if
 * there are none. Throws PbxError; under the strict profile also for a missing body, ipaddr or port.
 */
function readParameters({ body, query, isStrict }: PbxCall): Parameters | undefined {
  if (query.type === 'xml') throw new PbxError(errnos.xmlNotSupported);
  const inQuery = textsOf(query, names);
  const inBody = readBody(body);
  if (isStrict) {
    if (isEmptyBody(body)) throw new PbxError(errnos.dataBlank);
    const has = (name: string): boolean => inQuery.has(name) || (inBody ?? noParameters).has(name);
    if (!has('ipaddr') || !has('port')) throw new PbxError(errnos.parameterBlank);
  }
  if (inBody === undefined) return inQuery.size === 0 ? undefined : inQuery;
  return inQuery.size === 0 ? inBody : new Map([...inQuery, ...inBody]);
}

/** Returns the fields of a callback after a heartbeat. Throws PbxError for a blank or an invalid one: then no field changes. */
function movedFields(before: Callback, parameters: Parameters): CallbackFields {
  const ipaddr = parameters.get('ipaddr');
  const portText = parameters.get('port');
  if (ipaddr === '' || portText === '') throw new PbxError(errnos.parameterBlank);
  const port = portText === undefined ? before.port : portOf(portText);
  if (port === undefined) throw new PbxError(errnos.wrongPort);
  const url = parameters.get('url');
  const urltag = parameters.get('urltag') ?? parameters.get('urlflag');
  // A new address without a url means its root (the seed's note on `url`); a url alone keeps the address.
  const isNewAddress = ipaddr !== undefined || portText !== undefined;
  return {
    ipaddr: ipaddr?.trim() ?? before.ipaddr,
    port,
    url: url ?? (isNewAddress ? '' : before.url),
    urltag: urltag ?? (isNewAddress || url !== undefined ? '' : before.urltag),
  };
}
