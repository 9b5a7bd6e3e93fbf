import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  beforeInterval,
  reportSteps,
  type Step,
} from '../../../../src/protocols/presence/membership/events/interval.ts';
import type { PresenceEvent } from '../../../../src/protocols/presence/membership/events/presence-event.ts';

const intervalMs = 10_000;
const startMs = 1_757_969_851_000;

interface Move {
  readonly who: number;
  readonly how: 'leave' | 'timeout' | 'state';
  readonly pauseMs: number;
}

const moves = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: 5 }),
    how: fc.constantFrom('leave', 'timeout', 'state'),
    pauseMs: fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 15_000 })),
  }) as fc.Arbitrary<Move>,
  { maxLength: 60 },
);

/** Returns the steps of a channel that these moves make: an absent uuid joins, a present one leaves or changes. */
function stepsOf(history: readonly Move[]): { steps: Step[]; present: Set<string>; endMs: number } {
  const present = new Set<string>();
  const steps: Step[] = [];
  let atMs = startMs;
  for (const { who, how, pauseMs } of history) {
    atMs += pauseMs;
    const holder = `u${who}`;
    const type = !present.has(holder)
      ? 'granted'
      : how === 'state'
        ? 'changed'
        : how === 'leave'
          ? 'released'
          : 'expired';
    if (type === 'granted') present.add(holder);
    else if (type !== 'changed') present.delete(holder);
    const event = {
      type,
      group: 'ch',
      holder,
      epoch: 1,
      revision: steps.length,
      count: present.size,
      atMs,
      lateMs: 0,
      data: null,
    } as const;
    steps.push({ position: BigInt(atMs) * 10_000n + BigInt(steps.length % 900) * 10n, event });
  }
  steps.sort((a, b) => (a.position < b.position ? -1 : 1));
  return { steps, present, endMs: atMs };
}

function replay(events: readonly PresenceEvent[]): Set<string> {
  const known = new Set<string>();
  for (const event of events) {
    if (event.action === 'join') known.add(event.uuid);
    if (event.action === 'leave' || event.action === 'timeout') known.delete(event.uuid);
    if (event.action !== 'interval') continue;
    for (const uuid of event.join ?? []) known.add(uuid);
    for (const uuid of [...(event.leave ?? []), ...(event.timeout ?? [])]) known.delete(uuid);
  }
  return known;
}

describe('the events that a subscriber receives', () => {
  it.each([0, 2, 100])(
    'add up to the occupants, however often it polls (announced up to %i)',
    (announceMax) => {
      fc.assert(
        fc.property(
          moves,
          fc.array(fc.integer({ min: 1, max: 30_000 }), { maxLength: 20 }),
          (history, pauses) => {
            const { steps, present, endMs } = stepsOf(history);
            const settings = { announceMax, intervalMs, deltas: true };
            const received: PresenceEvent[] = [];
            let after = BigInt(startMs) * 10_000n - 1n;
            let nowMs = startMs;
            const poll = (): void => {
              const until = BigInt(nowMs) * 10_000n;
              const from = beforeInterval(after, intervalMs);
              const kept = steps.filter(({ position }) => position > from && position <= until);
              const report = reportSteps(kept, { after, until, settings, isComplete: true });
              for (const { position, event } of report.events) {
                expect(position > after).toBe(true);
                after = position;
                received.push(event);
              }
              expect(report.nextEndMs === undefined || report.nextEndMs >= nowMs).toBe(true);
            };
            for (const pause of pauses) {
              nowMs += pause;
              poll();
            }
            nowMs = Math.max(nowMs, endMs + 2 * intervalMs);
            poll();
            expect([...replay(received)].sort()).toEqual([...present].sort());
            const moved = received.filter(({ action }) => action !== 'state-change');
            if (steps.some(({ event }) => event.type !== 'changed')) {
              expect(moved.at(-1)?.occupancy).toBe(
                steps.filter(({ event }) => event.type !== 'changed').at(-1)?.event.count,
              );
            }
            if (announceMax === 100) expect(received).toHaveLength(steps.length);
          },
        ),
        { numRuns: 500 },
      );
    },
  );

  it('are the same for one that polls once and one that polls often', () => {
    fc.assert(
      fc.property(moves, (history) => {
        const { steps, endMs } = stepsOf(history);
        const settings = { announceMax: 2, intervalMs, deltas: true };
        const until = BigInt(endMs + 2 * intervalMs) * 10_000n;
        const options = { until, settings, isComplete: true };
        const all = reportSteps(steps, { ...options, after: 0n }).events;
        for (const { position } of all) {
          const from = beforeInterval(position, intervalMs);
          const kept = steps.filter((step) => step.position > from);
          const rest = reportSteps(kept, { ...options, after: position }).events;
          expect(rest).toEqual(all.filter((one) => one.position > position));
        }
      }),
      { numRuns: 200 },
    );
  });
});
