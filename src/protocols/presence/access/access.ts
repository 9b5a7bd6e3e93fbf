/**
 * Who may do what. Off by default: without keysets every key, auth and signature passes; with keysets only their keys are
 * known and what is signed must be signed right; in verify mode each call also needs its permission.
 */
import { createHash } from 'node:crypto';
import type { Store, Tenant } from '../../../store/store.ts';
import { errors } from '../errors.ts';
import type { Query } from '../wire/request.ts';
import { grantedOf } from './grants.ts';
import { isSignatureValid, type Keyset, type SignedRequest } from './signature.ts';
import { type AccessToken, allows, decodeToken } from './token.ts';

/** What a call needs. */
export type Demand =
  | { readonly kind: 'nothing' }
  /** A signature with the secret key. */
  | { readonly kind: 'signature' }
  /** A permission on each resource. Presence companions are resources of their own. */
  | {
      readonly kind: 'permission';
      readonly bit: number;
      readonly channels: readonly string[];
      readonly groups: readonly string[];
    };

export interface Caller {
  readonly tenant: Tenant;
  readonly subscribeKey: string;
  readonly query: Query;
  readonly request: SignedRequest;
}

export interface Access {
  /** Throws the vendor's refusal. The demand is worked out only where it matters. */
  admit(caller: Caller, demand: () => Demand): Promise<void>;
  /** Throws where another publish key is configured for the subscribe key. */
  checkPublishKey(subscribeKey: string, publishKey: string): void;
  /** What tokens of a key are signed with. */
  secretOf(subscribeKey: string): string;
}

const maxSkewSeconds = 60;
const revoked = 'revoked-tokens';

/** `<subscribe key>:<publish key>:<secret key>`; undefined if it is none. */
export function parseKeyset(text: string): Keyset | undefined {
  const [subscribeKey = '', publishKey = '', secretKey = '', ...more] = text.split(':');
  const isWhole = subscribeKey !== '' && publishKey !== '' && secretKey !== '' && more.length === 0;
  return isWhole ? { subscribeKey, publishKey, secretKey } : undefined;
}

const revokedKey = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** Makes a token worthless for the rest of its time. */
export async function revokeToken(store: Store, tenant: Tenant, token: string, ttlMs: number): Promise<void> {
  await store.commit({
    tenant,
    writes: [{ collection: revoked, key: revokedKey(token), value: '', ttlMs: Math.max(1, ttlMs) }],
  });
}

export function makeAccess(
  store: Store,
  keysets: readonly Keyset[],
  verifies: boolean,
  wallMs: () => number,
): Access {
  const known = new Map(keysets.map((keyset) => [keyset.subscribeKey, keyset]));
  const nowSeconds = (): number => Math.floor(wallMs() / 1_000);

  const checkSignature = (signature: string, caller: Caller, keyset: Keyset): void => {
    const timestamp = Number(caller.query.timestamp ?? Number.NaN);
    if (!(Math.abs(timestamp - nowSeconds()) <= maxSkewSeconds)) throw errors.invalidTimestamp();
    if (!isSignatureValid(signature, caller.request, keyset)) throw errors.invalidSignature();
  };

  const checkToken = async (token: AccessToken, text: string, { tenant }: Caller): Promise<void> => {
    if (token.issuedAt + token.ttlMinutes * 60 <= nowSeconds()) throw errors.tokenExpired();
    const [found] = await store.readDocuments({
      tenant,
      documents: [{ collection: revoked, key: revokedKey(text) }],
    });
    if (found !== null && found !== undefined) throw errors.tokenRevoked();
  };

  return {
    async admit(caller, demandOf) {
      if (known.size === 0) return;
      const keyset = known.get(caller.subscribeKey);
      if (keyset === undefined) throw errors.invalidSubscribeKey();
      const { signature, auth = '', uuid } = caller.query;
      if (signature !== undefined) return checkSignature(signature, caller, keyset);
      const demand = demandOf();
      if (demand.kind === 'signature') throw errors.invalidSignature();
      if (!verifies || demand.kind === 'nothing') return;

      const { bit, channels, groups } = demand;
      const token = auth === '' ? undefined : decodeToken(auth, keyset.secretKey);
      if (token !== undefined) {
        await checkToken(token, auth, caller);
        const isBearer = token.uuid === undefined || token.uuid === uuid;
        const refusedBy = (kind: 'chan' | 'grp', names: readonly string[]): string[] =>
          names.filter((name) => !isBearer || !allows(token, kind, name, bit));
        return refuse(refusedBy('chan', channels), refusedBy('grp', groups));
      }
      const { tenant } = caller;
      const [ofChannels, ofGroups] = await Promise.all([
        grantedOf(store, tenant, 'channel', channels, auth, bit),
        grantedOf(store, tenant, 'channel-group', groups, auth, bit),
      ]);
      refuse(
        channels.filter((_, at) => ofChannels[at] !== true),
        groups.filter((_, at) => ofGroups[at] !== true),
      );
    },
    checkPublishKey(subscribeKey, publishKey) {
      const keyset = known.get(subscribeKey);
      if (keyset !== undefined && keyset.publishKey !== publishKey) throw errors.publishInvalidKey();
    },
    // Ours: without a keyset tokens are made all the same, for clients that ask for one, and nobody checks them.
    secretOf: (subscribeKey) => known.get(subscribeKey)?.secretKey ?? `unchecked ${subscribeKey}`,
  };
}

function refuse(channels: readonly string[], groups: readonly string[]): void {
  if (channels.length + groups.length > 0) throw errors.forbidden(channels, groups);
}
