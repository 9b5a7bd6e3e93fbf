/**
 * Delivery while this node holds the claim: reads the reports, knows the live tokens, and delivers from one queue for each user
 * and URL, and the retries beside them. All of its state can be read from the store, and is whenever a claim is taken.
 */
import { listDeadLetters, makeDeadLetters } from '../queues/dead-letters.ts';
import { type DeliveryQueue, skipOverflow } from '../queues/delivery-queue.ts';
import { listRetries, makeRetries } from '../queues/retries.ts';
import { reroute } from '../queues/routing.ts';
import { listQueues, writeQueue } from '../queues/stored-queue.ts';
import { makeReportWindow } from '../reports/report-window.ts';
import { listTokens } from '../tokens/token.ts';
import type { Claim } from './claim.ts';
import type { DeliveryContext, DeliverySettings } from './context.ts';
import { deliverQueue } from './deliver-queue.ts';
import { deliverRetry } from './deliver-retry.ts';
import { logDropped, logEnded } from './delivery-log.ts';

export interface SessionOptions extends DeliverySettings {
  readonly claim: Claim;
  /** Requests another pass. */
  readonly wake: () => void;
}

export interface Session {
  /**
   * Reads what is new and starts what can start. Returns false if the session is over: the claim was lost, or the store was reset.
   * Rejects with the error of a delivery that failed.
   */
  pass(): Promise<boolean>;
  /** Has the live tokens and their callbacks read again. */
  markChanged(): void;
  /** Position of the newest report that was read. */
  readonly newest: number;
  /** No report waits and no attempt is under way. */
  readonly isIdle: boolean;
  /** Number of attempts under way. */
  readonly underWay: number;
  /** Resolves when the attempts that are under way have ended. */
  ended(): Promise<void>;
  /** The reading of the lease clock at which the next attempt is due; undefined if none waits for it. */
  readonly nextMs: number | undefined;
  /** Something waits for the lease clock. */
  readonly isBackingOff: boolean;
  /** Starts no further attempt; resolves when none is under way. */
  stop(): Promise<void>;
  /**
   * Ends the session at once, since another one delivers from now on. Attempts that are under way end by themselves, and change
   * nothing: receivers that hang do not delay the next session.
   */
  abandon(): void;
}

const begun: SessionState = {
  isChanged: true,
  isWaiting: false,
  hasRun: false,
  isStopped: false,
  isAbandoned: false,
};

/** Reads the state of delivery. Rejects with StoreUnavailable. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { store } = options;
  const [stored, storedRetries, deadLetters] = await Promise.all([
    listQueues(store),
    listRetries(store),
    listDeadLetters(store),
  ]);
  const state: SessionState = { ...begun };
  const { claim } = options;
  const context: DeliveryContext = {
    ...options,
    claim: {
      commit: async (writes, appends) => !state.isAbandoned && (await claim.commit(writes, appends)),
    },
    window: makeReportWindow(store, options.queueLength),
    routes: { queues: new Map(), queueOf: new Map() },
    stored,
    retries: makeRetries(store, storedRetries),
    deadLetters: makeDeadLetters(deadLetters.keys()),
    leaseMs: async () => (await store.now({ tenant: store.tenant })).leaseMs,
    mayStart: () => !state.isStopped && !state.isAbandoned && claim.isFresh,
    isAbandoned: () => state.isAbandoned,
    markChanged() {
      state.isChanged = true;
    },
  };
  return makeSession(context, state, options);
}

interface SessionState {
  /** The live tokens, or their callbacks, are not those that were read. */
  isChanged: boolean;
  /** Some of the changes wait for an attempt to end. */
  isWaiting: boolean;
  hasRun: boolean;
  isStopped: boolean;
  isAbandoned: boolean;
  /** The error that ended a delivery. */
  failure?: Error;
}

function makeSession(
  context: DeliveryContext,
  state: SessionState,
  { claim, wake }: Pick<SessionOptions, 'claim' | 'wake'>,
): Session {
  const { window, routes, retries } = context;
  const work = trackWork(state, wake);
  return {
    async pass() {
      if (state.failure !== undefined) throw state.failure;
      if (state.isAbandoned) return false;
      if (state.isStopped) return true;
      const found = await window.read();
      if (found === 'reset') return false;
      if (found === 'more') state.isChanged = true;
      if ((state.isChanged || state.isWaiting) && !(await refreshRoutes(context, state))) return false;
      // After a reset on another node, the reports that were read are not for the tokens that were read.
      const [nowMs, isHeld] = await Promise.all([context.leaseMs(), claim.confirm()]);
      if (!isHeld || state.isAbandoned) return false;
      state.hasRun = true;
      startQueues(context, work, nowMs);
      startRetries(context, work, nowMs);
      return true;
    },
    markChanged: () => context.markChanged(),
    get newest() {
      return window.newest;
    },
    get isIdle() {
      if (!state.hasRun || state.isChanged || state.isWaiting || work.size > 0 || retries.size > 0)
        return false;
      for (const queue of routes.queues.values()) if (queue.cursor < window.newest) return false;
      return true;
    },
    get isBackingOff() {
      if (retries.size > 0) return true;
      for (const queue of routes.queues.values())
        if (queue.cursor < window.newest && !queue.isRunning) return true;
      return false;
    },
    get underWay() {
      return work.size;
    },
    ended: () => work.ended(),
    get nextMs() {
      return nextAttemptMs(context);
    },
    async stop() {
      state.isStopped = true;
      await work.ended();
    },
    abandon() {
      state.isAbandoned = true;
    },
  };
}

function startQueues(context: DeliveryContext, work: Work, nowMs: number): void {
  const { routes, window } = context;
  for (const queue of routes.queues.values()) {
    if (queue.isRunning || queue.tokens.length === 0 || queue.notBeforeMs > nowMs || !context.mayStart())
      continue;
    logDropped(context, queue, skipOverflow(queue, window));
    if (queue.cursor >= window.newest) continue;
    queue.isRunning = true;
    work.start(deliverQueue(context, queue), () => hasReports(context, queue));
  }
}

function startRetries(context: DeliveryContext, work: Work, nowMs: number): void {
  for (const retry of context.retries.values()) {
    if (retry.isRunning || retry.notBeforeMs > nowMs || !context.mayStart()) continue;
    retry.isRunning = true;
    work.start(deliverRetry(context, retry), () => false);
  }
}

function hasReports({ window }: Pick<DeliveryContext, 'window'>, { tokens, cursor }: DeliveryQueue): boolean {
  return tokens.length > 0 && cursor < window.newest;
}

/** Returns when the next attempt that waits for the lease clock is due; undefined if none waits. */
function nextAttemptMs(context: DeliveryContext): number | undefined {
  const { retries, routes } = context;
  const waiting = [
    ...[...retries.values()].filter(({ isRunning }) => !isRunning),
    ...[...routes.queues.values()].filter((queue) => !queue.isRunning && hasReports(context, queue)),
  ];
  return waiting.length === 0 ? undefined : Math.min(...waiting.map(({ notBeforeMs }) => notBeforeMs));
}

type Work = ReturnType<typeof trackWork>;

/** Keeps the deliveries that are under way, and wakes the session after one that leaves something to do. */
function trackWork(state: SessionState, wake: () => void) {
  const underWay = new Set<Promise<void>>();
  return {
    get size() {
      return underWay.size;
    },
    /** `needsPass`: asked when the delivery ended. */
    start(delivery: Promise<void>, needsPass: () => boolean): void {
      const tracked = delivery
        .catch((error: Error) => {
          // What it did may not be stored: the next session starts from what is.
          state.isAbandoned = true;
          state.failure ??= error;
          wake();
        })
        .finally(() => {
          underWay.delete(tracked);
          if (needsPass() || state.isChanged || state.isWaiting) wake();
        });
      underWay.add(tracked);
    },
    async ended(): Promise<void> {
      await Promise.all(underWay);
    },
  };
}

/** Adapts the queues to the tokens that are live now. Returns false if the claim was lost. */
async function refreshRoutes(context: DeliveryContext, state: SessionState): Promise<boolean> {
  const { store, routes, stored, window, retries, claim } = context;
  state.isChanged = false;
  const [tokens] = await Promise.all([listTokens(store), retries.read()]);
  const receiving = tokens.filter(({ callback }) => callback.refusal === undefined);
  const rerouted = reroute(routes, receiving, stored, window);
  state.isWaiting = rerouted.isWaiting;
  for (const ended of rerouted.ended) logEnded(context, ended);
  // Queues whose tokens ended, on whatever node and at whatever time, are not needed any more.
  const over = [...stored.keys()].filter((key) => !routes.queues.has(key));
  for (const key of over) stored.delete(key);
  return over.length === 0 || claim.commit(over.map((key) => writeQueue(key, null)));
}
