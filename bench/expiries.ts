/**
 * 200 000 leases that come due within one second: is any early, is any taken twice, and how late are they? Over the
 * embedded store and over a Redis that it starts. Prints figures as JSON.
 */
import { createStore } from '../src/store/create-store.ts';
import { openEmbeddedDriver } from '../src/store/embedded/driver.ts';
import { openRedisDriver } from '../src/store/redis/driver.ts';
import type { Driver, TenantEvent } from '../src/store/store.ts';
import { startRedis } from '../test/redis-server.ts';

const total = Number(process.env.LEASES ?? 200_000);
const tenants = 64;
const groupsPerTenant = 3;
const firstMs = 3_000;
const spreadMs = 1_000;
const holderPrefix = 'holder-';

export interface Lateness {
  readonly leases: number;
  readonly early: number;
  readonly twice: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Grants everything on a frozen clock, lets the clock run, and reads the lateness that each expiry was recorded with. */
async function measure(driver: Driver): Promise<Lateness> {
  const store = createStore(driver, { sweepIntervalMs: 5 });
  await store.freezeClock(true);
  const late: number[] = [];
  // By the number in the holder's name: a set of names would take longer than what is measured.
  const seen = new Uint8Array(total);
  let twice = 0;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  store.observe((event: TenantEvent) => {
    if (event.type !== 'expired') return;
    const number = Number(event.holder.slice(holderPrefix.length));
    if (seen[number] === 1) twice += 1;
    seen[number] = 1;
    late.push(event.lateMs);
    if (late.length === total) resolve();
  });
  const grant = (number: number) =>
    store.beat({
      tenant: `bench/${number % tenants}`,
      holder: `${holderPrefix}${number}`,
      groups: [{ group: `group-${Math.floor(number / tenants) % groupsPerTenant}` }],
      ttlMs: firstMs + (number % spreadMs),
      grant: true,
    });
  for (let from = 0; from < total; from += 1_000) {
    await Promise.all(Array.from({ length: Math.min(1_000, total - from) }, (_, at) => grant(from + at)));
  }
  await store.freezeClock(false);
  await done;
  await store.close();
  late.sort((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  const early = late.filter((ms) => ms < 0).length;
  return { leases: late.length, early, twice, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

export async function expiries(): Promise<{ embedded: Lateness; redis: Lateness }> {
  const embedded = await measure(openEmbeddedDriver());
  const server = await startRedis();
  try {
    return { embedded, redis: await measure(await openRedisDriver({ url: server.url, timeoutMs: 10_000 })) };
  } finally {
    await server.stop();
  }
}

if (import.meta.main) {
  console.log(JSON.stringify(await expiries(), null, 2));
  process.exit(0);
}
