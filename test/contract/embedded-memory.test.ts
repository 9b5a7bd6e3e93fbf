import { describe } from 'vitest';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import type { Backend } from './backend.ts';
import { clockContract } from './clock-contract.ts';
import { dumpContract } from './dump-contract.ts';
import { eventWatches } from './event-watches.ts';
import { storeContract } from './store-contract.ts';
import { storeModel } from './store-model.ts';
import { tenantBytes } from './tenant-bytes.ts';
import { tenantCount } from './tenant-count.ts';

describe('the embedded store in memory', () => {
  const traits = { shared: false, survivesKill: false };
  const open = async (): Promise<Backend> => ({
    async node({ events, maxTenantBytes, maxTenants, ...options } = {}) {
      const driver = openEmbeddedDriver({
        ...{ maxTenantBytes, maxTenants },
        ...(events === undefined ? {} : { events }),
      });
      return { driver, store: createStore(driver, options) };
    },
    async stop() {},
  });

  storeContract(traits, open);
  storeContract(traits, open, { aheadMs: 5 * 3_600_000 });
  clockContract(traits, open);
  storeModel(traits, open);
  eventWatches(traits, open);
  dumpContract(traits, open);
  tenantBytes(traits, open);
  tenantCount(open);
});
