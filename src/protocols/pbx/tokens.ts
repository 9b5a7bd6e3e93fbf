/**
 * Tokens, as leases: tenant = the PBX, group = API user, holder = token, data = where the token's reports go. A token is
 * erased when it had no request for 30 minutes ("API 心跳包").
 */
import { type Static, Type } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
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
  /** Who logged in. */
  peer: Type.Optional(Type.String()),
  /** Reports up to this position are not for this callback: they are older than it, or were delivered before it moved. */
  since: Type.Optional(Type.Integer()),
});
export type Callback = Static<typeof Callback>;

const isCallback = TypeCompiler.Compile(Callback);

/** What a token's lease holds. Throws if it is none: only this protocol writes it. */
export function readCallback(data: string | null): Callback {
  const callback: unknown = JSON.parse(data ?? 'null');
  if (!isCallback.Check(callback)) throw new Error('a token holds no callback');
  return callback;
}

export interface TokenSettings {
  readonly pbxTokenTtlSeconds: number;
  readonly pbxMaxTokens: number;
  /** `cloud`: requests do not prolong a token. */
  readonly pbxFlavour: 'standard' | 'cloud';
}

export interface LiveToken {
  readonly token: string;
  readonly user: string;
  /** JSON text of its `Callback`; null where it was not asked for. */
  readonly data: string | null;
}

/** Longer ones are none of ours. */
export const maxTokenLength = 64;

/** Tokens whose user is remembered in a process. */
const maxKnownUsers = 10_000;

/**
 * Renews a token: one store operation, which costs less without its callback. `users`: of tokens seen before, kept by this
 * function; a token never changes hands, so what it remembers spares the store a look. Throws PbxError 20005 if there is no
 * token, 20004 if it is not live (any more).
 */
export async function renewToken(
  store: Store,
  settings: TokenSettings,
  token: string,
  withCallback: boolean,
  users: Map<string, string>,
): Promise<LiveToken> {
  if (token === '') throw new PbxError(errnos.tokenBlank);
  if (token.length > maxTokenLength) throw new PbxError(errnos.unknownToken);
  if (settings.pbxFlavour === 'cloud') return findToken(store, token);
  const known = users.get(token);
  const { leases } = await store.beat({
    tenant,
    holder: token,
    ...(known === undefined ? {} : { groups: [{ group: known }] }),
    ttlMs: settings.pbxTokenTtlSeconds * 1_000,
    grant: false,
    returning: withCallback ? 'all' : 'state',
  });
  const [lease] = leases;
  if (lease === undefined || lease.state === 'absent') {
    users.delete(token);
    throw new PbxError(errnos.unknownToken);
  }
  if (known === undefined) {
    if (users.size >= maxKnownUsers) users.clear();
    users.set(token, lease.group);
  }
  return { token, user: lease.group, data: withCallback ? lease.data : null };
}

/** As `renewToken`, and leaves the token's end where it is. */
async function findToken(store: Store, token: string): Promise<LiveToken> {
  const [user] = await store.groupsOf({ tenant, holder: token });
  const lease = user === undefined ? null : await store.read({ tenant, group: user, holder: token });
  if (lease === null) throw new PbxError(errnos.unknownToken);
  return { token, user: lease.group, data: lease.data };
}

/** Makes a token. A user who has too many loses those nearest their end (ours: no document names a limit). */
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

export interface HeldToken {
  readonly user: string;
  readonly token: string;
  /** Greater than that of every earlier login. */
  readonly epoch: number;
  readonly callback: Callback;
}

const usersAtOnce = 500;

/** Every live token, newest first within a user. */
export async function listTokens(store: Store): Promise<HeldToken[]> {
  const tokens: HeldToken[] = [];
  for (let after: string | undefined; ; ) {
    const users = await store.groups({
      tenant,
      limit: usersAtOnce,
      ...(after === undefined ? {} : { after }),
    });
    const pages = await Promise.all(
      users.map((group) => store.members({ tenant, group, offset: 0, limit: Number.MAX_SAFE_INTEGER })),
    );
    for (const { leases } of pages) {
      for (const { group, holder, epoch, data } of leases.toReversed())
        tokens.push({ user: group, token: holder, epoch, callback: readCallback(data) });
    }
    if (users.length < usersAtOnce) return tokens;
    after = users.at(-1);
  }
}

/** Ends a token. Throws PbxError 20004 if it is not live. */
export async function endToken(store: Store, token: string): Promise<void> {
  if (token === '') throw new PbxError(errnos.tokenBlank);
  const ended = token.length > maxTokenLength ? [] : await store.release({ tenant, holder: token });
  if (ended.length === 0) throw new PbxError(errnos.unknownToken);
}
