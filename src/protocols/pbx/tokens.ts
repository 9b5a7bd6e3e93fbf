/**
 * Tokens, as leases: tenant = the PBX, group = API user, holder = token, data = where the token's reports go. A token is
 * erased when it had no request for 30 minutes ("API 心跳包").
 */
import { type Static, Type } from '@sinclair/typebox';
import type { Store, Tenant } from '../../store/store.ts';
import { errnos, PbxError } from './errors.ts';

export const tenant: Tenant = 'pbx/default';

/** What a token's lease holds: the fields as they were given, and what they resolve to. */
export const Callback = Type.Object({
  ipaddr: Type.String(),
  port: Type.Integer(),
  url: Type.String(),
  urltag: Type.String(),
  /** Selects the shape of reports; empty: not given. */
  version: Type.String(),
  callback: Type.String({ description: 'the absolute URL that reports are posted to' }),
});
export type Callback = Static<typeof Callback>;

export interface TokenSettings {
  readonly pbxTokenTtlSeconds: number;
  readonly pbxMaxTokens: number;
}

export interface LiveToken {
  readonly user: string;
  /** JSON text of its `Callback`. */
  readonly data: string;
}

const maxTokenLength = 64;

/** Renews a token: one store operation. Throws PbxError 20005 if there is none, 20004 if it is not live (any more). */
export async function renewToken(store: Store, settings: TokenSettings, token: string): Promise<LiveToken> {
  if (token === '') throw new PbxError(errnos.tokenBlank);
  if (token.length > maxTokenLength) throw new PbxError(errnos.unknownToken);
  const { leases } = await store.beat({
    tenant,
    holder: token,
    ttlMs: settings.pbxTokenTtlSeconds * 1_000,
    grant: false,
  });
  const [lease] = leases;
  if (lease === undefined) throw new PbxError(errnos.unknownToken);
  return { user: lease.group, data: lease.data ?? '' };
}

/** Makes a token. A user who has too many loses the one that is nearest its end (ours: no document names a limit). */
export async function grantToken(
  store: Store,
  settings: TokenSettings,
  user: string,
  token: string,
  callback: Callback,
): Promise<void> {
  const [live = 0] = await store.count({ tenant, groups: [user] });
  if (live >= settings.pbxMaxTokens) await endOldest(store, user, live - settings.pbxMaxTokens + 1);
  await store.beat({
    tenant,
    holder: token,
    groups: [{ group: user, data: JSON.stringify(callback) }],
    ttlMs: settings.pbxTokenTtlSeconds * 1_000,
    grant: true,
  });
}

async function endOldest(store: Store, user: string, many: number): Promise<void> {
  const { leases } = await store.members({ tenant, group: user, offset: 0, limit: Number.MAX_SAFE_INTEGER });
  const oldest = [...leases].sort((a, b) => a.remainingMs - b.remainingMs).slice(0, many);
  await Promise.all(oldest.map(({ holder }) => store.release({ tenant, holder, groups: [user] })));
}

export async function setCallback(
  store: Store,
  user: string,
  token: string,
  callback: Callback,
): Promise<void> {
  await store.setData({ tenant, group: user, holder: token, data: JSON.stringify(callback) });
}

/** Ends a token. Throws PbxError 20004 if it is not live. */
export async function endToken(store: Store, token: string): Promise<void> {
  if (token === '') throw new PbxError(errnos.tokenBlank);
  const ended = token.length > maxTokenLength ? [] : await store.release({ tenant, holder: token });
  if (ended.length === 0) throw new PbxError(errnos.unknownToken);
}
