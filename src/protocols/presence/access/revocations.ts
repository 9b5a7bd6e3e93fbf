/** Revoked tokens, until they would have expired: an empty document each, named by a digest. */
import { createHash } from 'node:crypto';
import type { Store, Tenant } from '../../../store/store.ts';

const documentOf = (token: string): { collection: string; key: string } => ({
  collection: 'revoked-tokens',
  key: createHash('sha256').update(token).digest('base64url'),
});

/** Revokes a token for `ttlMs`, the rest of its lifetime. */
export async function addRevocation(
  store: Store,
  tenant: Tenant,
  token: string,
  ttlMs: number,
): Promise<void> {
  const write = { ...documentOf(token), value: '', ttlMs: Math.max(1, ttlMs) };
  await store.commit({ tenant, writes: [write] });
}

/** Whether a token is revoked. */
export async function isRevoked(store: Store, tenant: Tenant, token: string): Promise<boolean> {
  const [found] = await store.readDocuments({ tenant, documents: [documentOf(token)] });
  return found !== null && found !== undefined;
}
