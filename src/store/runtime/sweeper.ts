/**
 * Sweeps each partition when something in it may be due, without delaying requests, and ticks its lease clock at least
 * twice a second. Several nodes may do so at once: each expiry is reported by one of them.
 *
 * The timers are real ones: they decide when to sweep. What has expired is decided by the lease clock alone.
 */
import type { Driver, Sweep } from '../driver.ts';

/** Interval of ticks, ms; well below the maximum step of the lease clock. */
const tickMs = 500;

export interface Sweeper {
  /** Reports that something in the partition may be due in `inMs`, which may be earlier than the next sweep. */
  hint(partition: number, inMs: number): void;
  /** Starts no more sweeps. Resolves when those in progress are done. */
  stop(): Promise<void>;
}

export interface SweeperOptions {
  readonly owner: string;
  /** Minimum interval between two sweeps of a partition with nothing due, ms. */
  readonly intervalMs: number;
  readonly onSweep: (partition: number, sweep: Sweep) => void;
  readonly onError: (error: Error) => void;
}

interface PartitionSweep {
  /** When it is swept next, on the monotonic clock. */
  atMs: number;
  running: Promise<void> | undefined;
}

/** Sweeps at once and from then on until it is stopped. */
export function startSweeper(driver: Driver, options: SweeperOptions): Sweeper {
  const partitions = Array.from(
    { length: driver.partitions },
    (): PartitionSweep => ({ atMs: 0, running: undefined }),
  );
  let timer: NodeJS.Timeout | undefined;
  let timerAtMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  const arm = (atMs: number): void => {
    if (stopped || atMs >= timerAtMs) return;
    clearTimeout(timer);
    timerAtMs = atMs;
    timer = setTimeout(sweepDue, Math.max(0, atMs - performance.now()));
  };

  const sweepDue = (): void => {
    timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [partition, state] of partitions.entries()) {
      if (state.running !== undefined) continue;
      if (state.atMs <= nowMs) state.running = sweep(partition, state);
      else nextMs = Math.min(nextMs, state.atMs);
    }
    if (nextMs !== Number.POSITIVE_INFINITY) arm(nextMs);
  };

  const sweep = async (partition: number, state: PartitionSweep): Promise<void> => {
    let pauseMs = tickMs;
    // Set before the call: a hint during the call must not be lost.
    state.atMs = Number.POSITIVE_INFINITY;
    try {
      const swept = await driver.sweep(partition, options.owner, driver.sweepSize);
      options.onSweep(partition, swept);
      if (swept.more) pauseMs = 0;
      else pauseMs = Math.min(tickMs, Math.max(swept.nextInMs ?? tickMs, options.intervalMs));
    } catch (error) {
      options.onError(error as Error);
    }
    if (pauseMs === 0 && !stopped) {
      // More is due: sweep again, after the requests that arrived in the meantime. They are read in the next turn of the event loop, and
      // their batch runs at its end: behind a sweep in the same turn they would wait for two.
      const again = (): void => {
        state.running = stopped ? undefined : sweep(partition, state);
      };
      setImmediate(() => setImmediate(again));
      return;
    }
    state.running = undefined;
    state.atMs = Math.min(state.atMs, performance.now() + pauseMs);
    arm(state.atMs);
  };

  sweepDue();
  return {
    hint(partition, inMs) {
      // The next tick is early enough for everything else.
      if (inMs >= tickMs) return;
      const state = partitions[partition];
      if (state === undefined) return;
      const atMs = performance.now() + Math.max(inMs, options.intervalMs);
      if (atMs >= state.atMs) return;
      state.atMs = atMs;
      if (state.running === undefined) arm(atMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(partitions.map(({ running }) => running));
    },
  };
}
