/** The store that the settings ask for. */
import type { Log } from '../settings/log.ts';
import { SettingError, type SettingsOf } from '../settings/setting.ts';
import type { Driver } from './driver.ts';
import { openEmbeddedDriver } from './embedded/driver.ts';
import { FileUnusable } from './embedded/file/database.ts';
import { RedisUrlError } from './redis/connect.ts';
import { openRedisDriver } from './redis/driver.ts';
import { createStore, type StoreOptions } from './runtime/create-store.ts';
import type { storeSettings } from './settings.ts';
import type { Store } from './store.ts';

export type StoreSettings = SettingsOf<typeof storeSettings>;

/** Throws SettingError for a setting that cannot be used. The caller closes the store. */
export async function openStore(config: StoreSettings, options: StoreOptions = {}): Promise<Store> {
  return createStore(await openDriver(config, options.log), {
    sweepIntervalMs: config.sweepIntervalMs,
    ...options,
  });
}

async function openDriver(
  config: Pick<StoreSettings, 'redisUrl' | 'data' | 'storeTimeoutMs'>,
  log?: Log,
): Promise<Driver> {
  try {
    if (config.redisUrl === '') return openEmbeddedDriver({ path: config.data });
    const options = { url: config.redisUrl, timeoutMs: config.storeTimeoutMs };
    return await openRedisDriver(log === undefined ? options : { ...options, log });
  } catch (error) {
    if (error instanceof FileUnusable) throw new SettingError(`DATA: ${error.message}`);
    if (error instanceof RedisUrlError) throw new SettingError(`REDIS_URL: ${error.message}`);
    throw error;
  }
}
