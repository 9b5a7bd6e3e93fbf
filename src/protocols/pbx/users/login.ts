/** `POST /api/{version}/login`: a new token for every login; older ones stay as they are (ours: no document says). */
import type { Store } from '../../../store/store.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { type Body, loginParameters } from '../api/parameters.ts';
import type { AddressPolicy } from '../callback/address-policy.ts';
import { doubtAbout, peerAddress, portOf, resolveCallback } from '../callback/callback-url.ts';
import { addNote } from '../delivery/diagnostics.ts';
import { newestReport } from '../reports/report-queue.ts';
import { grantRefreshToken } from '../tokens/token-refresh.ts';
import { grantToken, type TokenSettings } from '../tokens/tokens.ts';
import type { Access } from './access.ts';
import type { LoginFailures } from './login-failures.ts';

/** Reports go to this port where nobody named another (S-Series API v2.0.0, Login). */
const defaultPort = 8_260;
const maxUserLength = 256;
const maxVersionLength = 32;
const maxDetail = 500;

export interface LoggedIn {
  readonly status: 'Success';
  readonly token: string;
  readonly refreshtoken?: string;
  readonly transport?: 'HTTP';
}

export interface LoginContext {
  readonly store: Store;
  readonly settings: TokenSettings;
  readonly access: Access;
  readonly failures: LoginFailures;
  /** For the callback of whoever comes from that address. */
  policyFor(peer: string): AddressPolicy;
  wallMs(): number;
  randomBytes(size: number): Buffer;
}

/**
 * Throws PbxError, the first that applies: 20002 too many failures, 20007 empty body, 10002/20000 no JSON object, 10004 a
 * name or password is missing, 20008 port, 20003 credentials, 20011 callback.
 */
export async function login(
  context: LoginContext,
  version: string,
  body: Body,
  peerIp: string,
): Promise<LoggedIn> {
  const peer = peerAddress(peerIp);
  if (context.access.isOpen) return logIn(context, version, body, peer);
  return context.failures.inTurn(peer, async () => {
    if (await context.failures.isLocked(peer)) throw new PbxError(errnos.lockedOut);
    return logIn(context, version, body, peer);
  });
}

async function logIn(context: LoginContext, version: string, body: Body, peer: string): Promise<LoggedIn> {
  const { store, settings, access, failures } = context;
  const parameters = loginParameters(body);
  if (parameters === undefined) throw new PbxError(errnos.dataBlank);
  const user = parameters.get('username') ?? '';
  const password = parameters.get('password') ?? '';
  if (user === '' || user.length > maxUserLength || password === '')
    throw new PbxError(errnos.parameterBlank);
  const portText = parameters.get('port');
  const port = portText === undefined ? defaultPort : portOf(portText);
  if (port === undefined) throw new PbxError(errnos.wrongPort);
  // No document lets a login name an address: reports go to whoever logs in, until a heartbeat says otherwise.
  const fields = {
    ipaddr: peer,
    port,
    url: parameters.get('url') ?? '',
    urltag: parameters.get('urltag') ?? '',
  };
  if (!access.isOpen) {
    if (!(await access.verify(user, password, peer))) {
      await failures.note(peer);
      throw new PbxError(errnos.wrongCredentials);
    }
    await failures.forget(peer);
  }
  const resolved = resolveCallback(fields, context.policyFor(peer));
  if ('errno' in resolved) {
    const detail = JSON.stringify(fields).slice(0, maxDetail);
    await addNote(store, {
      atMs: context.wallMs(),
      what: 'a login named a callback that is refused',
      user,
      detail,
    });
    throw new PbxError(resolved.errno);
  }
  const doubt = doubtAbout(fields);
  if (doubt !== undefined)
    await addNote(store, { atMs: context.wallMs(), what: doubt, user, url: resolved.href });
  const token = context.randomBytes(16).toString('hex');
  const reportVersion = (parameters.get('version') ?? (version === 'v0.0.1' ? '0.0.1' : '')).slice(
    0,
    maxVersionLength,
  );
  const pbxMaxTokens = access.maxTokens(user) ?? settings.pbxMaxTokens;
  await grantToken(store, { ...settings, pbxMaxTokens }, user, token, {
    ...fields,
    version: reportVersion,
    callback: resolved.href,
    peer,
    since: await newestReport(store),
  });
  if (settings.pbxFlavour === 'cloud') {
    const refreshtoken = context.randomBytes(16).toString('hex');
    await grantRefreshToken(store, settings, user, token, refreshtoken);
    return { status: 'Success', token, refreshtoken };
  }
  return { status: 'Success', token, ...(version.startsWith('v2.') ? { transport: 'HTTP' as const } : {}) };
}
