/**
 * 200 000 leases that come due within one second: is any early, is any taken twice, and how late are they? Over the
 * embedded store and over a Redis that it starts. Prints figures as JSON.
 */
import { execFileSync } from 'node:child_process';
import type { Driver } from '../src/store/driver.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { openRedisDriver } from '../src/store/redis/driver.ts';
import { createStore } from '../src/store/runtime/create-store.ts';
import type { TenantEvent } from '../src/store/store.ts';
import { startRedis } from '../test/redis-server.ts';
import { median } from './load.ts';

const leases = Number(process.env.LEASES ?? 200_000);
/** Before anything counts: code that runs for the first time is not compiled yet. */
const warmUpLeases = 20_000;
const tenants = 64;
const groupsPerTenant = 3;
const firstMs = 3_000;
const spreadMs = 1_000;
const holderPrefix = 'holder-';
const ttlOf = (number: number): number => firstMs + (number % spreadMs);

export interface Lateness {
  readonly leases: number;
  readonly early: number;
  readonly twice: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
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
  late.sort((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  return { leases: late.length, early, twice, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/**
 * Medians of interleaved rounds, and all that were early or taken twice. Each in a process of its own: what one leaves
 * behind must not be collected while another is measured.
 */
export function expiries(rounds: number): Record<'embedded' | 'redis', Lateness> {
  const stores = ['embedded', 'redis'] as const;
  const measured = { embedded: [] as Lateness[], redis: [] as Lateness[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const store of stores) {
      const printed = execFileSync(process.execPath, [import.meta.filename, store], { encoding: 'utf8' });
      measured[store].push(JSON.parse(printed));
    }
  }
  const summed = (all: readonly Lateness[]): Lateness => ({
    leases,
    early: all.reduce((total, { early }) => total + early, 0),
    twice: all.reduce((total, { twice }) => total + twice, 0),
    p50Ms: median(all.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
    maxMs: median(all.map(({ maxMs }) => maxMs)),
  });
  return { embedded: summed(measured.embedded), redis: summed(measured.redis) };
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

if (import.meta.main) {
  const [store] = process.argv.slice(2);
  const measured =
    store === 'embedded'
      ? await measureWarm(openEmbeddedDriver)
      : store === 'redis'
        ? await measureRedis()
        : expiries(Number(process.env.ROUNDS ?? 3));
  console.log(JSON.stringify(measured, null, 2));
  process.exit(0);
}
