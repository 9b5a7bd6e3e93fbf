import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { releaseStartMemory } from '../src/release-start-memory.ts';

it('what nothing refers to any more is gone at once', async () => {
  const used = { kept: true };
  const [kept, dropped] = [new WeakRef(used), new WeakRef({ kept: false })];
  // A weak reference keeps its object until the turn ends in which it was made.
  await nextTurn();
  releaseStartMemory();
  expect(dropped.deref()).toBeUndefined();
  expect(kept.deref()).toBe(used);
});
