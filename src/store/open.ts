/** The store that the settings ask for. */
import { type Config, ConfigError } from '../config.ts';
import { createStore, type StoreOptions } from './create-store.ts';
import { openEmbeddedDriver } from './embedded/driver.ts';
import { FileUnusable } from './embedded/file.ts';
import type { Driver, Store } from './store.ts';

/** Throws ConfigError for a setting that cannot be used. The caller closes the store. */
export async function openStore(
  config: Pick<Config, 'redisUrl' | 'data' | 'sweepIntervalMs' | 'storeTimeoutMs'>,
  options: StoreOptions = {},
): Promise<Store> {
  return createStore(await openDriver(config), { sweepIntervalMs: config.sweepIntervalMs, ...options });
}

async function openDriver(config: Pick<Config, 'redisUrl' | 'data' | 'storeTimeoutMs'>): Promise<Driver> {
  try {
    return openEmbeddedDriver({ path: config.data });
  } catch (error) {
    if (error instanceof FileUnusable) throw new ConfigError(`DATA: ${error.message}`);
    throw error;
  }
}
