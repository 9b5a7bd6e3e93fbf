/** Random histories against a plain model: every driver and the model return the same after every step. `model/` has the parts. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Backend, BackendTraits, Node } from './backend.ts';
import { modelOfBatches } from './model/batches.ts';
import { type Model, type Real, watchAll } from './model/model.ts';
import { modelRuns, modelTimeoutMs } from './model/runs.ts';
import { advance, beat, beatAll, release, restart, setData } from './model/steps.ts';

/** With hooks inside a suite that has no others: they are for these tests alone. */
export function storeModel(traits: BackendTraits, open: () => Promise<Backend>): void {
  describe('a plain model', () => testModel(traits, open));
}

function testModel(traits: BackendTraits, open: () => Promise<Backend>): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });

  it('behaves as a plain model, whatever the history', { timeout: modelTimeoutMs }, async () => {
    const steps = [beat, beat, beatAll, release, setData, advance, ...(traits.survivesKill ? [restart] : [])];
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: 'max' }), async (history) => {
        const nodes: Node[] = [];
        const openNode = async (): Promise<Node> => {
          const node = await backend.node();
          nodes.push(node);
          return node;
        };
        const real: Real = {
          tenant: `model/${randomUUID()}`,
          node: await openNode(),
          async restart() {
            await backend.restart?.();
            real.node = await openNode();
          },
        };
        try {
          await real.node.store.freezeClock();
          await watchAll(real.node.store, real.tenant);
          const model: Model = { nowMs: 0, groups: new Map(), events: new Map() };
          await fc.asyncModelRun(() => ({ model, real }), history);
        } finally {
          for (const { store } of nodes) await store.close().catch(() => {});
        }
      }),
      // fast-check prints the seed and the shortest history that still fails.
      { numRuns: modelRuns },
    );
  });

  modelOfBatches(() => backend);
}
