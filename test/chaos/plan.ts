/** Which faults a run has, and when: decided before it begins, by the seed alone. */
import { makeRandom } from '../random.ts';
import type { StoreName } from './world/world.ts';

/** One fault of the plan. */
export interface PlannedFault {
  /** Pause before it, ms. */
  readonly afterMs: number;
  readonly name: string;
  /** How long something stays broken, ms. */
  readonly forMs: number;
}

export interface PlanOptions {
  readonly seed: string;
  readonly store: StoreName;
  /** Names of the faults that this world has. */
  readonly names: readonly string[];
  readonly count: number;
}

const pauseMs = { from: 500, to: 4_000 };
const brokenMs = { from: 300, to: 5_000 };

/** Returns so many faults. Each name comes once before any comes again, in an order that the seed decides. */
export function planFaults({ seed, store, names, count }: PlanOptions): PlannedFault[] {
  const random = makeRandom(`${seed}/${store}/plan`);
  const planned: PlannedFault[] = [];
  let deck: string[] = [];
  while (planned.length < count && names.length > 0) {
    if (deck.length === 0) deck = [...names];
    const [name = ''] = deck.splice(random.below(deck.length), 1);
    planned.push({
      afterMs: random.between(pauseMs.from, pauseMs.to),
      name,
      forMs: random.between(brokenMs.from, brokenMs.to),
    });
  }
  return planned;
}
