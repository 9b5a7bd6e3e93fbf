/**
 * Expires what is due, on time, without starving requests: each partition is swept when something in it may be due,
 * and ticked at least twice a second so that its clock runs. Many nodes may do so at once; each expiry is in one answer.
 *
 * These are real timers on purpose: they decide when to look, never what has expired. That is the lease clock's word.
 */
import type { Driver, Sweep, TenantEvent } from '../store.ts';

/** A clock that is ticked this often never meets its bounded step. */
const tickMs = 500;
/** Expiries taken in one call: keeps it near a millisecond, and requests come between two calls. */
export const sweepBudget = 500;

export interface Sweeper {
  /** Something in the partition may be due in so many ms: earlier than the sweeper knew. */
  hint(partition: number, inMs: number): void;
  /** Resolves when no sweep is under way any more; none starts afterwards. */
  stop(): Promise<void>;
}

export interface SweeperOptions {
  readonly owner: string;
  /** Shortest pause between two sweeps of a partition with nothing due, ms. */
  readonly intervalMs: number;
  readonly onExpired: (events: readonly TenantEvent[]) => void;
  readonly onError: (error: Error) => void;
}

export function startSweeper(driver: Driver, options: SweeperOptions): Sweeper {
  const partitions = Array.from({ length: driver.partitions }, () => ({
    atMs: 0,
    busy: undefined as Promise<void> | undefined,
  }));
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  const arm = (atMs: number): void => {
    if (stopped || atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(run, Math.max(0, atMs - performance.now()));
  };

  const run = (): void => {
    timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [partition, slot] of partitions.entries()) {
      if (slot.busy !== undefined) continue;
      if (slot.atMs <= nowMs) slot.busy = sweep(partition, slot);
      else nextMs = Math.min(nextMs, slot.atMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) arm(nextMs);
  };

  const sweep = async (partition: number, slot: (typeof partitions)[number]): Promise<void> => {
    let pauseMs = tickMs;
    // Set before the call: a hint that comes while it runs must not be lost.
    slot.atMs = Number.POSITIVE_INFINITY;
    try {
      const swept: Sweep = await driver.sweep(partition, options.owner, sweepBudget);
      if (swept.expired.length > 0) options.onExpired(swept.expired);
      if (swept.more) pauseMs = 0;
      else pauseMs = Math.min(tickMs, Math.max(swept.nextInMs ?? tickMs, options.intervalMs));
    } catch (error) {
      options.onError(error as Error);
    }
    if (pauseMs === 0 && !stopped) {
      // More is due: at once, but for the requests that came in the meantime.
      setImmediate(() => {
        slot.busy = stopped ? undefined : sweep(partition, slot);
      });
      return;
    }
    slot.busy = undefined;
    slot.atMs = Math.min(slot.atMs, performance.now() + pauseMs);
    arm(slot.atMs);
  };

  run();
  return {
    hint(partition, inMs) {
      // The next tick asks the driver in time for everything else.
      if (inMs >= tickMs) return;
      const slot = partitions[partition];
      if (slot === undefined) return;
      const atMs = performance.now() + Math.max(inMs, options.intervalMs);
      if (atMs >= slot.atMs) return;
      slot.atMs = atMs;
      if (slot.busy === undefined) arm(atMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(partitions.map(({ busy }) => busy));
    },
  };
}
