/** A Redis for the tests of one suite, with what they do beside the server under test. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { openRedisDriver } from '../src/store/redis/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import type { Store } from '../src/store/store.ts';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.ts';

export interface SuiteRedis {
  readonly server: RedisServer;
  readonly url: string;
  /** A client of the tests, to look at and change what the server under test has written. */
  readonly client: Redis;
  /** Opens a store over it, which the test closes. `timeoutMs`: 5 s by default. */
  openStore(options?: Partial<Parameters<typeof openRedisDriver>[0]>): Promise<Store>;
}

/** Registers the hooks that start a Redis before the tests of the suite that calls it, and stop it after them. */
export function suiteRedis(options: RedisServerOptions = {}): SuiteRedis {
  let server: RedisServer;
  let client: Redis | undefined;
  beforeAll(async () => {
    server = await startRedis(options);
  });
  afterAll(async () => {
    client?.disconnect();
    client = undefined;
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get url() {
      return server.url;
    },
    get client() {
      client ??= new Redis(server.port, '127.0.0.1');
      return client;
    },
    openStore: async (driverOptions = {}) =>
      createStore(await openRedisDriver({ url: server.url, timeoutMs: 5_000, ...driverOptions })),
  };
}
