/**
 * Delivery while this node holds the claim: reads what happened, knows the live tokens, and keeps one line moving for each
 * user and address, with what was set aside beside them. Everything here can be rebuilt from the store, and is, whenever a
 * claim is taken.
 */

import { listDeadLetters, makeDeadLetters } from '../queues/dead-letters.ts';
import { dropOverflow, type Line } from '../queues/delivery-queue.ts';
import { listAsides, makeAsides } from '../queues/retries.ts';
import { reroute } from '../queues/routing.ts';
import { listLines, writeLine } from '../queues/stored-queue.ts';
import { makeReportWindow } from '../reports/report-window.ts';
import { listTokens, tenant } from '../tokens/tokens.ts';
import type { Claim } from './claim.ts';
import type { DeliveryContext, DeliverySettings } from './context.ts';
import { deliverLine } from './deliver-queue.ts';
import { deliverAside } from './deliver-retry.ts';

export interface SessionOptions extends DeliverySettings {
  readonly claim: Claim;
  /** Something may be to do: run another pass. */
  readonly wake: () => void;
}

export interface Session {
  /** Looks at what is new and starts what can be started. False: the claim was lost, or the store was reset. */
  pass(): Promise<boolean>;
  /** The live tokens, or where they want their reports, may have changed. */
  noteChange(): void;
  /** Position of the newest report that was seen. */
  readonly newest: number;
  /** Nothing waits and nothing is under way. */
  readonly isIdle: boolean;
  /** Something waits for the lease clock. */
  readonly isBackingOff: boolean;
  /** No attempt starts any more; resolves when none is under way. */
  stop(): Promise<void>;
}

/** Reads the state of delivery. Rejects with StoreUnavailable. */
export async function startSession(options: SessionOptions): Promise<Session> {
  const { store, claim } = options;
  const [stored, storedAsides, deadLetters] = await Promise.all([
    listLines(store),
    listAsides(store),
    listDeadLetters(store),
  ]);
  const lines = new Map<string, Line>();
  const window = makeReportWindow(store, options.queueLength);
  const asides = makeAsides(store, storedAsides);
  const underWay = new Set<Promise<void>>();
  /** The live tokens, or where they want their reports, are not what was known. */
  let changed = true;
  /** Some of it is known and has to wait for an attempt to end. */
  let held = false;
  let looked = false;
  let stopped = false;
  /** Something stopped that is to go on later: how long to rest depends on it. */
  let needsPass = false;

  const context: DeliveryContext = {
    ...options,
    window,
    routes: { lines, lineOf: new Map() },
    stored,
    asides,
    deadLetters: makeDeadLetters(deadLetters.keys()),
    leaseMs: async () => (await store.now({ tenant })).leaseMs,
    mayStart: () => !stopped && claim.isFresh,
    noteChange() {
      changed = true;
    },
  };

  const track = (work: Promise<void>): void => {
    const tracked = work
      .catch((error: Error) => options.warn('a delivery stopped', { err: error }))
      .finally(() => {
        underWay.delete(tracked);
        if (needsPass || changed || held) options.wake();
        needsPass = false;
      });
    underWay.add(tracked);
  };

  /** Makes the lines those of the tokens that are live now. False: the claim was lost. */
  const refresh = async (): Promise<boolean> => {
    changed = false;
    const [tokens] = await Promise.all([listTokens(store), asides.read()]);
    const rerouted = reroute(context.routes, tokens, stored, window);
    held = rerouted.held;
    if (rerouted.ended > 0) options.count('ended', rerouted.ended);
    // Lines whose tokens ended, on whatever node and whenever: nobody will want to know how far they had got.
    const over = [...stored.keys()].filter((key) => !lines.has(key));
    for (const key of over) stored.delete(key);
    return over.length === 0 || claim.commit(over.map((key) => writeLine(key, null)));
  };

  const startLines = (nowMs: number): void => {
    for (const line of lines.values()) {
      if (line.running || line.tokens.length === 0 || line.notBeforeMs > nowMs || !context.mayStart())
        continue;
      dropOverflow(line, window, options);
      if (line.cursor >= window.newest) continue;
      line.running = true;
      const delivering = deliverLine(context, line).finally(() => {
        if (line.tokens.length > 0 && line.cursor < window.newest) needsPass = true;
      });
      track(delivering);
    }
  };

  const startAsides = (nowMs: number): void => {
    for (const aside of asides.values()) {
      if (aside.running || aside.notBeforeMs > nowMs || !context.mayStart()) continue;
      aside.running = true;
      track(deliverAside(context, aside));
    }
  };

  return {
    async pass() {
      if (stopped) return true;
      const found = await window.read();
      if (found === 'reset') return false;
      if (found === 'more') changed = true;
      if ((changed || held) && !(await refresh())) return false;
      const nowMs = await context.leaseMs();
      looked = true;
      startLines(nowMs);
      startAsides(nowMs);
      return claim.isHeld;
    },
    noteChange: () => context.noteChange(),
    get newest() {
      return window.newest;
    },
    get isIdle() {
      if (!looked || changed || held || underWay.size > 0 || asides.size > 0) return false;
      for (const line of lines.values()) if (line.cursor < window.newest) return false;
      return true;
    },
    get isBackingOff() {
      return (
        [...lines.values()].some((line) => line.cursor < window.newest && !line.running) || asides.size > 0
      );
    },
    async stop() {
      stopped = true;
      await Promise.all(underWay);
    },
  };
}
