/**
 * A token as a lease: group = API user, holder = token, data = the callback that its reports go to. A token ends when it had no
 * request for 30 minutes ("API 心跳包"). Here are the steps on the store that do not depend on a request.
 */
import { type Static, Type } from '@sinclair/typebox';
import { validator } from '../../kit/validate.ts';
import type { PbxSettings } from '../configuration.ts';
import type { PbxStore } from '../tenant.ts';

/** What a token's lease holds: the fields as the application sent them, and what they resolve to. */
export const Callback = Type.Object({
  ipaddr: Type.String(),
  port: Type.Integer(),
  url: Type.String(),
  urltag: Type.String(),
  /** Selects the shape of reports; empty: none was sent. */
  version: Type.String(),
  callback: Type.String({ description: 'the absolute URL that reports are posted to' }),
  /** The rule that lets no report go there: the token has no reports until its callback moves. */
  refusal: Type.Optional(Type.String()),
  /** Address of the login. */
  peer: Type.Optional(Type.String()),
  /** Reports up to this position are not for this callback: they are older than it, or were delivered before it moved. */
  since: Type.Optional(Type.Integer()),
});
export type Callback = Static<typeof Callback>;

const validateCallback = validator(Callback);

/** Parses what a token's lease holds. Throws if it is not a callback: only this protocol writes it. */
export function parseCallback(data: string | null): Callback {
  const callback: unknown = JSON.parse(data ?? 'null');
  return validateCallback(
    callback,
    ({ path }) => new Error(`the lease of a token holds no callback: ${path}`),
  );
}

/** The settings that a token's life follows from. */
export type TokenSettings = Pick<PbxSettings, 'pbxTokenTtlSeconds' | 'pbxMaxTokens' | 'pbxFlavour'>;

/** Longer tokens are none that this server issued. */
export const maxTokenLength = 64;

/** A token and whose it is. */
export interface TokenOwner {
  readonly user: string;
  readonly token: string;
}

/** A live token with its callback. */
export interface ActiveToken extends TokenOwner {
  /** Greater than that of every earlier login. */
  readonly epoch: number;
  readonly callback: Callback;
}

/** Issues a token. A user with too many loses those nearest expiry, which are returned; no document names a limit. */
export async function grantToken(
  store: PbxStore,
  settings: TokenSettings,
  { user, token }: TokenOwner,
  callback: Callback,
): Promise<readonly string[]> {
  const [live = 0] = await store.count({ tenant: store.tenant, groups: [user] });
  const excess = live - settings.pbxMaxTokens + 1;
  const replaced = excess > 0 ? await endOldest(store, user, excess) : [];
  await store.beat({
    tenant: store.tenant,
    holder: token,
    groups: [{ group: user, data: JSON.stringify(callback) }],
    ttlMs: settings.pbxTokenTtlSeconds * 1_000,
    grant: true,
  });
  return replaced;
}

async function endOldest(store: PbxStore, user: string, count: number): Promise<readonly string[]> {
  const { leases } = await store.members({
    tenant: store.tenant,
    group: user,
    offset: 0,
    limit: Number.MAX_SAFE_INTEGER,
  });
  const oldest = [...leases].sort((a, b) => a.remainingMs - b.remainingMs).slice(0, count);
  await Promise.all(
    oldest.map(({ holder }) => store.release({ tenant: store.tenant, holder, groups: [user] })),
  );
  return oldest.map(({ holder }) => holder);
}

export async function setCallback(
  store: PbxStore,
  { user, token }: TokenOwner,
  callback: Callback,
): Promise<void> {
  await store.setData({ tenant: store.tenant, group: user, holder: token, data: JSON.stringify(callback) });
}

/** Why a token ended before its time: a logout, more logins than its user may have, or a refresh. */
export type TokenEnd = 'loggedOut' | 'replaced' | 'refreshed';

const usersPerPage = 500;

/** Returns every live token, newest first within a user. */
export async function listTokens(store: PbxStore): Promise<ActiveToken[]> {
  const tokens: ActiveToken[] = [];
  for (let after: string | undefined; ; ) {
    const users = await store.groups({
      tenant: store.tenant,
      limit: usersPerPage,
      ...(after === undefined ? {} : { after }),
    });
    const pages = await Promise.all(
      users.map((group) =>
        store.members({ tenant: store.tenant, group, offset: 0, limit: Number.MAX_SAFE_INTEGER }),
      ),
    );
    for (const { leases } of pages) {
      for (const { group, holder, epoch, data } of leases.toReversed())
        tokens.push({ user: group, token: holder, epoch, callback: parseCallback(data) });
    }
    if (users.length < usersPerPage) return tokens;
    after = users.at(-1);
  }
}

/** Returns the part of a token that log lines show: enough to find it, too little to use it. */
export function shortToken(token: string): string {
  return `${token.slice(0, 8)}…`;
}
