/** Revoked tokens, until they would have expired: an empty document each. */
import type { Store, Tenant } from '../../../store/store.ts';
import type { AccessToken } from './token.ts';

const documentOf = ({ id }: AccessToken): { collection: string; key: string } => ({
  collection: 'revoked-tokens',
  key: id,
});

/** Revokes a token, in whatever spelling it comes, for `ttlMs`, the rest of its lifetime. */
export async function addRevocation(
  store: Store,
  tenant: Tenant,
  token: AccessToken,
  ttlMs: number,
): Promise<void> {
  const write = { ...documentOf(token), value: '', ttlMs: Math.max(1, ttlMs) };
  await store.commit({ tenant, writes: [write], isExempt: true });
}

/** Whether a token is revoked. */
export async function isRevoked(store: Store, tenant: Tenant, token: AccessToken): Promise<boolean> {
  const [found] = await store.readDocuments({ tenant, documents: [documentOf(token)] });
  return found !== null && found !== undefined;
}
