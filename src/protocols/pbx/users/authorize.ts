/** The first step of every call that needs a token and a permission. */
import type { PbxCall } from '../api/call.ts';
import type { PbxContext } from '../api/context.ts';
import { errnos, PbxError } from '../api/errors.ts';
import type { RenewedToken } from '../tokens/tokens.ts';
import type { Permission } from './permissions.ts';

/**
 * Renews the token of a call and checks that its user has a permission. Rejects with PbxError as `Tokens.renew` does, and with
 * 10003 if the permission is missing: the number that the documents give this case was not found.
 */
export async function authorize(
  { tokens, access }: Pick<PbxContext, 'tokens' | 'access'>,
  call: PbxCall,
  permission: Permission,
): Promise<RenewedToken> {
  const renewed = await tokens.renew(call, 'user');
  if (!access.hasPermission(renewed.user, permission)) throw new PbxError(errnos.requestNotSupported);
  return renewed;
}
