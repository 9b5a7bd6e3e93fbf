import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { releaseStartMemory } from '../src/release-start-memory.ts';

const mebibyte = 1_024 * 1_024;

/** Made in a function, so that no frame refers to the object any more. */
const toDropped = (): WeakRef<object> => new WeakRef({ kept: false });

it('what nothing refers to any more is gone at once', async () => {
  const used = { kept: true };
  const kept = new WeakRef(used);
  const dropped = toDropped();
  // A weak reference keeps its object until the turn ends in which it was made.
  await nextTurn();
  releaseStartMemory(mebibyte);
  expect(dropped.deref()).toBeUndefined();
  expect(kept.deref()).toBe(used);
});
