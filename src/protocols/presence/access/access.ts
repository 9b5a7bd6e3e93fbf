/**
 * Admission of requests. Off by default: without keysets every key, auth and signature passes; with keysets only their keys are
 * known and a signature must be right; in verify mode each call also needs its permission.
 */
import type { Store, Tenant } from '../../../store/store.ts';
import { dateOf } from '../../kit/date.ts';
import type { Query } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import type { Demand } from './demand.ts';
import { findGranted } from './grants.ts';
import type { Keyset } from './keysets.ts';
import { isRevoked } from './revocations.ts';
import { isSignatureValid, type SignedRequest } from './signature.ts';
import { type AccessToken, allows, decodeToken, endOf } from './token.ts';

/** A request before it is admitted. */
export interface Caller {
  readonly tenant: Tenant;
  readonly subscribeKey: string;
  readonly query: Query;
  /** Returns what a signature covers: the body has to be decompressed for it. */
  readSigned(): Promise<SignedRequest>;
}

export interface Access {
  /** Whether no keysets are configured, so that every request is admitted. */
  readonly isOpen: boolean;
  /** Rejects with the vendor's error for a request that is not allowed. Evaluates the demand only where it matters. */
  admit(caller: Caller, demand: () => Demand): Promise<void>;
  /** Throws if another publish key is configured for the subscribe key. */
  checkPublishKey(subscribeKey: string, publishKey: string): void;
  /**
   * Returns the date of a keyset, ms since 1970: grants, tokens and revocations expire by it. It is wall time, unless an operator
   * moved the tenant's clock.
   */
  nowMs(tenant: Tenant): Promise<number>;
  /** Returns the secret that tokens of a subscribe key are signed with. */
  secretOf(subscribeKey: string): string;
}

export interface AccessOptions {
  readonly store: Store;
  readonly keysets: readonly Keyset[];
  /** Whether permissions are enforced. */
  readonly verifies: boolean;
  /** Wall time, ms since 1970. */
  wallMs(): number;
}

const maxSkewSeconds = 60;

/** Makes the admission of a created protocol. */
export function makeAccess({ store, keysets, verifies, wallMs }: AccessOptions): Access {
  const known = new Map(keysets.map((keyset) => [keyset.subscribeKey, keyset]));
  const nowMs = (tenant: Tenant): Promise<number> => dateOf(store, tenant);

  /** A client's own clock may be wall time, or be moved together with the server's. */
  const isRecent = async (timestamp: number, tenant: Tenant): Promise<boolean> => {
    const isNear = (ms: number): boolean => Math.abs(timestamp - Math.floor(ms / 1_000)) <= maxSkewSeconds;
    return isNear(wallMs()) || isNear(await nowMs(tenant));
  };

  const checkSignature = async (signature: string, caller: Caller, keyset: Keyset): Promise<void> => {
    const timestamp = Number(caller.query.timestamp ?? Number.NaN);
    if (!(await isRecent(timestamp, caller.tenant))) throw errors.invalidTimestamp();
    const request = await caller.readSigned();
    if (!isSignatureValid(signature, request, keyset)) throw errors.invalidSignature();
  };

  const checkToken = async (token: AccessToken, caller: Caller, permission: Permission): Promise<void> => {
    const { tenant, query } = caller;
    const [now, revoked] = await Promise.all([nowMs(tenant), isRevoked(store, tenant, token)]);
    if (endOf(token) <= now) throw errors.tokenExpired();
    if (revoked) throw errors.tokenRevoked();
    const { bit, channels, groups } = permission;
    const isBearer = token.uuid === undefined || token.uuid === query.uuid;
    const refused = (kind: 'chan' | 'grp', names: readonly string[]): string[] =>
      names.filter((name) => !isBearer || !allows(token, { kind, name, bit }));
    refuse(refused('chan', channels), refused('grp', groups));
  };

  const checkGrants = async ({ tenant, query }: Caller, permission: Permission): Promise<void> => {
    const { bit, channels, groups } = permission;
    const auth = query.auth ?? '';
    const [ofChannels, ofGroups] = await Promise.all([
      findGranted(store, tenant, { kind: 'channel', names: channels, auth, bit }),
      findGranted(store, tenant, { kind: 'channel-group', names: groups, auth, bit }),
    ]);
    refuse(
      channels.filter((_, at) => ofChannels[at] !== true),
      groups.filter((_, at) => ofGroups[at] !== true),
    );
  };

  return {
    isOpen: known.size === 0,
    async admit(caller, demandOf) {
      if (known.size === 0) return;
      const keyset = known.get(caller.subscribeKey);
      if (keyset === undefined) throw errors.invalidSubscribeKey();
      const { signature, auth = '' } = caller.query;
      if (signature !== undefined) return checkSignature(signature, caller, keyset);
      const demand = demandOf();
      if (demand.kind === 'signature') throw errors.invalidSignature();
      if (!verifies || demand.kind === 'nothing') return;
      const token = auth === '' ? undefined : decodeToken(auth, keyset.secretKey);
      await (token === undefined ? checkGrants(caller, demand) : checkToken(token, caller, demand));
    },
    checkPublishKey(subscribeKey, publishKey) {
      const keyset = known.get(subscribeKey);
      if (keyset !== undefined && keyset.publishKey !== publishKey) throw errors.publishInvalidKey();
    },
    nowMs,
    // The server's own: without a keyset, tokens are still made for clients that ask for one, and never checked.
    secretOf: (subscribeKey) => known.get(subscribeKey)?.secretKey ?? `unchecked ${subscribeKey}`,
  };
}

type Permission = Extract<Demand, { kind: 'permission' }>;

function refuse(channels: readonly string[], groups: readonly string[]): void {
  if (channels.length + groups.length > 0) throw errors.forbidden(channels, groups);
}
