/** `POST /api/{version}/login`: a new token for every login; older ones stay as they are (ours: no document says). */
import type { ProtocolContext } from '../protocol.ts';
import { peerAddress, portOf, resolveCallback } from './callback-url.ts';
import { errnos, PbxError } from './errors.ts';
import { type Body, loginParameters } from './parameters.ts';
import { grantToken } from './tokens.ts';

/** Reports go to this port where nobody named another (S-Series API v2.0.0, Login). */
const defaultPort = 8_260;
const maxUserLength = 256;
const maxVersionLength = 32;

export interface LoggedIn {
  readonly status: 'Success';
  readonly token: string;
  readonly transport?: 'HTTP';
}

/** Throws PbxError: 20007 empty body, 10002/20000 no JSON object, 10004 a name or password is missing, 20008, 20011. */
export async function login(
  context: ProtocolContext,
  version: string,
  body: Body,
  peer: string,
): Promise<LoggedIn> {
  const { store, config } = context;
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
    ipaddr: peerAddress(peer),
    port,
    url: parameters.get('url') ?? '',
    urltag: parameters.get('urltag') ?? '',
  };
  const resolved = resolveCallback(fields);
  if ('errno' in resolved) throw new PbxError(resolved.errno);
  const token = context.randomBytes(16).toString('hex');
  const reportVersion = (parameters.get('version') ?? (version === 'v0.0.1' ? '0.0.1' : '')).slice(
    0,
    maxVersionLength,
  );
  await grantToken(store, config, user, token, {
    ...fields,
    version: reportVersion,
    callback: resolved.href,
  });
  return { status: 'Success', token, ...(version.startsWith('v2.') ? { transport: 'HTTP' as const } : {}) };
}
