/** The store over a driver: commands in batches, waits for topics, sweeping. Written once for all drivers. */
import { randomUUID } from 'node:crypto';
import { type Log, silentLog } from '../../settings/log.ts';
import type { CommandName, Input } from '../commands.ts';
import type { Driver } from '../driver.ts';
import { checkDump } from '../dumps.ts';
import { runsOf } from '../event-runs.ts';
import { serverSpace } from '../server-space.ts';
import type { Store } from '../store.ts';
import { clockMethods, everyPartition } from './clock-methods.ts';
import { type Coalescer, coalesce } from './coalesce.ts';
import { logSweep } from './event-log.ts';
import { makeObservers } from './observers.ts';
import { makeRenewals } from './renewals.ts';
import { startSweeper } from './sweeper.ts';
import { makeTenantFullLog } from './tenant-full-log.ts';
import { makeTopicWaits } from './topic-waits.ts';

export interface StoreOptions {
  readonly sweepIntervalMs?: number;
  /** Called when a sweep failed; it is retried. */
  readonly onSweepError?: (error: Error) => void;
  /** Called after every batch, for metrics: its size, whether it failed, and how long it took, ms. */
  readonly onBatch?: (size: number, failed: boolean, durationMs: number) => void;
  readonly log?: Log;
}

/** Returns a store that owns the driver: closing the store closes it. */
export function createStore(driver: Driver, options: StoreOptions = {}): Store {
  const { log = silentLog, onBatch, onSweepError } = options;
  const owner = randomUUID();
  const { publish, observe, observeRuns } = makeObservers(log);
  const renewals = makeRenewals();
  let closed = false;
  const { run, runShared, drain } = coalesce(driver, {
    onEvents: (events) => publish('command', runsOf(events)),
    onTenantFull: makeTenantFullLog(log),
    monotonicMs: () => performance.now(),
    ...(onBatch === undefined
      ? {}
      : {
          onBatch: ({ size, failed, startedMs }) => onBatch(size, failed, performance.now() - startedMs),
        }),
  });
  // Waiters of the same topics read the same: a message to ten thousand subscribers is read once.
  const readTopics: Store['readTopics'] = (input) => runShared('readTopics', input, keyOf(input));
  const waits = makeTopicWaits(driver, readTopics, log);
  const sweeper = startSweeper(driver, {
    owner,
    intervalMs: options.sweepIntervalMs ?? 10,
    onSweep: (partition, sweep) => {
      logSweep(log, partition, sweep);
      publish('sweep', sweep.expired);
    },
    onError: (error) => onSweepError?.(error),
  });

  return {
    description: driver.description,
    isShared: driver.leaseMs === undefined,
    ...commandMethods(run),
    beat(beat) {
      const ttlMs = beat.ttlMs ?? beat.defaultTtlMs;
      if (ttlMs !== undefined) sweeper.hint(driver.partitionOf(beat.tenant), ttlMs);
      return renewals.tell(beat, run('beat', beat));
    },
    readTopics,
    wait: waits.wait,
    observeResets: waits.observeResets,
    async tenants() {
      const sizes = (await everyPartition(driver, (partition) => driver.tenants(partition))).flat();
      return sizes.filter(({ tenant }) => !tenant.startsWith(serverSpace));
    },
    observe,
    observeRuns,
    observeRenewals: renewals.observeRenewals,
    knownLeaseMs: (tenant) => driver.leaseMs?.(tenant),
    ...clockMethods(driver, {
      ...{ owner, observe },
      onExpired: (runs) => publish('advance', runs),
      onMoved: waits.wakeOf,
    }),
    partitions: driver.partitions,
    partitionOf: (tenant) => driver.partitionOf(tenant),
    ping: () => driver.ping(),
    async close() {
      if (closed) return;
      closed = true;
      waits.close();
      await sweeper.stop();
      await drain();
      await driver.close();
    },
  };
}

/** Commands that are run as they are. */
function commandMethods(run: Coalescer['run']): Omit<Pick<Store, CommandName>, 'beat' | 'readTopics'> {
  return {
    release: (release) => run('release', release),
    setData: (change) => run('setData', change),
    read: (name) => run('read', name),
    members: (page) => run('members', page),
    count: (groups) => run('count', groups),
    groups: (page) => run('groups', page),
    groupsOf: (holder) => run('groupsOf', holder),
    readDocuments: (documents) => run('readDocuments', documents),
    listDocuments: (collection) => run('listDocuments', collection),
    commit: (commit) => run('commit', commit),
    watchEvents: (watch) => run('watchEvents', watch),
    topicBounds: (topics) => run('topicBounds', topics),
    now: (tenant) => run('now', tenant),
    drop: (tenant) => run('drop', tenant),
    dump: (tenant) => run('dump', tenant),
    async load(load) {
      checkDump(load.dump);
      return run('load', load);
    },
  };
}

/** Returns the key of a read that may be shared. */
function keyOf({ tenant, topics, limit, maxBytes }: Input<'readTopics'>): string {
  let key = `${tenant.length} ${tenant} ${limit} ${maxBytes}`;
  for (const { topic, after } of topics) key += `\n${topic.length} ${after} ${topic}`;
  return key;
}
