/**
 * Commands of one turn of the event loop reach the driver as one batch per partition: one script call in Redis, one
 * transaction in the embedded store.
 */
import type { Command, CommandName, Input, Result } from '../commands.ts';
import { type Driver, type Outcome, StoreUnavailable, TenantFull } from '../driver.ts';
import type { TenantEvent } from '../leases.ts';

/** Maximum size of a batch: it keeps one script call near a millisecond, for other clients of Redis wait as long. */
export const maxBatch = 256;

/** For how many turns of the event loop a batch is collected at most, over a store in another process. */
const maxTurns = 4;

/** A command whose caller waits for its result. */
type PendingCommand = Command & {
  resolve(result: Result<CommandName>): void;
  reject(error: Error): void;
};

export interface Coalescer {
  /** Resolves with the result; rejects with the command's own error, or with StoreUnavailable if the batch failed. */
  run<N extends CommandName>(name: N, input: Input<N>): Promise<Result<N>>;
  /** Runs a command that changes nothing; one with the same key that has not been sent yet is sent only once. */
  runShared<N extends CommandName>(name: N, input: Input<N>, key: string): Promise<Result<N>>;
  /** Resolves when every command has its result. */
  drain(): Promise<void>;
}

export interface BatchReport {
  readonly size: number;
  /** True if the store could not be reached for the batch or for a part of it. */
  readonly failed: boolean;
  readonly startedMs: number;
}

export interface CoalesceOptions {
  readonly onEvents: (events: readonly TenantEvent[]) => void;
  /** Called for each command that was refused because its tenant may hold no more. */
  readonly onTenantFull?: (error: TenantFull) => void;
  /** Called after every batch. */
  readonly onBatch?: (report: BatchReport) => void;
  /** Measures the latency of batches, ms. */
  readonly monotonicMs: () => number;
}

/** Returns the queue of commands in front of a driver. */
export function coalesce(driver: Driver, options: CoalesceOptions): Coalescer {
  let queues = new Map<number, PendingCommand[]>();
  /** Commands that may be shared, until they are sent. */
  const shared = new Map<string, Promise<unknown>>();
  const running = new Set<Promise<void>>();
  const isRemote = driver.earlyFlushSize !== Number.POSITIVE_INFINITY;

  let issued = 0;
  // Over a store in another process, requests that are read in the next turns join the batch, while each turn has some.
  const afterReading = (then: () => void, turn = 1, issuedBefore = 0): void => {
    setImmediate(() => {
      const isLast = turn >= 2 && issued === issuedBefore;
      if (!isRemote || isLast || turn >= maxTurns) then();
      else afterReading(then, turn + 1, issued);
    });
  };

  const start = (partition: number, batch: readonly PendingCommand[]): void => {
    shared.clear();
    const run = runBatch(driver, options, partition, batch);
    running.add(run);
    run.finally(() => running.delete(run));
  };

  const flush = (): void => {
    const ready = queues;
    queues = new Map();
    for (const [partition, queue] of ready) {
      for (let from = 0; from < queue.length; from += maxBatch) {
        start(partition, queue.length <= maxBatch ? queue : queue.slice(from, from + maxBatch));
      }
    }
  };

  const run = <N extends CommandName>(name: N, input: Input<N>): Promise<Result<N>> =>
    new Promise((resolve, reject) => {
      issued += 1;
      // A command and its result share a name, which the union of all commands cannot express.
      const pending = { name, input, resolve, reject } as unknown as PendingCommand;
      const partition = driver.partitionOf(input.tenant);
      // After the poll phase, when the queue holds every request that was read in this turn.
      if (queues.size === 0) afterReading(flush);
      const queue = queues.get(partition);
      if (queue === undefined) queues.set(partition, [pending]);
      else if (queue.push(pending) >= driver.earlyFlushSize) {
        queues.set(partition, []);
        start(partition, queue);
      }
    });

  return {
    run,
    runShared<N extends CommandName>(name: N, input: Input<N>, key: string) {
      const known = shared.get(key) as Promise<Result<N>> | undefined;
      if (known !== undefined) return known;
      const result = run(name, input);
      shared.set(key, result);
      return result;
    },
    async drain() {
      while (queues.size > 0 || running.size > 0) {
        flush();
        await Promise.all(running);
      }
    },
  };
}

async function runBatch(
  driver: Driver,
  { onEvents, onTenantFull, onBatch, monotonicMs }: CoalesceOptions,
  partition: number,
  batch: readonly PendingCommand[],
): Promise<void> {
  const startedMs = monotonicMs();
  let outcomes: Outcome[];
  try {
    outcomes = await driver.execute(partition, batch);
  } catch (error) {
    onBatch?.({ size: batch.length, failed: true, startedMs });
    for (const pending of batch) pending.reject(error as Error);
    return;
  }
  let isAway = false;
  for (let at = 0; at < batch.length; at += 1) {
    const pending = batch[at];
    const outcome = outcomes[at];
    if (outcome === undefined) pending?.reject(new Error('the driver returned no outcome for a command'));
    else if ('error' in outcome) {
      if (outcome.events !== undefined && outcome.events.length > 0) onEvents(outcome.events);
      // A driver may run a batch in parts, of which one fails because the store is away.
      if (outcome.error instanceof TenantFull) onTenantFull?.(outcome.error);
      else if (outcome.error instanceof StoreUnavailable) isAway = true;
      pending?.reject(outcome.error);
    } else {
      if (outcome.events !== undefined && outcome.events.length > 0) onEvents(outcome.events);
      pending?.resolve(outcome.result);
    }
  }
  onBatch?.({ size: batch.length, failed: isAway, startedMs });
}
