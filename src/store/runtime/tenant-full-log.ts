/** Log lines about tenants that may hold no more. */
import type { Log } from '../../settings/log.ts';
import type { TenantFull } from '../driver.ts';

/** Minimum interval between two log lines, ms: clients try again. */
const tenantFullLogMs = 10_000;

/** Returns a function that logs a refusal, unless one was logged shortly before. */
export function makeTenantFullLog(log: Log): (error: TenantFull) => void {
  let loggedMs = Number.NEGATIVE_INFINITY;
  return ({ tenant, bound }) => {
    if (performance.now() - loggedMs < tenantFullLogMs) return;
    loggedMs = performance.now();
    log.warn(
      { tenant },
      bound === 'MAX_TENANTS'
        ? 'store holds MAX_TENANTS tenants; refusing new ones'
        : 'tenant holds MAX_TENANT_BYTES; refusing new data',
    );
  };
}
