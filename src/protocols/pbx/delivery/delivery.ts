/**
 * Delivery of reports by one of the nodes: looks when something was reported, takes the claim if nobody has it, and gives
 * it back when nothing waits any more. An idle server writes nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailable } from '../../../store/store.ts';
import { nudgesTopic, reportsTopic } from '../reports/report-queue.ts';
import { tenant } from '../tokens/tokens.ts';
import { makeClaim, renewEveryMs } from './claim.ts';
import { type Session, type SessionOptions, startSession } from './session.ts';

export interface Delivery {
  /** Resolves when no attempt is under way any more; what waits stays in the store. */
  stop(): Promise<void>;
}

export interface DeliveryOptions extends Omit<SessionOptions, 'claim' | 'wake'> {
  /** This node's name among the nodes. */
  readonly node: string;
  /** Ends the attempts that are under way. */
  readonly abandon: () => void;
}

/** A claim is kept for so long after the last report: bursts are one session, ms. */
const lingerMs = 1_000;
/** How often the lease clock is read while something waits for it, ms: another node may move it. */
const clockLookMs = 100;
/** The store was away: look again after so long, ms. */
const outageMs = 500;
/** So much later at the most is noticed what nobody told of, as after a reset, ms. */
const watchMs = 10_000;
/** What an application may still answer when this node stops, ms. */
const graceMs = 3_000;

/** These are real timers on purpose: they decide when to look; when a report is due, the lease clock says. */
export function startDelivery(options: DeliveryOptions): Delivery {
  const { store } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const claim = makeClaim(store, options.node, () => performance.now());
  let session: Session | undefined;
  /** The newest report that a session has seen. */
  let seen = 0;
  let { promise: woken, resolve: wake } = Promise.withResolvers<void>();

  const rest = (ms: number): Promise<unknown> =>
    pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
  const restUntilWoken = async (ms: number): Promise<void> => {
    const timer = setTimeout(wake, ms);
    await woken;
    clearTimeout(timer);
    ({ promise: woken, resolve: wake } = Promise.withResolvers<void>());
  };

  const unobserve = store.observe((event) => {
    if (session === undefined || event.tenant !== tenant || event.type === 'granted') return;
    session.noteChange();
    wake();
  });

  const bounds = async () => {
    const topics = [reportsTopic, nudgesTopic];
    const found = await store.topicBounds({ tenant, topics });
    return topics.map((topic, at) => ({ topic, after: found[at]?.newest ?? 0n }));
  };

  const isSame = (
    found: readonly { readonly after: bigint }[],
    known: readonly (bigint | undefined)[],
  ): boolean => found.every(({ after }, at) => after === known[at]);

  /** Wakes the session whenever something is appended, until told to stop. */
  const watch = async (current: Session, over: AbortSignal): Promise<void> => {
    let cursors = await bounds();
    while (!over.aborted) {
      const appended = await store.wait({ tenant, topics: cursors, timeoutMs: watchMs, signal: over });
      const next = await bounds();
      const isNudge = next[1]?.after !== cursors[1]?.after;
      cursors = next;
      if (!appended) continue;
      if (isNudge) current.noteChange();
      wake();
    }
  };

  /** Delivers until nothing waits, or the claim is lost. */
  const own = async (): Promise<void> => {
    const over = new AbortController();
    const either = AbortSignal.any([over.signal, signal]);
    const current = await startSession({ ...options, claim, wake: () => wake() });
    session = current;
    const watching = watch(current, either).catch(() => wake());
    try {
      let renewedMs = performance.now();
      let idleSinceMs = Number.POSITIVE_INFINITY;
      while (!signal.aborted) {
        const nowMs = performance.now();
        if (nowMs - renewedMs >= renewEveryMs) {
          renewedMs = nowMs;
          if (!(await claim.renew())) return;
          if (current.isBackingOff) current.noteChange();
        }
        if (!(await current.pass())) return;
        idleSinceMs = current.isIdle ? Math.min(idleSinceMs, nowMs) : Number.POSITIVE_INFINITY;
        if (nowMs - idleSinceMs >= lingerMs) return;
        await restUntilWoken(current.isBackingOff ? clockLookMs : lingerMs / 2);
      }
    } finally {
      over.abort();
      session = undefined;
      seen = current.newest;
      await Promise.all([current.stop(), watching]);
    }
  };

  /** One look: delivers if there is anything, and if no other node does, then waits for news. */
  const look = async (): Promise<void> => {
    const before = await bounds();
    if (before.some(({ after }) => after > 0n)) {
      if (!(await claim.take())) {
        // Another node delivers, or died doing so: once it gave its claim back, nothing waits.
        await rest(renewEveryMs);
        return;
      }
      let released = false;
      try {
        await own();
      } finally {
        released = await claim.release();
      }
      // Whatever took the claim away, another node or a reset, there may be something to do.
      if (!released) return;
      if (!isSame(await bounds(), [BigInt(seen), before[1]?.after])) return;
      before[0] = { topic: reportsTopic, after: BigInt(seen) };
    }
    // Until there is something else than what was looked at; fewer reports than before are a reset.
    const looked = before.map(({ after }) => after);
    while (!signal.aborted) {
      await store.wait({ tenant, topics: before, timeoutMs: watchMs, signal });
      if (!isSame(await bounds(), looked)) return;
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof StoreUnavailable))
          options.warn('the delivery of reports stumbled and goes on', { err: error as Error });
        await rest(outageMs);
      }
    }
  };

  const running = run();
  return {
    async stop() {
      stopping.abort();
      wake();
      unobserve();
      const timer = setTimeout(options.abandon, graceMs);
      await running;
      clearTimeout(timer);
    },
  };
}
