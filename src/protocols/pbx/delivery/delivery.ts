/**
 * Delivery of reports by one of the nodes: starts when something was reported, takes the claim if no node has it, and releases it
 * when nothing waits any more. An idle server writes nothing.
 *
 * The timers here are real on purpose: they decide when to check. When a report is due, the lease clock says.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isDebugging } from '../../../settings/log.ts';
import { StoreUnavailable } from '../../../store/store.ts';
import { reportsTopic, wakeTopic } from '../reports/report-queue.ts';
import { type Claim, makeClaim, renewEveryMs } from './claim.ts';
import { type Session, type SessionOptions, startSession } from './session.ts';

export interface Delivery {
  /** The reading of the lease clock at which the next attempt of this node is due; undefined if none waits for it. */
  nextMs(): number | undefined;
  /** Whether this node delivers now. */
  readonly isActive: boolean;
  /** Resolves when no attempt of this node is under way or due. */
  settle(): Promise<void>;
  /** Resolves when no attempt is under way; reports that wait stay in the store. */
  stop(): Promise<void>;
}

export interface DeliveryOptions extends Omit<SessionOptions, 'claim' | 'wake'> {
  /** This node's name among the nodes. */
  readonly node: string;
  /** Ends the attempts that are under way. */
  readonly abandon: () => void;
}

/** The claim is kept for this long after the last report, so that a burst is one session, ms. */
const lingerMs = 1_000;
/** Interval of reading the lease clock while something waits for it, ms: another node may move the clock. */
const clockCheckMs = 100;
/** Pause after an unavailable store, ms. */
const outageMs = 500;
/** Maximum delay of what no append announces, such as a reset, ms. */
const watchMs = 10_000;
/** Time for applications to reply when this node stops, ms. */
const graceMs = 3_000;

interface Runner {
  readonly options: DeliveryOptions;
  readonly claim: Claim;
  readonly signal: AbortSignal;
  readonly alarm: Alarm;
  session: Session | undefined;
  readonly passes: Passes;
  /** Attempts of sessions that were abandoned. */
  readonly leftOver: Set<Promise<void>>;
  /** The newest report that a session has read. */
  newestRead: number;
}

export function startDelivery(options: DeliveryOptions): Delivery {
  const { store } = options;
  const stopping = new AbortController();
  const runner: Runner = {
    options,
    claim: makeClaim(store, options.node, () => performance.now()),
    signal: stopping.signal,
    alarm: makeAlarm(),
    session: undefined,
    passes: makePasses(),
    leftOver: new Set(),
    newestRead: 0,
  };
  const unobserve = store.observeRuns(({ tenant, type }) => {
    if (runner.session === undefined || tenant !== store.tenant || type === 'granted') return;
    runner.session.markChanged();
    runner.alarm.wake();
  });
  const unobserveResets = store.observeResets((reset) => {
    if (reset !== store.tenant) return;
    runner.session?.abandon();
    runner.alarm.wake();
  });
  const running = run(runner);
  return {
    nextMs: () => runner.session?.nextMs,
    get isActive() {
      return runner.session !== undefined;
    },
    async settle() {
      for (let { session } = runner; session !== undefined; { session } = runner) {
        const passed = runner.passes.next();
        runner.alarm.wake();
        await passed;
        if (session.underWay === 0) return;
        await session.ended();
      }
    },
    async stop() {
      stopping.abort();
      runner.alarm.wake();
      unobserve();
      unobserveResets();
      const timeout = setTimeout(options.abandon, graceMs);
      await running;
      await Promise.all(runner.leftOver);
      clearTimeout(timeout);
    },
  };
}

async function run(runner: Runner): Promise<void> {
  const { signal, options } = runner;
  while (!signal.aborted) {
    try {
      await deliverOrWait(runner);
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof StoreUnavailable))
        options.warn('report delivery failed; retrying', { err: error as Error });
      await rest(outageMs, signal);
    }
  }
}

/** Delivers if there is anything, and if no other node does; then waits for an append. */
async function deliverOrWait(runner: Runner): Promise<void> {
  const { claim, signal } = runner;
  const { store } = runner.options;
  const before = await topicEnds(runner);
  if (before.some(({ after }) => after > 0n)) {
    if (!(await claim.take())) {
      // Another node delivers, or died doing so: once it releases its claim, nothing waits.
      await rest(renewEveryMs, signal);
      return;
    }
    debug(runner, 'pbx delivery claim taken');
    let isReleased = false;
    try {
      await deliverWhileNeeded(runner);
    } finally {
      isReleased = await claim.release();
      debug(runner, isReleased ? 'pbx delivery claim released' : 'pbx delivery claim lost');
    }
    // Another node or a reset took the claim away: there may be something to do.
    if (!isReleased) return;
    const read = BigInt(runner.newestRead);
    if (!isSame(await topicEnds(runner), [read, before[1]?.after])) return;
    before[0] = { topic: reportsTopic, after: read };
  }
  // Until the topics end elsewhere than they did; fewer reports than before are a reset.
  const known = before.map(({ after }) => after);
  while (!signal.aborted) {
    await store.wait({ tenant: store.tenant, topics: before, timeoutMs: watchMs, signal });
    if (!isSame(await topicEnds(runner), known)) return;
  }
}

/** Delivers until nothing waits, or the claim is lost. */
async function deliverWhileNeeded(runner: Runner): Promise<void> {
  const { options, claim, signal, alarm } = runner;
  const over = new AbortController();
  const session = await startSession({ ...options, claim, wake: alarm.wake });
  runner.session = session;
  const watching = watchAppends(runner, session, AbortSignal.any([over.signal, signal])).catch(alarm.wake);
  try {
    let renewedMs = performance.now();
    let idleSinceMs = Number.POSITIVE_INFINITY;
    while (!signal.aborted) {
      const nowMs = performance.now();
      if (nowMs - renewedMs >= renewEveryMs) {
        renewedMs = nowMs;
        if (!(await claim.renew())) return;
        if (session.isBackingOff) session.markChanged();
      }
      const hasClaim = await runner.passes.run(() => session.pass());
      if (!hasClaim) return;
      idleSinceMs = session.isIdle ? Math.min(idleSinceMs, nowMs) : Number.POSITIVE_INFINITY;
      if (nowMs - idleSinceMs >= lingerMs) return;
      await alarm.wait(session.isBackingOff ? clockCheckMs : lingerMs / 2);
    }
  } finally {
    over.abort();
    runner.session = undefined;
    runner.passes.end();
    runner.newestRead = session.newest;
    await Promise.all([endSession(runner, session), watching]);
  }
}

/** Waits for what is under way if this node stops, and else for nothing: receivers that hang must not delay others. */
async function endSession({ signal, leftOver }: Runner, session: Session): Promise<void> {
  if (signal.aborted) {
    await session.stop();
    return;
  }
  session.abandon();
  const ended = session.ended().finally(() => leftOver.delete(ended));
  leftOver.add(ended);
}

/** Wakes the session whenever something is appended, until the signal aborts. */
async function watchAppends(runner: Runner, session: Session, signal: AbortSignal): Promise<void> {
  const { store } = runner.options;
  let ends = await topicEnds(runner);
  while (!signal.aborted) {
    const isAppended = await store.wait({ tenant: store.tenant, topics: ends, timeoutMs: watchMs, signal });
    const next = await topicEnds(runner);
    const isWake = next[1]?.after !== ends[1]?.after;
    ends = next;
    if (!isAppended) continue;
    if (isWake) session.markChanged();
    runner.alarm.wake();
  }
}

interface TopicEnd {
  readonly topic: string;
  readonly after: bigint;
}

/** Returns the newest positions of the reports and of the wake-ups, in that order. */
async function topicEnds({ options: { store } }: Runner): Promise<TopicEnd[]> {
  const topics = [reportsTopic, wakeTopic];
  const found = await store.topicBounds({ tenant: store.tenant, topics });
  return topics.map((topic, at) => ({ topic, after: found[at]?.newest ?? 0n }));
}

function isSame(ends: readonly TopicEnd[], known: readonly (bigint | undefined)[]): boolean {
  return ends.every(({ after }, at) => after === known[at]);
}

function debug({ options: { log, node, store } }: Runner, message: string): void {
  if (isDebugging(log)) log.debug({ tenant: store.tenant, node }, message);
}

function rest(ms: number, signal: AbortSignal): Promise<unknown> {
  return pause(ms, undefined, { signal, ref: false }).catch(() => undefined);
}

interface Passes {
  run<T>(pass: () => Promise<T>): Promise<T>;
  /** Resolves when a pass that begins from now on has ended, or when there are no more. */
  next(): Promise<void>;
  end(): void;
}

function makePasses(): Passes {
  let waiting: (() => void)[] = [];
  const end = (): void => {
    const over = waiting;
    waiting = [];
    for (const resolve of over) resolve();
  };
  return {
    async run(pass) {
      const mine = waiting;
      waiting = [];
      try {
        return await pass();
      } finally {
        for (const resolve of mine) resolve();
      }
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
    end,
  };
}

interface Alarm {
  readonly wake: () => void;
  /** Resolves when woken, also if that was before the call, or after a time. */
  wait(ms: number): Promise<void>;
}

function makeAlarm(): Alarm {
  let { promise, resolve } = Promise.withResolvers<void>();
  return {
    wake: () => resolve(),
    async wait(ms) {
      const timeout = setTimeout(resolve, ms);
      await promise;
      clearTimeout(timeout);
      ({ promise, resolve } = Promise.withResolvers<void>());
    },
  };
}
