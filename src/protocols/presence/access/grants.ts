/**
 * Grants of the older Access Manager (v2): bits for a keyset, a channel or a channel group, for every client or one auth key. One
 * document each, which expires with the grant. Source: Access Manager pages and recorded replies.
 */
import { Type } from '@sinclair/typebox';
import type { Store, Tenant } from '../../../store/store.ts';
import { documentKind } from '../../kit/documents.ts';
import { prefixOf } from '../messages/topics.ts';

/** Permission bits. */
const grants = documentKind('grants', Type.Integer());
const foreverMinutes = 0;

/** What a grant is about. */
export interface GrantSubject {
  /** `uuid` is for calls that are not emulated: such a grant is kept and allows no other call. */
  readonly kind: 'subkey' | 'channel' | 'channel-group' | 'uuid';
  /** Empty: the whole keyset. */
  readonly name: string;
  /** Empty: every client. */
  readonly auth: string;
}

const keyOf = ({ kind, name, auth }: GrantSubject): string => JSON.stringify([kind, name, auth]);

/** A grant to write. */
export interface GrantChange {
  readonly subjects: readonly GrantSubject[];
  /** 0 removes the grant. */
  readonly mask: number;
  /** 0: for ever. */
  readonly ttlMinutes: number;
}

/** Grants exactly these bits, in place of earlier ones. */
export async function writeGrants(
  store: Store,
  tenant: Tenant,
  { subjects, mask, ttlMinutes }: GrantChange,
): Promise<void> {
  const options = ttlMinutes === foreverMinutes ? {} : { ttlMs: ttlMinutes * 60_000 };
  await store.commit({
    tenant,
    writes: subjects.map((subject) => grants.write(keyOf(subject), mask === 0 ? null : mask, options)),
  });
}

/** Resources that a client needs a bit for. */
export interface GrantQuery {
  readonly kind: 'channel' | 'channel-group';
  readonly names: readonly string[];
  readonly auth: string;
  readonly bit: number;
}

/** Returns for each name whether an auth key has the bit for it. */
export async function findGranted(
  store: Store,
  tenant: Tenant,
  { kind, names, auth, bit }: GrantQuery,
): Promise<readonly boolean[]> {
  const auths = auth === '' ? [''] : ['', auth];
  const subjects = names.map((name) => [
    ...auths.map((of) => ({ kind: 'subkey' as const, name: '', auth: of })),
    ...coveringNames(kind, name).flatMap((covering) =>
      auths.map((of) => ({ kind, name: covering, auth: of })),
    ),
  ]);
  const masks = await grants.readMany(store, tenant, subjects.flat().map(keyOf));
  let at = 0;
  return subjects.map((candidates) => {
    const own = masks.slice(at, at + candidates.length);
    at += candidates.length;
    return own.some((mask) => mask !== undefined && (mask.value & bit) !== 0);
  });
}

/** Returns the names that cover a name: itself and, of a channel, the patterns that it matches. */
function coveringNames(kind: 'channel' | 'channel-group', name: string): string[] {
  if (kind === 'channel-group') return [name];
  const levels = name.split('.');
  const patterns = levels
    .slice(0, -1)
    .map((_, at) => `${levels.slice(0, at + 1).join('.')}.*`)
    .filter((pattern) => prefixOf(pattern) !== undefined);
  return [name, ...patterns];
}
