import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { defaultMaxSlackMs } from '../../src/store/embedded/file/renewals.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import type { Backend } from './backend.ts';
import { clockContract } from './clock-contract.ts';
import { dumpContract } from './dump-contract.ts';
import { eventWatches } from './event-watches.ts';
import { storeContract } from './store-contract.ts';
import { storeModel } from './store-model.ts';
import { tenantBytes } from './tenant-bytes.ts';
import { tenantCount } from './tenant-count.ts';

const traits = { shared: false, survivesKill: true };

async function open(maxSlackMs: number): Promise<Backend> {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
  let generation = 0;
  const path = (): string => join(folder, `${generation}.db`);
  return {
    async node({ events, maxTenantBytes, maxTenants, ...options } = {}) {
      const retention = events === undefined ? {} : { events };
      const bounds = { maxTenantBytes, maxTenants };
      const driver = openEmbeddedDriver({ path: path(), maxSlackMs, ...bounds, ...retention });
      return { driver, store: createStore(driver, options) };
    },
    // A kill, as the next process finds it: the files as they stand now, with the first process never closing them.
    async restart() {
      const before = path();
      generation += 1;
      for (const suffix of ['', '-wal']) cpSync(before + suffix, path() + suffix);
    },
    async stop() {
      rmSync(folder, { recursive: true });
    },
  };
}

describe('the embedded store on a file', () => {
  const slackTraits = { ...traits, slackMs: defaultMaxSlackMs };
  const openSlack = (): Promise<Backend> => open(defaultMaxSlackMs);
  storeContract(slackTraits, openSlack);
  storeContract(slackTraits, openSlack, { aheadMs: 5 * 3_600_000 });
});

// The model knows each deadline exactly, also after a kill.
describe('the embedded store on a file that has every renewal', () => {
  clockContract(traits, () => open(0));
  storeModel(traits, () => open(0));
  eventWatches(traits, () => open(0));
  dumpContract(traits, () => open(0));
  tenantBytes(traits, () => open(0));
  tenantCount(() => open(0));
});
