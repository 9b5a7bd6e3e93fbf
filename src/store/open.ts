/** Opens the store that the settings name. */
import { type Log, silentLog } from '../settings/log.ts';
import { SettingError, type SettingsOf } from '../settings/setting.ts';
import type { Driver } from './driver.ts';
import { FileUnusable } from './embedded/file/database.ts';
import { RedisUrlError } from './redis/target.ts';
import { createStore, type StoreOptions } from './runtime/create-store.ts';
import type { storeSettings } from './settings.ts';
import type { Store } from './store.ts';

export type StoreSettings = SettingsOf<typeof storeSettings>;

/** A way to keep the store. Its driver is loaded when it is chosen, so that a server without Redis does without the client of Redis. */
interface DriverKind {
  /** The setting that chooses it and that an unusable value is reported for. */
  readonly setting: string;
  isChosen(config: StoreSettings): boolean;
  open(config: StoreSettings, log: Log): Promise<Driver>;
  /** Errors of `open` that mean that the value of the setting cannot be used. */
  readonly unusable: new (
    message: string,
  ) => Error;
}

/** The first one that is chosen is opened. A further driver is one entry here, a setting, and a folder. */
const driverKinds: readonly DriverKind[] = [
  {
    setting: 'REDIS_URL',
    isChosen: ({ redisUrl }) => redisUrl !== '',
    async open({ redisUrl, storeTimeoutMs, maxTenantBytes, maxTenants }, log) {
      const { openRedisDriver } = await import('./redis/driver.ts');
      return openRedisDriver({ url: redisUrl, timeoutMs: storeTimeoutMs, maxTenantBytes, maxTenants, log });
    },
    unusable: RedisUrlError,
  },
  {
    setting: 'DATA',
    isChosen: () => true,
    async open({ data, maxTenantBytes, maxTenants }, log) {
      const { openEmbeddedDriver } = await import('./embedded/driver.ts');
      return openEmbeddedDriver({ path: data, maxTenantBytes, maxTenants, log });
    },
    unusable: FileUnusable,
  },
];

/** Opens the store. Throws SettingError for a setting that cannot be used. The caller closes the store. */
export async function openStore(config: StoreSettings, options: StoreOptions = {}): Promise<Store> {
  return createStore(await openDriver(config, options.log ?? silentLog), {
    sweepIntervalMs: config.sweepIntervalMs,
    ...options,
  });
}

async function openDriver(config: StoreSettings, log: Log): Promise<Driver> {
  const kind = driverKinds.find(({ isChosen }) => isChosen(config));
  if (kind === undefined) throw new SettingError('no store is configured');
  try {
    return await kind.open(config, log);
  } catch (error) {
    if (error instanceof kind.unusable) throw new SettingError(`${kind.setting}: ${error.message}`);
    throw error;
  }
}
