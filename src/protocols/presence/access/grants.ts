/**
 * Grants of the older Access Manager (v2): bits for a key, a channel or a channel group, for everybody or one auth key.
 * One document each, which goes when its time is over. Source: Access Manager pages and recorded answers.
 */
import type { Store, Tenant } from '../../../store/store.ts';
import { prefixOf } from '../messages/topics.ts';

const collection = 'grants';
const foreverMinutes = 0;

export interface GrantSubject {
  /** Empty: the whole key. */
  readonly kind: 'subkey' | 'channel' | 'channel-group';
  readonly name: string;
  /** Empty: everybody. */
  readonly auth: string;
}

const keyOf = ({ kind, name, auth }: GrantSubject): string => JSON.stringify([kind, name, auth]);

/** Grants exactly these bits, in place of any before; 0 takes all away. `ttlMinutes` 0: for ever. */
export async function putGrants(
  store: Store,
  tenant: Tenant,
  subjects: readonly GrantSubject[],
  mask: number,
  ttlMinutes: number,
): Promise<void> {
  await store.commit({
    tenant,
    writes: subjects.map((subject) => ({
      collection,
      key: keyOf(subject),
      value: mask === 0 ? null : String(mask),
      ...(ttlMinutes === foreverMinutes ? {} : { ttlMs: ttlMinutes * 60_000 }),
    })),
  });
}

/** The patterns that a channel's name matches, itself included. */
function namesFor(kind: 'channel' | 'channel-group', name: string): string[] {
  if (kind === 'channel-group') return [name];
  const levels = name.split('.');
  const patterns = levels
    .slice(0, -1)
    .map((_, at) => `${levels.slice(0, at + 1).join('.')}.*`)
    .filter((pattern) => prefixOf(pattern) !== undefined);
  return [name, ...patterns];
}

/** Which of the named resources somebody with an auth key has a bit for. */
export async function grantedOf(
  store: Store,
  tenant: Tenant,
  kind: 'channel' | 'channel-group',
  names: readonly string[],
  auth: string,
  bit: number,
): Promise<readonly boolean[]> {
  const auths = auth === '' ? [''] : ['', auth];
  const subjects = names.map((name) => [
    ...auths.map((who) => ({ kind: 'subkey' as const, name: '', auth: who })),
    ...namesFor(kind, name).flatMap((of) => auths.map((who) => ({ kind, name: of, auth: who }))),
  ]);
  const documents = await store.readDocuments({
    tenant,
    documents: subjects.flat().map((subject) => ({ collection, key: keyOf(subject) })),
  });
  let at = 0;
  return subjects.map((candidates) => {
    const masks = documents.slice(at, at + candidates.length);
    at += candidates.length;
    return masks.some((document) => document !== null && (Number(document.value) & bit) !== 0);
  });
}
