/** What leases cost a Redis, without an append-only file: its memory by kind of key, and its CPU time. Starts are wall time. */
import { Redis } from 'ioredis';
import type { Driver } from '../../src/store/driver.ts';
import { countEvents } from '../../src/store/event-runs.ts';
import { openRedisDriver } from '../../src/store/redis/driver.ts';
import { createStore } from '../../src/store/runtime/create-store.ts';
import type { TenantEvent } from '../../src/store/store.ts';
import { startRedis } from '../../test/redis-server.ts';
import { bytesByKind, redisCpuMicros, redisMemory } from '../shared/redis-stats.ts';
import { quantile } from '../shared/results.ts';
import {
  idleSweeps,
  leaseMs,
  renewals,
  renewedNumber,
  run,
  type ScaleMeasured,
  type ScaleSamples,
  type Shape,
  stepsPerProcess,
  warmUpFrom,
} from './leases.ts';

const timeoutMs = 60_000;
const grantBatch = 250;
const renewalBatch = 32;

type Expiries = Pick<ScaleSamples, 'expiryMicros' | 'allExpiredMs' | 'longestSweepMs'>;

async function forEachPartition(
  driver: Driver,
  step: (partition: number) => Promise<unknown>,
): Promise<void> {
  for (let partition = 0; partition < driver.partitions; partition += 1) await step(partition);
}

/** Expires all leases at once, as one node does it, a sweep after the other. */
async function expireAll(driver: Driver, redis: Redis): Promise<Expiries> {
  let expired = 0;
  let longestMs = 0;
  await forEachPartition(driver, (partition) =>
    driver.setClock(partition, { advanceMs: leaseMs, frozen: false }),
  );
  const startedMs = performance.now();
  const micros = await redisCpuMicros(redis, () =>
    forEachPartition(driver, async (partition) => {
      for (let more = true; more; ) {
        const before = performance.now();
        const swept = await driver.sweep(partition, 'bench', driver.sweepSize);
        longestMs = Math.max(longestMs, performance.now() - before);
        expired += countEvents(swept.expired);
        more = swept.more;
      }
    }),
  );
  return {
    ...{ expiryMicros: [micros / expired], allExpiredMs: [performance.now() - startedMs] },
    longestSweepMs: [longestMs],
  };
}

async function fill(driver: Driver, shape: Shape): Promise<void> {
  // All leases get the same deadline.
  await forEachPartition(driver, (partition) => driver.setClock(partition, { frozen: true }));
  await run(driver, shape, { count: shape.leases, batch: grantBatch, numberOf: (at) => at });
}

/** Measures a Redis that it starts. */
export async function measureRedis(shape: Shape): Promise<ScaleMeasured> {
  const { leases } = shape;
  const server = await startRedis();
  let redis = new Redis(server.port, '127.0.0.1');
  let driver = await openRedisDriver({ url: server.url, timeoutMs });
  await run(driver, shape, { count: 5_000, batch: renewalBatch, numberOf: (at) => warmUpFrom + at });
  await redis.flushall();
  const before = await redisMemory(redis);
  const filled = await redisCpuMicros(redis, () => fill(driver, shape));
  const bytesPerLease = [((await redisMemory(redis)) - before) / leases];
  const kinds = [...(await bytesByKind(redis))].sort(([, a], [, b]) => b - a);
  const renewalMicros: number[] = [];
  const idleSweepMicros: number[] = [];
  for (let step = 0; step < stepsPerProcess; step += 1) {
    const numberOf = renewedNumber(leases);
    const renewed = await redisCpuMicros(redis, () =>
      run(driver, shape, { count: renewals, batch: renewalBatch, numberOf }),
    );
    renewalMicros.push(renewed / renewals);
    const idle = await redisCpuMicros(redis, async () => {
      for (let at = 0; at < idleSweeps; at += 1)
        await driver.sweep(at % driver.partitions, 'bench', driver.sweepSize);
    });
    idleSweepMicros.push(idle / idleSweeps);
  }
  await driver.close();
  // Written without a fork, and read by the next start.
  await redis.save();
  redis.disconnect();
  await server.kill();
  const storeStartMs = await wallMs(() => server.start());
  redis = new Redis(server.port, '127.0.0.1');
  const startMs = await wallMs(async () => {
    driver = await openRedisDriver({ url: server.url, timeoutMs });
    await forEachPartition(driver, (partition) => driver.sweep(partition, 'bench', driver.sweepSize));
  });
  const expiries = await expireAll(driver, redis);
  await driver.close();
  redis.disconnect();
  await server.stop();
  const starts = { startMs: [startMs], storeStartMs: [storeStartMs] };
  return {
    samples: {
      ...{ bytesPerLease, renewalMicros, idleSweepMicros, fillMicros: [filled / leases] },
      ...{ ...starts, ...expiries },
    },
    byKind: Object.fromEntries(kinds.map(([kind, bytes]) => [kind, bytes / leases])),
  };
}

async function wallMs(step: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await step();
  return performance.now() - before;
}

/** What nodes that sweep one Redis cost it. */
export interface SweepersMeasured {
  /** CPU time of Redis while nothing is due, ms a second. */
  readonly idleMsPerSecond: number;
  readonly latenessP50Ms: number;
  readonly latenessP99Ms: number;
}

const idleMs = 3_000;
const dueInMs = 1_000;
const longestWaitMs = 120_000;

/** Measures nodes that sweep the same leases: while nothing is due, and when all of them end in the same millisecond. */
export async function measureSweepers(nodes: number, shape: Shape): Promise<SweepersMeasured> {
  const server = await startRedis();
  const redis = new Redis(server.port, '127.0.0.1');
  const driver = await openRedisDriver({ url: server.url, timeoutMs });
  await fill(driver, shape);
  const late: number[] = [];
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  const observe = ({ type, lateMs }: TenantEvent): void => {
    if (type !== 'expired') return;
    late.push(lateMs);
    if (late.length === shape.leases) resolve();
  };
  const stores = await Promise.all(
    Array.from({ length: nodes }, async () => {
      const store = createStore(await openRedisDriver({ url: server.url, timeoutMs }), {
        onSweepError: (error) => console.error(`a sweep failed: ${error.message}`),
      });
      store.observe(observe);
      return store;
    }),
  );
  const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));
  await wait(dueInMs);
  const idle = await redisCpuMicros(redis, () => wait(idleMs));
  await forEachPartition(driver, (partition) =>
    driver.setClock(partition, { advanceMs: leaseMs - dueInMs, frozen: false }),
  );
  const timer = setTimeout(
    () => reject(new Error(`${late.length} of ${shape.leases} leases have expired`)),
    longestWaitMs,
  );
  await done;
  clearTimeout(timer);
  await Promise.all(stores.map((store) => store.close()));
  await driver.close();
  redis.disconnect();
  await server.stop();
  return {
    idleMsPerSecond: idle / idleMs,
    ...{ latenessP50Ms: quantile(late, 0.5), latenessP99Ms: quantile(late, 0.99) },
  };
}
