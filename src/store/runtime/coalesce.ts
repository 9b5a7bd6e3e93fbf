/**
 * Commands that arrive in the same turn of the event loop reach the driver as one batch per partition: one script call
 * in Redis, one transaction in the embedded store.
 */
import {
  type Answer,
  type Ask,
  type Command,
  type CommandName,
  type Driver,
  type Outcome,
  StoreUnavailable,
  type TenantEvent,
} from '../store.ts';

/** Keeps one script call near a millisecond, so that nobody else in Redis waits longer. */
export const maxBatch = 256;

/** A command, and who asked it. */
type Waiting = Command & {
  resolve(answer: Answer<CommandName>): void;
  reject(error: Error): void;
};

export interface Coalescer {
  /** Answers the command; rejects with its own error, or with StoreUnavailable if the batch could not be run. */
  ask<N extends CommandName>(name: N, ask: Ask<N>): Promise<Answer<N>>;
  /** The same for a command that changes nothing: one that is asked again before it was sent is sent once. */
  askOnce<N extends CommandName>(name: N, ask: Ask<N>, key: string): Promise<Answer<N>>;
  /** Resolves when everything that was asked has been answered. */
  drain(): Promise<void>;
}

export interface CoalesceOptions {
  readonly onEvents: (events: readonly TenantEvent[]) => void;
  /** Called for every batch that was answered or failed. */
  readonly onBatch?: (size: number, failed: boolean, startedMs: number) => void;
  /** For the latency of batches only, ms. */
  readonly monotonicMs: () => number;
}

export function coalesce(driver: Driver, options: CoalesceOptions): Coalescer {
  let queues = new Map<number, Waiting[]>();
  /** Of commands that are not sent yet. */
  const shared = new Map<string, Promise<unknown>>();
  const running = new Set<Promise<void>>();

  const run = async (partition: number, batch: readonly Waiting[]): Promise<void> => {
    const startedMs = options.monotonicMs();
    let outcomes: Outcome[];
    try {
      outcomes = await driver.execute(partition, batch);
    } catch (error) {
      options.onBatch?.(batch.length, true, startedMs);
      for (const waiting of batch) waiting.reject(error as Error);
      return;
    }
    let isAway = false;
    for (let at = 0; at < batch.length; at += 1) {
      const waiting = batch[at];
      const outcome = outcomes[at];
      if (outcome === undefined) waiting?.reject(new Error('the driver left a command unanswered'));
      else if ('error' in outcome) {
        // A driver that runs a batch in parts answers each part by itself: the store may be away for one of them.
        if (outcome.error instanceof StoreUnavailable) isAway = true;
        waiting?.reject(outcome.error);
      } else {
        if (outcome.events !== undefined && outcome.events.length > 0) options.onEvents(outcome.events);
        waiting?.resolve(outcome.answer);
      }
    }
    options.onBatch?.(batch.length, isAway, startedMs);
  };

  // Where a batch is a journey, whoever comes while this turn's requests are read joins it.
  const afterReading = (then: () => void): void => {
    if (driver.eagerBatch === Number.POSITIVE_INFINITY) setImmediate(then);
    else setImmediate(() => setImmediate(then));
  };

  const start = (partition: number, batch: readonly Waiting[]): void => {
    shared.clear();
    const under = run(partition, batch);
    running.add(under);
    under.finally(() => running.delete(under));
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

  const ask = <N extends CommandName>(name: N, ask: Ask<N>): Promise<Answer<N>> =>
    new Promise((resolve, reject) => {
      // A command and its answer share a name, which the union of all commands cannot express.
      const waiting = { name, ask, resolve, reject } as unknown as Waiting;
      const partition = driver.partitionOf(ask.tenant);
      // After the poll phase: every request that was read in this turn is then in the queue.
      if (queues.size === 0) afterReading(flush);
      const queue = queues.get(partition);
      if (queue === undefined) queues.set(partition, [waiting]);
      else if (queue.push(waiting) >= driver.eagerBatch) {
        queues.set(partition, []);
        start(partition, queue);
      }
    });

  return {
    ask,
    askOnce<N extends CommandName>(name: N, command: Ask<N>, key: string) {
      const known = shared.get(key) as Promise<Answer<N>> | undefined;
      if (known !== undefined) return known;
      const asked = ask(name, command);
      shared.set(key, asked);
      return asked;
    },
    async drain() {
      while (queues.size > 0 || running.size > 0) {
        flush();
        await Promise.all(running);
      }
    },
  };
}
