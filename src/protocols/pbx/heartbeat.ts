/**
 * `POST /api/{version}/heartbeat`: keeps the token for another 30 minutes and may move its callback. Source: "API 心跳包",
 * and for what real clients send beyond it S-Series API v1.1.0 and v2.0.0.
 */
import { Value } from '@sinclair/typebox/value';
import type { Store } from '../../store/store.ts';
import { portOf, resolveCallback } from './callback-url.ts';
import { errnos, PbxError } from './errors.ts';
import { type Body, heartbeatParameters, noParameters, type Parameters } from './parameters.ts';
import { Callback, renewToken, setCallback, type TokenSettings } from './tokens.ts';

const maxVersionLength = 32;

/** The body is looked at only after the token was renewed: a heartbeat that is refused was still a request (ours). */
export async function heartbeat(
  store: Store,
  settings: TokenSettings,
  token: string,
  body: Body,
  query: Readonly<Record<string, unknown>>,
  isStrict: boolean,
): Promise<void> {
  const { user, data } = await renewToken(store, settings, token);
  const parameters = heartbeatParameters(body, query);
  if (isStrict) checkStrictly(body, parameters ?? noParameters);
  if (parameters === undefined || parameters.size === 0) return;
  const before: unknown = JSON.parse(data);
  if (!Value.Check(Callback, before)) throw new Error('a token holds no callback');
  const after = moved(before, parameters);
  if (JSON.stringify(after) !== data) await setCallback(store, user, token, after);
}

/** The table of the document at its word: ipaddr and port are required. */
function checkStrictly(body: Body, parameters: Parameters): void {
  if (body.text.trim() === '') throw new PbxError(errnos.dataBlank);
  if (!parameters.has('ipaddr') || !parameters.has('port')) throw new PbxError(errnos.parameterBlank);
}

/** The callback after a heartbeat. Throws PbxError for fields that cannot be used: then nothing of it changes. */
function moved(before: Callback, parameters: Parameters): Callback {
  const ipaddr = parameters.get('ipaddr');
  const portText = parameters.get('port');
  if (ipaddr === '' || portText === '') throw new PbxError(errnos.parameterBlank);
  const port = portText === undefined ? before.port : portOf(portText);
  if (port === undefined) throw new PbxError(errnos.wrongPort);
  const url = parameters.get('url');
  const urltag = parameters.get('urltag') ?? parameters.get('urlflag');
  // A new address without a url means its root (the seed's note on `url`); a url alone keeps the address.
  const isNewAddress = ipaddr !== undefined || portText !== undefined;
  const fields = {
    ipaddr: ipaddr?.trim() ?? before.ipaddr,
    port,
    url: url ?? (isNewAddress ? '' : before.url),
    urltag: urltag ?? (isNewAddress || url !== undefined ? '' : before.urltag),
  };
  const resolved = resolveCallback(fields);
  if ('errno' in resolved) throw new PbxError(resolved.errno);
  const version = (parameters.get('version') ?? before.version).slice(0, maxVersionLength);
  return { ...fields, version, callback: resolved.href };
}
