/**
 * `POST /api/{version}/token/refresh`: how an application of a Cloud PBX keeps its token, which nothing prolongs there
 * (Cloud PBX API v1.1.0). A new pair takes the place of the old one, with its callback and what waits for it.
 */
import { createHash } from 'node:crypto';
import type { DocumentWrite, Store } from '../../../store/store.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { type Body, refreshParameters } from '../api/parameters.ts';
import { grantToken, readCallback, type TokenSettings, tenant } from './tokens.ts';

const collection = 'refreshTokens';

export interface Refreshed {
  readonly status: 'Success';
  readonly token: string;
  readonly refreshtoken: string;
}

/** A refresh token is a secret: its hash finds it. */
function keyOf(refreshtoken: string): string {
  return createHash('sha256').update(refreshtoken).digest('base64url');
}

function pairWrite(
  refreshtoken: string,
  user: string,
  token: string,
  settings: TokenSettings,
): DocumentWrite {
  return {
    collection,
    key: keyOf(refreshtoken),
    value: JSON.stringify([user, token]),
    ttlMs: settings.pbxTokenTtlSeconds * 1_000,
  };
}

/** Makes the refresh token of a token that was just granted; it lives as long. */
export async function grantRefreshToken(
  store: Store,
  settings: TokenSettings,
  user: string,
  token: string,
  refreshtoken: string,
): Promise<void> {
  await store.commit({ tenant, writes: [pairWrite(refreshtoken, user, token, settings)] });
}

/** Throws PbxError: 20007 empty body, 10004 no refresh token in it, 20004 it is unknown, or was used, or its token ended. */
export async function refresh(
  store: Store,
  settings: TokenSettings,
  randomBytes: (size: number) => Buffer,
  body: Body,
): Promise<Refreshed> {
  const parameters = refreshParameters(body);
  if (parameters === undefined) throw new PbxError(errnos.dataBlank);
  const given = parameters.get('refreshtoken') ?? '';
  if (given === '') throw new PbxError(errnos.parameterBlank);
  const key = keyOf(given);
  const [document] = await store.readDocuments({ tenant, documents: [{ collection, key }] });
  if (document == null) throw new PbxError(errnos.unknownToken);
  const [user, old] = JSON.parse(document.value) as [string, string];
  const lease = await store.read({ tenant, group: user, holder: old });
  if (lease === null) throw new PbxError(errnos.unknownToken);
  const token = randomBytes(16).toString('hex');
  const refreshtoken = randomBytes(16).toString('hex');
  const { committed } = await store.commit({
    tenant,
    writes: [
      // Of several that use it at the same time, one gets the new pair.
      { collection, key, version: document.version, value: null },
      pairWrite(refreshtoken, user, token, settings),
    ],
  });
  if (!committed) throw new PbxError(errnos.unknownToken);
  // The new one first: what waits for the callback always has somebody to wait for.
  await grantToken(store, settings, user, token, readCallback(lease.data));
  await store.release({ tenant, holder: old, groups: [user] });
  return { status: 'Success', token, refreshtoken };
}
