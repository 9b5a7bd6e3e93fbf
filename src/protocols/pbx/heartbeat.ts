/**
 * `POST /api/{version}/heartbeat`: keeps the token for another 30 minutes and may move its callback. Source: "API 心跳包",
 * and for what real clients send beyond it S-Series API v1.1.0 and v2.0.0.
 */
import type { Store } from '../../store/store.ts';
import type { AddressPolicy } from './address-policy.ts';
import { portOf, resolveCallback } from './callback-url.ts';
import { errnos, PbxError } from './errors.ts';
import { readLine } from './lines.ts';
import { type Body, heartbeatParameters, noParameters, type Parameters } from './parameters.ts';
import { type Callback, type LiveToken, readCallback, setCallback } from './tokens.ts';

const maxVersionLength = 32;

/**
 * What a heartbeat says about the callback, once its token was renewed: a heartbeat that is refused was still a request
 * (ours). Costs no store operation if nothing changes. Throws PbxError.
 */
export async function moveCallback(
  store: Store,
  policyFor: (peer: string) => AddressPolicy,
  { user, token, data }: LiveToken,
  body: Body,
  query: Readonly<Record<string, unknown>>,
  isStrict: boolean,
): Promise<void> {
  const parameters = heartbeatParameters(body, query);
  if (isStrict) checkStrictly(body, parameters ?? noParameters);
  if (parameters === undefined || parameters.size === 0) return;
  const before = readCallback(data);
  const after = moved(before, parameters, policyFor(before.peer ?? ''));
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  if (after.callback === before.callback) {
    await setCallback(store, user, token, after);
    return;
  }
  // What was delivered to the old address is not sent to the new one; what waits for the old one is.
  const line = await readLine(store, user, before.callback);
  const since = Math.max(before.since ?? 0, line?.cursor ?? 0);
  await setCallback(store, user, token, { ...after, since });
}

/** The table of the document at its word: ipaddr and port are required. */
function checkStrictly(body: Body, parameters: Parameters): void {
  if (body.text.trim() === '') throw new PbxError(errnos.dataBlank);
  if (!parameters.has('ipaddr') || !parameters.has('port')) throw new PbxError(errnos.parameterBlank);
}

/** The callback after a heartbeat. Throws PbxError for fields that cannot be used: then nothing of it changes. */
function moved(before: Callback, parameters: Parameters, policy: AddressPolicy): Callback {
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
  const resolved = resolveCallback(fields, policy);
  if ('errno' in resolved) throw new PbxError(resolved.errno);
  const version = (parameters.get('version') ?? before.version).slice(0, maxVersionLength);
  return { ...before, ...fields, version, callback: resolved.href };
}
