/** Settings of the lease store. */
import { integer, text } from '../settings/setting.ts';

export const storeSettings = {
  redisUrl: text(
    'REDIS_URL',
    '',
    '<url>',
    'Redis to keep leases in: redis://, rediss://, redis+sentinel://host:port[,host:port]/master or redis+cluster://host:port[,host:port]; empty: the embedded store',
  ),
  data: text('DATA', '', '<file>', 'file of the embedded store; empty: memory only, lost at exit'),
  sweepIntervalMs: integer(
    'SWEEP_INTERVAL_MS',
    10,
    { min: 1, max: 10_000 },
    'minimum interval between lease sweeps, ms',
  ),
  storeTimeoutMs: integer(
    'STORE_TIMEOUT_MS',
    2_000,
    { min: 50, max: 60_000 },
    "Redis command timeout, after which a request gets the vendor's server error, ms",
  ),
  maxTenantBytes: integer(
    'MAX_TENANT_BYTES',
    1_073_741_824,
    { min: 0, max: Number.MAX_SAFE_INTEGER },
    'maximum size of what one tenant (project, PBX, subscribe key) may keep in the store, bytes; beyond it new data is refused; 0: no limit',
  ),
  maxTenants: integer(
    'MAX_TENANTS',
    10_000,
    { min: 0, max: Number.MAX_SAFE_INTEGER },
    'maximum number of tenants that hold anything; data of further ones is refused; over a Redis Cluster up to a third more, because each partition has its own share; 0: no limit',
  ),
} as const;
