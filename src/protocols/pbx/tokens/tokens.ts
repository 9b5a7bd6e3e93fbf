/** What a request does with its token: every request with a live token renews it, a logout ends it. */
import { isDebugging, type Log } from '../../../settings/log.ts';
import { makeBoundedMap } from '../../kit/bounded-map.ts';
import type { PbxCall } from '../api/call.ts';
import { errnos, PbxError } from '../api/errors.ts';
import { peerAddress } from '../callback/callback-url.ts';
import type { PbxSettings } from '../configuration.ts';
import type { PbxStore } from '../tenant.ts';
import type { Access } from '../users/access.ts';
import { trackTimedOutTokens } from './timed-out-tokens.ts';
import { maxTokenLength, shortToken, type TokenOwner } from './token.ts';

/** Tokens that a process knows without asking the store, and the longest callback that it remembers, characters. */
const maxKnownTokens = 10_000;
const maxKnownCallback = 2_000;

/** What is known of a token. */
interface KnownToken {
  /** A token never changes hands. */
  readonly user: string;
  /** While its version is the same, the callback need not be read again. */
  readonly callback?: { readonly data: string | null; readonly version: number };
}

/** A token that was just renewed. */
export interface RenewedToken extends TokenOwner {
  /** JSON text of its `Callback`; null where only the user was asked for. */
  readonly data: string | null;
}

type TokenOfCall = Pick<PbxCall, 'token' | 'peer'>;

export interface Tokens {
  /**
   * Renews the token of a call in one store operation, which costs less without the callback. Rejects with PbxError 20005 if the
   * call has no token, and with 20004 if it is not live, or with 20006 if it timed out and the settings say so. With users from a
   * file, a token from an address that its user may not come from is 20004 too.
   */
  renew(call: TokenOfCall, returning: 'user' | 'callback'): Promise<RenewedToken>;
  /** Ends the token of a call. Rejects as `renew` does. */
  end(call: TokenOfCall): Promise<void>;
  /** Returns the user of a token that this process renewed before. */
  knownUserOf(token: string): string | undefined;
  /** Stops tracking tokens that time out. */
  stop(): void;
}

export interface TokensOptions {
  readonly store: PbxStore;
  readonly settings: PbxSettings;
  readonly access: Access;
  readonly log: Log;
}

export function makeTokens({ store, settings, access, log }: TokensOptions): Tokens {
  const { pbxFlavour, pbxExpiredErrno, pbxTokenTtlSeconds } = settings;
  const knownTokens = makeBoundedMap<string, KnownToken>(maxKnownTokens);
  const timedOut = pbxExpiredErrno === errnos.tokenTimedOut ? trackTimedOutTokens(store) : undefined;
  const ttlMs = pbxTokenTtlSeconds * 1_000;

  const refusal = async (token: string): Promise<PbxError> => {
    const hasTimedOut = timedOut !== undefined && (await timedOut.has(token));
    return new PbxError(hasTimedOut ? errnos.tokenTimedOut : errnos.unknownToken);
  };

  const beat = async (token: string, returning: 'user' | 'callback'): Promise<RenewedToken | undefined> => {
    const known = knownTokens.get(token);
    const callback = returning === 'callback' ? known?.callback : undefined;
    const { leases } = await store.beat({
      tenant: store.tenant,
      holder: token,
      ...(known === undefined
        ? {}
        : { groups: [{ group: known.user, ...(callback && { knownVersion: callback.version }) }] }),
      ttlMs,
      grant: false,
      returning: returning === 'callback' ? 'data' : 'state',
    });
    const [lease] = leases;
    if (lease === undefined || lease.state === 'absent') {
      knownTokens.delete(token);
      return undefined;
    }
    const { group: user, version = 0 } = lease;
    if (returning === 'user') {
      if (known === undefined) knownTokens.set(token, { user });
      return { token, user, data: null };
    }
    if (version === callback?.version) return { token, user, data: callback.data };
    const { data } = lease;
    const isShort = (data?.length ?? 0) <= maxKnownCallback;
    knownTokens.set(token, { user, ...(isShort && { callback: { data, version } }) });
    return { token, user, data };
  };

  return {
    knownUserOf: (token) => knownTokens.get(token)?.user,
    stop: () => timedOut?.stop(),
    async renew({ token, peer }, returning) {
      checkToken(token);
      const renewed = await (pbxFlavour === 'cloud' ? findToken(store, token) : beat(token, returning));
      if (renewed === undefined) throw await refusal(token);
      if (!access.isOpen && !access.isFrom(renewed.user, peerAddress(peer)))
        throw new PbxError(errnos.unknownToken);
      if (isDebugging(log))
        log.debug(
          { tenant: store.tenant, group: renewed.user, holder: shortToken(token) },
          'pbx token renewed',
        );
      return renewed;
    },
    async end({ token }) {
      checkToken(token);
      const ended = await store.release({ tenant: store.tenant, holder: token });
      if (ended.length === 0) throw await refusal(token);
      log.debug({ tenant: store.tenant, group: ended[0], holder: shortToken(token) }, 'pbx token ended');
    },
  };
}

/** Throws PbxError 20005 for a request without a token, and 20004 for a token longer than any that a login returns. */
function checkToken(token: string): void {
  if (token === '') throw new PbxError(errnos.tokenBlank);
  if (token.length > maxTokenLength) throw new PbxError(errnos.unknownToken);
}

/** Returns a live token without renewing it: on a Cloud PBX requests do not extend a token. */
async function findToken(store: PbxStore, token: string): Promise<RenewedToken | undefined> {
  const [user] = await store.groupsOf({ tenant: store.tenant, holder: token });
  if (user === undefined) return undefined;
  const lease = await store.read({ tenant: store.tenant, group: user, holder: token });
  return lease === null ? undefined : { token, user: lease.group, data: lease.data };
}
