/**
 * `POST /api/{version}/heartbeat`: keeps the token for another 30 minutes and may move its callback. Source: "API 心跳包",
 * and for what real clients send beyond it S-Series API v1.1.0 and v2.0.0.
 */
import type { Store } from '../../../store/store.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { type Body, heartbeatParameters, noParameters, type Parameters } from '../api/parameters.ts';
import type { AddressPolicy } from '../callback/address-policy.ts';
import { type CallbackFields, doubtAbout, portOf, resolveCallback } from '../callback/callback-url.ts';
import { addNote } from '../delivery/diagnostics.ts';
import { readLine } from '../queues/stored-queue.ts';
import { type Callback, type LiveToken, readCallback, setCallback } from './tokens.ts';

const maxVersionLength = 32;
const maxDetail = 500;

export interface HeartbeatContext {
  readonly store: Store;
  /** Where reports may go for whoever logged in from `peer`. */
  policyFor(peer: string): AddressPolicy;
  wallMs(): number;
}

/**
 * What a heartbeat says about the callback, once its token was renewed: a heartbeat that is refused was still a request
 * (ours). Costs no store operation if nothing changes. Throws PbxError.
 */
export async function moveCallback(
  { store, policyFor, wallMs }: HeartbeatContext,
  { user, token, data }: LiveToken,
  body: Body,
  query: Readonly<Record<string, unknown>>,
  isStrict: boolean,
): Promise<void> {
  const parameters = heartbeatParameters(body, query);
  if (isStrict) checkStrictly(body, parameters ?? noParameters);
  if (parameters === undefined || parameters.size === 0) return;
  const before = readCallback(data);
  const fields = movedFields(before, parameters);
  const resolved = resolveCallback(fields, policyFor(before.peer ?? ''));
  if ('errno' in resolved) {
    const detail = JSON.stringify(Object.fromEntries(parameters)).slice(0, maxDetail);
    await addNote(store, {
      atMs: wallMs(),
      what: 'a heartbeat named a callback that is refused',
      user,
      detail,
    });
    throw new PbxError(resolved.errno);
  }
  const version = (parameters.get('version') ?? before.version).slice(0, maxVersionLength);
  const after: Callback = { ...before, ...fields, version, callback: resolved.href };
  if (JSON.stringify(after) === JSON.stringify(before)) return;
  if (after.callback === before.callback) {
    await setCallback(store, user, token, after);
    return;
  }
  const doubt = doubtAbout(after);
  if (doubt !== undefined) await addNote(store, { atMs: wallMs(), what: doubt, user, url: after.callback });
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

/** The fields of a callback after a heartbeat. Throws PbxError for what cannot be one: then nothing of it changes. */
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
