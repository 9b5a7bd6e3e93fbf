/** What faults excuse: time by which a lease may end early or late. */
import { type Entry, entriesOf } from '../history.ts';

/** The most by which the lease clock advances at once (`maxClockStepMs` of the store). */
const clockStepMs = 2_000;

/** Beyond the time of faults: one sweep, one tick, and the harness on a busy machine. */
export const slackMs = 3_000;

/** How long after its client gave up a request may still take effect: it waited in a stopped process or a slow network. */
export const lateEffectMs = 15_000;

export interface FaultTimes {
  /** Returns by how much a lease may have ended early for clocks that were set forward between two times, ms. */
  earlyMs(fromMs: number, toMs: number): number;
  /** Returns for how long the lease clock may have stood still between two times, ms. */
  brokenMs(fromMs: number, toMs: number): number;
}

/** Reads the faults of a history. */
export function faultTimes(history: readonly Entry[]): FaultTimes {
  const faults = entriesOf(history, 'fault').map((fault) => ({
    ...fault,
    endMs: fault.recoveredMs ?? Number.POSITIVE_INFINITY,
  }));
  const stalls = mergeSpans([
    ...faults.filter(({ keepsTime }) => !keepsTime),
    ...entriesOf(history, 'strain'),
  ]);
  return {
    earlyMs(fromMs, toMs) {
      const overlapping = faults.filter(({ startMs, endMs }) => startMs <= toMs && fromMs <= endMs);
      return overlapping.reduce((sum, { forwardSteps }) => sum + forwardSteps * clockStepMs, 0);
    },
    brokenMs(fromMs, toMs) {
      return stalls.reduce(
        (sum, { startMs, endMs }) => sum + Math.max(0, Math.min(toMs, endMs) - Math.max(fromMs, startMs)),
        0,
      );
    },
  };
}

/** Returns the time until which what was acknowledged must have arrived: the end of the last quiet time in which the machine was calm. */
export function settledUntilMs(history: readonly Entry[]): number {
  const isCalm = entriesOf(history, 'strain').length === 0;
  return isCalm ? Number.POSITIVE_INFINITY : (entriesOf(history, 'quiet').at(-1)?.toMs ?? 0);
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** Returns spans of time that do not overlap and cover the same. */
function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const { startMs, endMs } of spans.toSorted((one, other) => one.startMs - other.startMs)) {
    const last = merged.at(-1);
    if (last === undefined || last.endMs < startMs) merged.push({ startMs, endMs });
    else merged[merged.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, endMs) };
  }
  return merged;
}
