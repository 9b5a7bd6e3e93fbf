/** What tenants may hold more, as `shared/bytes.lua` decides it. */
import { TenantFull } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { serverSpace } from '../server-space.ts';
import type { State } from './state.ts';

interface Addition {
  readonly tenant: Tenant;
  readonly bytes: number;
  /** True: as far as the tenant's own bytes go. */
  readonly isExempt?: boolean | undefined;
}

/** Returns why a tenant may not hold so many bytes more; undefined if it may. */
export function refusalOf(
  { maxTenantBytes, maxTenants, tenants }: State,
  { tenant, bytes, isExempt = false }: Addition,
): TenantFull | undefined {
  if (bytes <= 0) return undefined;
  const held = tenants.get(tenant)?.bytes;
  if (held === undefined && tenants.size >= maxTenants && !tenant.startsWith(serverSpace))
    return new TenantFull(tenant, 'MAX_TENANTS');
  if (!isExempt && (held ?? 0) + bytes > maxTenantBytes) return new TenantFull(tenant);
  return undefined;
}
