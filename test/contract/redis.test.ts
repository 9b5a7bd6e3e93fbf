import { describe } from 'vitest';
import { openRedisDriver } from '../../src/store/redis/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import { startRedis } from '../redis-server.ts';
import type { Backend } from './backend.ts';
import { clockContract } from './clock-contract.ts';
import { dumpContract } from './dump-contract.ts';
import { eventWatches } from './event-watches.ts';
import { storeContract } from './store-contract.ts';
import { storeModel } from './store-model.ts';
import { tenantBytes } from './tenant-bytes.ts';
import { tenantCount } from './tenant-count.ts';

describe('the store on Redis', () => {
  const traits = { shared: true, survivesKill: true };
  const open = async (): Promise<Backend> => {
    const server = await startRedis({ appendOnly: true });
    return {
      async node({ events, maxTenantBytes, maxTenants, ...options } = {}) {
        const driver = await openRedisDriver({
          url: server.url,
          timeoutMs: 5_000,
          ...(events === undefined ? {} : { events }),
          ...{ maxTenantBytes, maxTenants },
        });
        return { driver, store: createStore(driver, options) };
      },
      async restart() {
        await server.kill();
        await server.start();
      },
      stop: () => server.stop(),
    };
  };

  storeContract(traits, open);
  storeContract(traits, open, { aheadMs: 5 * 3_600_000 });
  clockContract(traits, open);
  storeModel(traits, open);
  eventWatches(traits, open);
  dumpContract(traits, open);
  tenantBytes(traits, open);
  tenantCount(open);
});
