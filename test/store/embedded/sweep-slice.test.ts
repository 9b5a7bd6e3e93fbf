import { expect, it } from 'vitest';
import type { Command } from '../../../src/store/commands.ts';
import { openEmbeddedDriver } from '../../../src/store/embedded/driver.ts';

it('leases that end together end in steps that grow from small ones, also after others have', async () => {
  // A span of the queue of deadlines begins.
  let wallMs = 400_000_000 * 4_096;
  // Steps take no time: each may be twice as large as the one before it.
  const driver = openEmbeddedDriver({ wallMs: () => wallMs, monotonicMs: () => 0 });
  const beat = (holder: string): Command => ({
    name: 'beat',
    input: { tenant: 'test/t', holder, groups: [{ group: 'g' }], ttlMs: 1_000, grant: true },
  });
  /** Returns how many leases ended in each step. */
  const endAll = async (): Promise<number[]> => {
    await driver.execute(
      0,
      Array.from({ length: 5_000 }, (_, at) => beat(`h${at}`)),
    );
    // Finds where in the span they are due.
    while ((await driver.sweep(0, 'test', driver.sweepSize)).more);
    wallMs += 1_000;
    const ended: number[] = [];
    for (let more = true; more; ) {
      const swept = await driver.sweep(0, 'test', driver.sweepSize);
      ended.push(...swept.expired.map(({ holders }) => holders.length));
      more = swept.more;
    }
    return ended;
  };
  for (let time = 0; time < 3; time += 1) {
    const ended = await endAll();
    expect(ended.reduce((sum, leases) => sum + leases, 0)).toBe(5_000);
    expect(ended[0]).toBeLessThanOrEqual(64);
    expect(Math.max(...ended)).toBeGreaterThan(1_000);
  }
});
