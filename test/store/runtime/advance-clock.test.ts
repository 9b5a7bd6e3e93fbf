import { expect, it } from 'vitest';
import type { Driver, Sweep } from '../../../src/store/driver.ts';
import { advanceClock } from '../../../src/store/runtime/advance-clock.ts';

const moved = { leaseMs: 100, wallMs: 0, dateMs: 100, frozen: false, offsetMs: 100, advancedMs: 100 };

/** Advances a clock over a driver whose sweeps have these results in turn; resolves with the steps that were taken. */
async function stepsOf(sweeps: readonly Partial<Sweep>[]): Promise<readonly string[]> {
  const steps: string[] = [];
  const left = [...sweeps];
  const driver: Pick<Driver, 'claimSweep' | 'setClock' | 'sweep' | 'sweepSize'> = {
    sweepSize: 500,
    async claimSweep(_partition, owner, forMs, tenant) {
      steps.push(`${forMs > 0 ? 'claim' : 'release'} ${tenant} ${owner}`);
    },
    async setClock() {
      steps.push('advance');
      return moved;
    },
    async sweep() {
      steps.push('sweep');
      return { expired: [], more: false, nextInMs: null, ...left.shift() };
    },
  };
  const advance = { partition: 0, owner: 'one', tenant: 'a', advanceMs: 100, toNext: false };
  expect(await advanceClock(driver as Driver, advance, () => {})).toBe(moved);
  return steps;
}

const before = ['claim a one', 'advance', 'sweep'];
const after = ['sweep', 'release a one'];

it('an advance sweeps until nothing more is due', async () => {
  expect(await stepsOf([{}])).toEqual([...before, 'release a one']);
  expect(await stepsOf([{ more: true }, { more: true }, {}])).toEqual([...before, 'sweep', ...after]);
});

it('an advance waits for what another node sweeps of the same clock', async () => {
  expect(await stepsOf([{ heldBack: true }, { heldBack: true }, {}])).toEqual([...before, 'sweep', ...after]);
});
