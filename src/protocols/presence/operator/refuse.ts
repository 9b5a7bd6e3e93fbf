/** What the operator routes share: their schemas, and how a vendor's error becomes one of theirs. */
import { Type } from '@sinclair/typebox';
import type { Tenant } from '../../../store/store.ts';
import { VendorError } from '../../kit/failure.ts';
import { Failure, OperatorRefusal } from '../../kit/operator/refusal.ts';
import { parseSubscribeKey } from '../wire/decode/values.ts';

export const tags = ['operator'];
/** Schemas of the error replies. */
export const failures = { 400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure };

export const TenantName = Type.String({ description: 'presence/<subscribe key>', pattern: '^presence/.' });

const prefix = 'presence/';

/** Runs an action; a vendor's error becomes a refusal with status 400 and its message. */
export async function refusing<T>(action: () => Promise<T> | T): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof VendorError) throw new OperatorRefusal(400, error.message);
    throw error;
  }
}

/** Returns the tenant that a request names. Throws the vendor's error for a key that cannot be one. */
export function checkTenant(name: string): Tenant {
  parseSubscribeKey(encodeURIComponent(name.slice(prefix.length)));
  return name;
}

/** Returns the subscribe key of a tenant. */
export const subscribeKeyOf = (tenant: Tenant): string => tenant.slice(prefix.length);
