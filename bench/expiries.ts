/**
 * 200 000 leases that come due within one second: is any early, is any taken twice, and how late are they? Over the
 * embedded store and over a Redis that it starts. Writes bench/results/expiries.json.
 *
 * `npm run bench:expiries [-- --leases 200000 --rounds 5]`
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Driver } from '../src/store/driver.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { openRedisDriver } from '../src/store/redis/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import type { TenantEvent } from '../src/store/store.ts';
import { startRedis } from '../test/redis-server.ts';
import { type Machine, machine, quantile, type Spread, spreadOf, writeResult } from './shared/results.ts';

const { values, positionals } = parseArgs({
  options: { leases: { type: 'string', default: '200000' }, rounds: { type: 'string', default: '5' } },
  allowPositionals: true,
});
const leases = Number(values.leases);
/** Before anything counts: code that runs for the first time is not compiled yet. */
const warmUpLeases = 20_000;
const tenants = 64;
const groupsPerTenant = 3;
const firstMs = 3_000;
const spreadMs = 1_000;
const holderPrefix = 'holder-';
const ttlOf = (number: number): number => firstMs + (number % spreadMs);

interface Lateness {
  readonly early: number;
  readonly twice: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ExpiriesResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly leases: number;
  readonly tenants: number;
  readonly groups: number;
  readonly rows: readonly {
    readonly store: string;
    /** Of all rounds together. */
    readonly early: number;
    readonly twice: number;
    readonly p50Ms: Spread;
    readonly p99Ms: Spread;
    readonly maxMs: Spread;
  }[];
}

/** Grants everything on a frozen clock, lets the clock run, and reads the lateness that each expiry was recorded with. */
async function measure(driver: Driver, total: number): Promise<Lateness> {
  const store = createStore(driver);
  await store.freezeClock();
  const late: number[] = [];
  const name = `bench-${total}`;
  // By the number in the holder's name: a set of names would take longer than what is measured.
  const seen = new Uint8Array(total);
  let twice = 0;
  let early = 0;
  let startedMs = Number.POSITIVE_INFINITY;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  store.observe((event: TenantEvent) => {
    if (event.type !== 'expired') return;
    const number = Number(event.holder.slice(holderPrefix.length));
    // Both clocks count whole milliseconds.
    if (performance.now() - startedMs < ttlOf(number) - 1) early += 1;
    if (seen[number] === 1) twice += 1;
    seen[number] = 1;
    late.push(event.lateMs);
    if (late.length === total) resolve();
  });
  const grant = (number: number) =>
    store.beat({
      tenant: `${name}/${number % tenants}`,
      holder: `${holderPrefix}${number}`,
      groups: [{ group: `group-${Math.floor(number / tenants) % groupsPerTenant}` }],
      ttlMs: ttlOf(number),
      grant: true,
    });
  for (let from = 0; from < total; from += 1_000) {
    await Promise.all(Array.from({ length: Math.min(1_000, total - from) }, (_, at) => grant(from + at)));
  }
  startedMs = performance.now();
  await store.thawClock();
  await done;
  await store.close();
  const at = (share: number): number => quantile(late, share);
  return { early, twice, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

const stores = ['embedded', 'redis'] as const;

/** Each round in a process of its own: what one leaves behind must not be collected while another is measured. */
function measureAll(rounds: number): ExpiriesResult['rows'] {
  const measured = { embedded: [] as Lateness[], redis: [] as Lateness[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const store of stores) {
      const args = [import.meta.filename, '--leases', values.leases, store];
      measured[store].push(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })));
    }
  }
  return stores.map((store) => {
    const all = measured[store];
    const sum = (name: 'early' | 'twice'): number => all.reduce((total, one) => total + one[name], 0);
    const spread = (name: keyof Lateness): Spread => spreadOf(all.map((one) => one[name]));
    return {
      ...{ store, early: sum('early'), twice: sum('twice') },
      ...{ p50Ms: spread('p50Ms'), p99Ms: spread('p99Ms'), maxMs: spread('maxMs') },
    };
  });
}

async function measureWarm(open: () => Driver | Promise<Driver>): Promise<Lateness> {
  await measure(await open(), warmUpLeases);
  return measure(await open(), leases);
}

async function measureRedis(): Promise<Lateness> {
  const server = await startRedis();
  try {
    return await measureWarm(() => openRedisDriver({ url: server.url, timeoutMs: 10_000 }));
  } finally {
    await server.stop();
  }
}

const [store] = positionals;
if (store === 'embedded') console.log(JSON.stringify(await measureWarm(openEmbeddedDriver)));
else if (store === 'redis') console.log(JSON.stringify(await measureRedis()));
else {
  const rounds = Number(values.rounds);
  const groups = tenants * groupsPerTenant;
  const result: ExpiriesResult = {
    machine: machine(),
    rounds,
    leases,
    tenants,
    groups,
    rows: measureAll(rounds),
  };
  writeResult('expiries', result);
  console.log(JSON.stringify(result, null, 2));
}
process.exit(0);
