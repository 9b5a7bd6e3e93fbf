/** The store over a driver: commands coalesced, topics waited for, what is due swept. Written once for all drivers. */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Ask, Driver, Store, TenantEvent } from '../store.ts';
import { coalesce } from './coalesce.ts';
import { startSweeper, sweepBudget } from './sweeper.ts';
import { makeWaiters } from './waiters.ts';

export interface StoreOptions {
  readonly sweepIntervalMs?: number;
  /** A sweep failed; it is tried again by itself. */
  readonly onSweepError?: (error: Error) => void;
  /** For metrics: a batch was answered or failed, after so many ms. */
  readonly onBatch?: (size: number, failed: boolean, durationMs: number) => void;
}

/** How long other nodes leave due leases alone while one advances the clock; past it they go on by themselves, ms. */
const claimMs = 5_000;
/** How long the driver is asked to tell of appends; asked again when half of it is over, ms. */
const attendMs = 60_000;
/** Waiters look again this often even if nobody wakes them: a lost notification costs at most so much, ms. */
const recheckMs = 10_000;

/** Takes the driver over: closing the store closes it. */
export function createStore(driver: Driver, options: StoreOptions = {}): Store {
  const owner = randomUUID();
  const observers = new Set<(event: TenantEvent) => void>();
  const waiters = makeWaiters();
  let closed = false;

  const tellObservers = (events: readonly TenantEvent[]): void => {
    for (const event of events) for (const observer of observers) observer(event);
  };
  const { ask, askOnce, drain } = coalesce(driver, {
    onEvents: tellObservers,
    monotonicMs: () => performance.now(),
    ...(options.onBatch === undefined
      ? {}
      : {
          onBatch: (size: number, failed: boolean, startedMs: number) =>
            options.onBatch?.(size, failed, performance.now() - startedMs),
        }),
  });
  const sweeper = startSweeper(driver, {
    owner,
    intervalMs: options.sweepIntervalMs ?? 10,
    onExpired: tellObservers,
    onError: (error) => options.onSweepError?.(error),
  });
  driver.onAppend((tenant, topic) => waiters.wake(tenant, topic));

  const attendedUntilMs = new Map<number, number>();
  const attend = async (partition: number): Promise<void> => {
    const nowMs = performance.now();
    if ((attendedUntilMs.get(partition) ?? 0) - nowMs > attendMs / 2) return;
    await driver.attend(partition, attendMs);
    attendedUntilMs.set(partition, nowMs + attendMs);
  };
  driver.onGap(() => {
    attendedUntilMs.clear();
    waiters.wakeAll();
  });

  const everyPartition = <T>(step: (partition: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: driver.partitions }, (_, partition) => step(partition)));

  const store: Store = {
    description: driver.description,
    beat(beat) {
      const ttlMs = beat.ttlMs ?? beat.defaultTtlMs;
      if (ttlMs !== undefined) sweeper.hint(driver.partitionOf(beat.tenant), ttlMs);
      return ask('beat', beat);
    },
    release: (release) => ask('release', release),
    setData: (change) => ask('setData', change),
    read: (name) => ask('read', name),
    members: (page) => ask('members', page),
    count: (groups) => ask('count', groups),
    groups: (page) => ask('groups', page),
    groupsOf: (holder) => ask('groupsOf', holder),
    readDocuments: (documents) => ask('readDocuments', documents),
    listDocuments: (collection) => ask('listDocuments', collection),
    commit: (commit) => ask('commit', commit),
    // Those who waited for the same ask the same: a message to ten thousand is read once.
    readTopics: (read) => askOnce('readTopics', read, keyOf(read)),
    topicBounds: (topics) => ask('topicBounds', topics),
    now: (tenant) => ask('now', tenant),
    drop: (tenant) => ask('drop', tenant),

    async wait({ tenant, topics, timeoutMs, signal }) {
      const isNew = async (): Promise<boolean> =>
        (await store.readTopics({ tenant, topics, limit: 1 })).length > 0;
      const names = topics.map(({ topic }) => topic);
      const endMs = performance.now() + timeoutMs;
      for (;;) {
        const { promise: woken, resolve: wake } = Promise.withResolvers<'appended' | 'over'>();
        const leftMs = endMs - performance.now();
        if (closed || signal?.aborted === true || leftMs <= 0) return false;
        await attend(driver.partitionOf(tenant));
        // Registered before looking: what is appended in between wakes us.
        const remove = waiters.add(tenant, names, () => wake('appended'));
        const onAbort = (): void => wake('over');
        signal?.addEventListener('abort', onAbort, { once: true });
        const timer = setTimeout(() => wake('over'), Math.min(leftMs, recheckMs));
        try {
          if (await isNew()) return true;
          // Once woken, the caller reads anyway: looking here too would double the cost of a fan-out.
          if ((await woken) === 'appended' && !closed) return true;
        } finally {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          remove();
        }
      }
    },

    async tenants() {
      return (await everyPartition((partition) => driver.tenants(partition))).flat();
    },
    observe(listener) {
      observers.add(listener);
      return () => observers.delete(listener);
    },
    async readClock() {
      const readings = await everyPartition((partition) => driver.readClock(partition));
      return readings.reduce((behind, reading) => (reading.leaseMs < behind.leaseMs ? reading : behind));
    },
    async advanceClock(advanceMs) {
      const fired: TenantEvent[] = [];
      const observer = (event: TenantEvent): void => {
        if (event.type === 'expired') fired.push(event);
      };
      observers.add(observer);
      try {
        await everyPartition(async (partition) => {
          // Other nodes would take a part of what fires, and the answer would lack it.
          await driver.claimSweep(partition, owner, claimMs);
          await driver.setClock(partition, { advanceMs });
          for (let more = true; more; ) {
            const swept = await driver.sweep(partition, owner, sweepBudget);
            tellObservers(swept.expired);
            more = swept.more;
            if (more) await setImmediate();
          }
          await driver.claimSweep(partition, owner, 0);
        });
      } finally {
        observers.delete(observer);
      }
      return fired;
    },
    async freezeClock(frozen) {
      await everyPartition((partition) => driver.setClock(partition, { frozen }));
    },
    ping: () => driver.ping(),
    async close() {
      if (closed) return;
      closed = true;
      waiters.wakeAll();
      await sweeper.stop();
      await drain();
      await driver.close();
    },
  };
  return store;
}

function keyOf({ tenant, topics, limit, maxBytes }: Ask<'readTopics'>): string {
  let key = `${tenant.length} ${tenant} ${limit} ${maxBytes}`;
  for (const { topic, after } of topics) key += `\n${topic.length} ${after} ${topic}`;
  return key;
}
