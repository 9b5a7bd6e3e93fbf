/** `POST /api/{version}/login`: a new token for every login. No document says what happens to older ones: they stay valid. */
import { Type } from '@sinclair/typebox';
import { isActorAddress } from '../../kit/actors/address.ts';
import {
  endpoint,
  type PbxCall,
  type PbxOperation,
  succeedWith,
  successWith,
  VersionParams,
} from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { bodyErrors, commonErrors, errnos, PbxError } from '../api/errors.ts';
import { bodyReader, Field, memberOf } from '../api/parameters.ts';
import {
  type CallbackFields,
  doubtAbout,
  peerAddress,
  portOf,
  resolveCallback,
} from '../callback/callback-url.ts';
import { type Diagnostic, recordDiagnostic } from '../delivery/diagnostics.ts';
import { newestReport } from '../reports/report-queue.ts';
import { newToken } from '../tenant.ts';
import { writeRefreshToken } from '../tokens/refresh-tokens.ts';
import { type Callback, grantToken, shortToken } from '../tokens/token.ts';

/** The port of a callback without one (S-Series API v2.0.0, Login). */
const defaultPort = 8_260;
const maxUserLength = 256;
const maxVersionLength = 32;
const maxDetailLength = 500;

const Body = Type.Object({
  username: Field,
  password: Field,
  port: Field,
  url: Field,
  urltag: Field,
  version: Field,
});
const readBody = bodyReader(Body);

const Reply = successWith({
  token: Type.String(),
  refreshtoken: Type.Optional(Type.String({ description: 'Cloud PBX only' })),
  transport: Type.Optional(Type.Literal('HTTP', { description: 'v2 only' })),
});

export function login(context: PbxContext): PbxOperation {
  const { access, loginFailures, store } = context;
  return {
    name: 'PbxLogin',
    summary: 'Issues a token; reports go to the address that logged in until a heartbeat moves them',
    ...endpoint('login'),
    isPostOnly: true,
    tenantFrom: 'username',
    schema: { params: VersionParams, body: Body, replies: { 200: Reply } },
    // In the order in which they are checked.
    errors: [
      ...commonErrors,
      errnos.lockedOut,
      errnos.dataBlank,
      ...bodyErrors,
      errnos.parameterBlank,
      errnos.wrongPort,
      errnos.wrongCredentials,
      errnos.heartbeatFailed,
    ],
    subject: ({ body }) => ({ tenant: store.tenant, group: memberOf(body, 'username') }),
    async run(call) {
      if (call.query.type === 'xml') throw new PbxError(errnos.xmlNotSupported);
      const peer = peerAddress(call.peer);
      if (access.isOpen) return logIn(context, call, peer);
      return loginFailures.inTurn(peer, async () => {
        if (await loginFailures.isLocked(peer)) throw new PbxError(errnos.lockedOut);
        return logIn(context, call, peer);
      });
    },
  };
}

async function logIn(context: PbxContext, call: PbxCall, peer: string) {
  const request = readLogin(call, peer);
  const { user, password, fields, reportVersion } = request;
  await checkPassword(context, user, password, peer);
  return issueToken(context, call.version, user, {
    ...fields,
    version: reportVersion,
    ...(await resolveFirstCallback(context, request, peer)),
    peer,
    since: await newestReport(context.store),
  });
}

interface LoginRequest {
  readonly user: string;
  readonly password: string;
  readonly fields: CallbackFields;
  /** Selects the shape of reports; empty: none was sent. */
  readonly reportVersion: string;
}

/** Throws PbxError for the first that applies: an empty body, not JSON, a blank name or password, a wrong port. */
function readLogin({ version, body }: PbxCall, peer: string): LoginRequest {
  const parameters = readBody(body);
  if (parameters === undefined) throw new PbxError(errnos.dataBlank);
  const user = parameters.get('username') ?? '';
  const password = parameters.get('password') ?? '';
  if (user === '' || user.length > maxUserLength || password === '')
    throw new PbxError(errnos.parameterBlank);
  const portText = parameters.get('port');
  const port = portText === undefined ? defaultPort : portOf(portText);
  if (port === undefined) throw new PbxError(errnos.wrongPort);
  const reportVersion = parameters.get('version') ?? (version === 'v0.0.1' ? '0.0.1' : '');
  return {
    user,
    password,
    // No document lets a login name an address: it is the peer's until a heartbeat names another.
    fields: { ipaddr: peer, port, url: parameters.get('url') ?? '', urltag: parameters.get('urltag') ?? '' },
    reportVersion: reportVersion.slice(0, maxVersionLength),
  };
}

/** Rejects with PbxError 20003, and counts the failure. Actors need no password: an operator started them. */
async function checkPassword(
  { access, loginFailures }: PbxContext,
  user: string,
  password: string,
  peer: string,
): Promise<void> {
  if (access.isOpen || isActorAddress(peer)) return;
  if (await access.verify(user, password, peer)) {
    await loginFailures.reset(peer, user);
    return;
  }
  await loginFailures.count(peer, user);
  throw new PbxError(errnos.wrongCredentials);
}

/**
 * Returns where reports go first. A callback that the policy refuses is no reason to refuse the login: the token gets no reports,
 * and a diagnostic says why. Rejects with PbxError for fields that make no URL.
 */
async function resolveFirstCallback(
  { store, policyFor, wallMs, log }: PbxContext,
  { user, fields }: LoginRequest,
  peer: string,
): Promise<Pick<Callback, 'callback' | 'refusal'>> {
  const resolved = resolveCallback(fields, policyFor(peer));
  const note = (message: string, about: Pick<Diagnostic, 'url' | 'detail'>) => {
    log.warn({ user, ...about }, `pbx ${message}`);
    return recordDiagnostic(store, { atMs: wallMs(), message, user, ...about });
  };
  if ('unusable' in resolved) {
    const sent = JSON.stringify(fields).slice(0, maxDetailLength);
    await note('login refused: the callback is not usable', { detail: `${resolved.unusable}: ${sent}` });
    throw new PbxError(errnos.heartbeatFailed);
  }
  const { href, refusal } = resolved;
  const doubt = doubtAbout(fields);
  if (doubt !== undefined) await note(doubt, { url: href });
  if (refusal === undefined) return { callback: href };
  await note('no reports are sent to a login: its callback is refused', { url: href, detail: refusal });
  return { callback: href, refusal };
}

async function issueToken(
  { store, settings, access, tokenEnds, randomBytes, log }: PbxContext,
  apiVersion: string,
  user: string,
  callback: Callback,
) {
  const token = newToken(store.tenant, randomBytes);
  const pbxMaxTokens = access.maxTokens(user) ?? settings.pbxMaxTokens;
  const replaced = await grantToken(store, { ...settings, pbxMaxTokens }, { user, token }, callback);
  for (const old of replaced) tokenEnds.set(old, 'replaced');
  log.debug(
    { tenant: store.tenant, group: user, holder: shortToken(token), url: callback.callback },
    'pbx token issued',
  );
  if (settings.pbxFlavour === 'cloud') {
    const refreshtoken = newToken(store.tenant, randomBytes);
    const ttlMs = settings.pbxTokenTtlSeconds * 1_000;
    await store.commit({
      tenant: store.tenant,
      writes: [writeRefreshToken(refreshtoken, { user, token }, ttlMs)],
    });
    return succeedWith({ token, refreshtoken });
  }
  return succeedWith(apiVersion.startsWith('v2.') ? { token, transport: 'HTTP' } : { token });
}
