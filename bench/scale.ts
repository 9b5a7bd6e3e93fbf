/**
 * What leases cost by their number, in the embedded store: memory of a lease, CPU time of a renewal, of a sweep when nothing is due, how
 * long a start from a file takes, and how late expiries are when all leases end at once. Writes bench/results/scale.json.
 *
 * `npm run bench:scale [-- --leases 10000,100000,1000000 --group 5]`. Each number is measured in a process of its own.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Command } from '../src/store/commands.ts';
import type { Driver } from '../src/store/driver.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { machine } from './processes.ts';

const { values, positionals } = parseArgs({
  options: {
    leases: { type: 'string', default: '10000,100000,1000000' },
    group: { type: 'string', default: '5' },
  },
  allowPositionals: true,
});
const perGroup = Number(values.group);
const batchSize = 250;
const renewals = 50_000;
const idleSweeps = 2_000;

export interface ScaleRow {
  readonly store: 'memory' | 'file';
  readonly leases: number;
  readonly bytesPerLease: number;
  readonly renewalMicros: number;
  readonly idleSweepMicros: number;
  /** From the start of the process' store until it can be used; of a file only. */
  readonly startMs?: number;
  readonly expiryMicros: number;
  /** CPU time until all that ended at once were recorded: their lateness on an idle machine. */
  readonly allExpiredMs: number;
  /** CPU time of the longest sweep: how long it kept requests waiting on an idle machine. */
  readonly longestSweepMs: number;
}

export interface ScaleResult {
  readonly machine: ReturnType<typeof machine>;
  readonly leasesPerGroup: number;
  readonly rows: readonly ScaleRow[];
}

/** Names as clients choose them: a part of the target of a request, with a UUID. */
function beat(number: number): Command {
  const hex = number.toString(16).padStart(12, '0');
  const target = Buffer.from(
    `/v2/presence/sub-key/demo/channel/room-${Math.floor(number / perGroup)}/heartbeat?uuid=pn-5d8a4c1e-93b7-4f02-8d1e-${hex}&heartbeat=300`,
  ).toString('latin1');
  const holder = target.slice(target.indexOf('uuid=') + 5, target.indexOf('&'));
  const group = target.split('/')[6] ?? '';
  return {
    name: 'beat',
    input: {
      tenant: 'presence/demo',
      holder,
      groups: [{ group }],
      ttlMs: 300_000,
      grant: true,
      returning: 'state',
    },
  };
}

async function run(driver: Driver, count: number, numberOf: (at: number) => number): Promise<void> {
  for (let from = 0; from < count; from += batchSize) {
    const size = Math.min(batchSize, count - from);
    await driver.execute(
      0,
      Array.from({ length: size }, (_, at) => beat(numberOf(from + at))),
    );
  }
}

function usedBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** CPU time of a step, µs. */
async function cpuMicros(step: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await step();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Expires all leases at once, as the sweeper does it. In CPU time: other processes of the machine have no part in it. */
async function expireAll(
  driver: Driver,
): Promise<Pick<ScaleRow, 'expiryMicros' | 'allExpiredMs' | 'longestSweepMs'>> {
  let expired = 0;
  let longestMicros = 0;
  await driver.setClock(0, { advanceMs: 300_000, frozen: false });
  const micros = await cpuMicros(async () => {
    for (let more = true; more; ) {
      const before = process.threadCpuUsage();
      const swept = await driver.sweep(0, 'bench', driver.sweepSize);
      const { user, system } = process.threadCpuUsage(before);
      longestMicros = Math.max(longestMicros, user + system);
      expired += swept.expired.length;
      more = swept.more;
      if (more) await setImmediate();
    }
  });
  return {
    expiryMicros: rounded(micros / expired),
    allExpiredMs: Math.round(micros / 1_000),
    longestSweepMs: rounded(longestMicros / 1_000),
  };
}

const rounded = (number: number): number => Math.round(number * 100) / 100;

async function measure(store: ScaleRow['store'], leases: number): Promise<ScaleRow> {
  const folder = mkdtempSync(join(tmpdir(), 'heartbeatd-scale-'));
  const options = store === 'file' ? { path: join(folder, 'store.db') } : {};
  try {
    let driver = openEmbeddedDriver(options);
    // All leases get the same deadline.
    await driver.setClock(0, { frozen: true });
    // Compiled before anything counts; other leases than those that are measured.
    await run(driver, 5_000, (at) => 100_000_000 + at);
    const before = usedBytes();
    await run(driver, leases, (at) => at);
    const bytesPerLease = Math.round((usedBytes() - before) / leases);
    // All leases in an order without locality: the step is odd and no divisor of their number.
    const renewed = await cpuMicros(() => run(driver, renewals, (at) => (at * 7_919) % leases));
    // The names are made there as well, which is no part of a renewal.
    const named = await cpuMicros(async () => {
      for (let at = 0; at < renewals; at += 1) beat((at * 7_919) % leases);
    });
    const idle = await cpuMicros(async () => {
      for (let at = 0; at < idleSweeps; at += 1) await driver.sweep(0, 'bench', driver.sweepSize);
    });
    let startMs: number | undefined;
    if (store === 'file') {
      await driver.close();
      const startedMs = performance.now();
      driver = openEmbeddedDriver(options);
      startMs = Math.round(performance.now() - startedMs);
    }
    const expiries = await expireAll(driver);
    await driver.close();
    return {
      store,
      leases,
      bytesPerLease,
      renewalMicros: rounded((renewed - named) / renewals),
      idleSweepMicros: rounded(idle / idleSweeps),
      ...(startMs === undefined ? {} : { startMs }),
      ...expiries,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [store, leases] = positionals;
if (store === 'memory' || store === 'file') {
  console.log(JSON.stringify(await measure(store, Number(leases))));
} else {
  const rows: ScaleRow[] = [];
  for (const count of values.leases.split(',')) {
    for (const kind of ['memory', 'file']) {
      const args = [
        '--expose-gc',
        '--max-old-space-size=6144',
        import.meta.filename,
        '--group',
        values.group,
        kind,
        count,
      ];
      const printed = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 });
      rows.push(JSON.parse(printed));
      console.log(printed.trim());
    }
  }
  const result: ScaleResult = { machine: machine(), leasesPerGroup: perGroup, rows };
  mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
  writeFileSync(join(import.meta.dirname, 'results/scale.json'), `${JSON.stringify(result, null, 2)}\n`);
}
