/** Waits for entries of topics: one read at the start, then notifications of the driver. */
import { isDebugging, type Log } from '../../settings/log.ts';
import type { Driver } from '../driver.ts';
import { clockMovedTopic, tenantResetTopic } from '../limits.ts';
import type { Store, TopicWait } from '../store.ts';
import { logWake } from './event-log.ts';
import { makeWaiters } from './waiters.ts';

/** How long append notifications are requested for; requested again when half of it is over, ms. */
const watchMs = 60_000;
/** Interval at which waiters read again without a notification, ms: a lost one delays them by at most this much. */
const recheckMs = 10_000;

export interface TopicWaits {
  wait(input: TopicWait): Promise<boolean>;
  /** Has the waiters of a tenant, or all of them, look again. */
  wakeOf(tenant: string | undefined): void;
  observeResets: Store['observeResets'];
  /** Ends every wait with false, also those that begin later. */
  close(): void;
}

interface AppendWatch {
  /** Resolves when appends of a partition are notified, for some time to come. */
  watch(partition: number): Promise<void>;
  /** Notifications may have been lost, and the requests for them. */
  forget(): void;
}

function makeAppendWatch(driver: Driver): AppendWatch {
  const watchedUntilMs = new Map<number, number>();
  return {
    async watch(partition) {
      const nowMs = performance.now();
      if ((watchedUntilMs.get(partition) ?? 0) - nowMs > watchMs / 2) return;
      await driver.watchAppends(partition, watchMs);
      watchedUntilMs.set(partition, nowMs + watchMs);
    },
    forget: () => watchedUntilMs.clear(),
  };
}

/** Takes the driver's append and gap listeners. */
export function makeTopicWaits(driver: Driver, read: Store['readTopics'], log: Log): TopicWaits {
  const waiters = makeWaiters();
  const resetListeners = new Set<(tenant: string) => void>();
  const appends = makeAppendWatch(driver);
  let closed = false;

  const wakeOf = (tenant: string | undefined): void => {
    if (tenant === undefined) waiters.wakeAll();
    else waiters.wakeTenant(tenant);
  };
  driver.onAppend((tenant, topic) => {
    if (topic === tenantResetTopic) {
      for (const listener of resetListeners) listener(tenant);
      waiters.wakeTenant(tenant);
    } else if (topic !== clockMovedTopic) logWake(log, tenant, topic, waiters.wake(tenant, topic));
    // What is worth waiting for may depend on time.
    else wakeOf(tenant === '' ? undefined : tenant);
  });
  driver.onGap(() => {
    appends.forget();
    waiters.wakeInTurns();
  });

  /** Resolves with true when something is there or was appended, with undefined when it is time to look again. */
  const waitOnce = async (
    { tenant, topics, signal }: TopicWait,
    leftMs: number,
  ): Promise<true | undefined> => {
    const { promise: woken, resolve: wake } = Promise.withResolvers<'appended' | 'over'>();
    await appends.watch(driver.partitionOf(tenant));
    if (closed || signal?.aborted === true) return undefined;
    const names = topics.map(({ topic }) => topic);
    // Added before the read: an entry that is appended in between wakes it.
    const remove = waiters.add(tenant, names, () => wake('appended'));
    const onAbort = (): void => wake('over');
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(onAbort, Math.min(leftMs, recheckMs));
    try {
      if ((await read({ tenant, topics, limit: 1 })).length > 0) return true;
      // Once woken, the caller reads anyway: a read here as well would double the cost of a fan-out.
      if ((await woken) === 'appended' && !closed) return true;
      return undefined;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      remove();
    }
  };

  return {
    async wait(input) {
      const endMs = performance.now() + input.timeoutMs;
      for (;;) {
        const leftMs = endMs - performance.now();
        const isOver = closed || input.signal?.aborted === true || leftMs <= 0;
        const found = !isOver && (await waitOnce(input, leftMs)) === true;
        if (!isOver && !found) continue;
        if (isDebugging(log)) logEnd(log, input, found);
        return found;
      }
    },
    wakeOf,
    observeResets(listener) {
      resetListeners.add(listener);
      return () => resetListeners.delete(listener);
    },
    close() {
      closed = true;
      waiters.wakeAll();
    },
  };
}

function logEnd(log: Log, { tenant, topics }: TopicWait, found: boolean): void {
  log.debug({ tenant, topics: topics.map(({ topic }) => topic), found }, 'topic wait ended');
}
