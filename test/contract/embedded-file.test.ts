import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import type { Backend } from './backend.ts';
import { storeContract } from './store-contract.ts';
import { storeModel } from './store-model.ts';

describe('the embedded store on a file', () => {
  const traits = { shared: false, survivesKill: true };
  const open = async (): Promise<Backend> => {
    const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-'));
    let generation = 0;
    const path = (): string => join(folder, `${generation}.db`);
    return {
      async node({ events, ...options } = {}) {
        const driver = openEmbeddedDriver({ path: path(), ...(events === undefined ? {} : { events }) });
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
  };

  storeContract(traits, open);
  storeModel(traits, open);
});
