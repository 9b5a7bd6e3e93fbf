/** What leases cost in the embedded store, in memory or on a file. All but the start are CPU times. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Driver } from '../../src/store/driver.ts';
import { openEmbeddedDriver } from '../../src/store/embedded/driver.ts';
import { countEvents } from '../../src/store/event-runs.ts';
import {
  beat,
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

const batch = 250;

function usedBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** CPU time of a step, µs. */
async function cpuMicros(step: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await step();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

type Expiries = Pick<ScaleSamples, 'expiryMicros' | 'allExpiredMs' | 'longestSweepMs'>;

/** Expires all leases at once, as the sweeper does it. In CPU time: other processes of the machine have no part in it. */
async function expireAll(driver: Driver): Promise<Expiries> {
  let expired = 0;
  let longestMicros = 0;
  await driver.setClock(0, { advanceMs: leaseMs, frozen: false });
  const micros = await cpuMicros(async () => {
    for (let more = true; more; ) {
      const before = process.threadCpuUsage();
      const swept = await driver.sweep(0, 'bench', driver.sweepSize);
      const { user, system } = process.threadCpuUsage(before);
      longestMicros = Math.max(longestMicros, user + system);
      expired += countEvents(swept.expired);
      more = swept.more;
      if (more) await setImmediate();
    }
  });
  return {
    ...{ expiryMicros: [micros / expired], allExpiredMs: [micros / 1_000] },
    longestSweepMs: [longestMicros / 1_000],
  };
}

/** Measures renewals, without the making of the names, which is no part of them. */
async function renew(driver: Driver, shape: Shape): Promise<number> {
  const numberOf = renewedNumber(shape.leases);
  const renewed = await cpuMicros(() => run(driver, shape, { count: renewals, batch, numberOf }));
  const named = await cpuMicros(() => {
    for (let at = 0; at < renewals; at += 1) beat(numberOf(at), shape);
  });
  return (renewed - named) / renewals;
}

/** Measures the embedded store. The process needs `--expose-gc`. */
export async function measureEmbedded(store: 'memory' | 'file', shape: Shape): Promise<ScaleMeasured> {
  const { leases } = shape;
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-scale-'));
  const options = store === 'file' ? { path: join(folder, 'store.db') } : {};
  try {
    let driver = openEmbeddedDriver(options);
    // All leases get the same deadline.
    await driver.setClock(0, { frozen: true });
    await run(driver, shape, { count: 5_000, batch, numberOf: (at) => warmUpFrom + at });
    const before = usedBytes();
    const filled = await cpuMicros(() => run(driver, shape, { count: leases, batch, numberOf: (at) => at }));
    const bytesPerLease = [(usedBytes() - before) / leases];
    const renewalMicros: number[] = [];
    const idleSweepMicros: number[] = [];
    for (let step = 0; step < stepsPerProcess; step += 1) {
      renewalMicros.push(await renew(driver, shape));
      const idle = await cpuMicros(async () => {
        for (let at = 0; at < idleSweeps; at += 1) await driver.sweep(0, 'bench', driver.sweepSize);
      });
      idleSweepMicros.push(idle / idleSweeps);
    }
    const startMs: number[] = [];
    if (store === 'file') {
      await driver.close();
      const startedMs = performance.now();
      driver = openEmbeddedDriver(options);
      startMs.push(performance.now() - startedMs);
    }
    const expiries = await expireAll(driver);
    await driver.close();
    const fillMicros = [filled / leases];
    const costs = { bytesPerLease, renewalMicros, idleSweepMicros, fillMicros };
    return { samples: { ...costs, startMs, storeStartMs: [], ...expiries } };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
