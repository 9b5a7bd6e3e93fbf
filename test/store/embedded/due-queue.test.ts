import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Due, DueQueue } from '../../../src/store/embedded/leases/due-queue.ts';

interface Item extends Due {
  readonly name: number;
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), name: fc.nat(20), deadlineMs: fc.nat(20_000) }),
  fc.record({ kind: fc.constant('remove' as const), name: fc.nat(20) }),
  fc.record({
    kind: fc.constant('take' as const),
    nowMs: fc.nat(20_000),
    most: fc.integer({ min: 1, max: 5 }),
  }),
);

it('returns exactly the items that are due, earliest first, however deadlines moved', () => {
  fc.assert(
    fc.property(fc.array(step, { size: 'large' }), (steps) => {
      const queue = new DueQueue<Item>();
      const items = new Map<number, Item>();
      for (const change of steps) {
        if (change.kind === 'take') {
          const due = [...items.values()].filter(({ deadlineMs }) => deadlineMs <= change.nowMs);
          const taken: Item[] = [];
          while (queue.takeDue(change.nowMs, change.most, taken) > 0);
          expect(new Set(taken)).toEqual(new Set(due));
          expect(queue.isBehind(change.nowMs)).toBe(false);
          expect(taken.map(({ deadlineMs }) => deadlineMs)).toEqual(
            due.map(({ deadlineMs }) => deadlineMs).sort((a, b) => a - b),
          );
          for (const { name } of taken) items.delete(name);
          continue;
        }
        const item = items.get(change.name) ?? { name: change.name, deadlineMs: 0, dueMs: 0, slot: -1 };
        if (change.kind === 'remove') {
          queue.remove(item);
          items.delete(change.name);
          continue;
        }
        item.deadlineMs = change.deadlineMs;
        items.set(change.name, item);
        queue.watch(item);
      }
      expect(queue.size).toBe(items.size);
      expect(queue.earliestMs).toBeLessThanOrEqual(
        Math.min(Number.POSITIVE_INFINITY, ...[...items.values()].map(({ deadlineMs }) => deadlineMs)),
      );
    }),
    { numRuns: 500 },
  );
});
