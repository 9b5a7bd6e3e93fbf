import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxClockStepMs } from '../../../src/store/limits.ts';
import {
  changeClock,
  type LeaseClock,
  readDate,
  readLeaseClock,
  startClock,
  tick,
} from '../../../src/store/runtime/lease-clock.ts';

describe('the lease clock', () => {
  it('follows wall time while it is ticked', () => {
    let clock = startClock(1_000);
    for (let wallMs = 1_000; wallMs <= 61_000; wallMs += 500) clock = tick(clock, wallMs);
    expect(readLeaseClock(clock, 61_000)).toBe(61_000);
  });

  it('advances one bounded step over a pause, however long', () => {
    const clock = startClock(1_000);
    expect(readLeaseClock(clock, 1_000 + 3_600_000)).toBe(1_000 + maxClockStepMs);
    expect(readLeaseClock(tick(clock, 1_000 + 3_600_000), 1_000 + 3_600_100)).toBe(
      1_000 + maxClockStepMs + 100,
    );
  });

  it('stands still when wall time goes back, and advances from there', () => {
    const clock = tick(startClock(10_000), 4_000);
    expect(readLeaseClock(clock, 4_000)).toBe(10_000);
    expect(readLeaseClock(clock, 4_500)).toBe(10_500);
  });

  it('stands still while frozen, and does not catch up when it thaws', () => {
    const frozen = changeClock(startClock(0), 100, { frozen: true });
    expect(readLeaseClock(frozen, 50_000)).toBe(100);
    const thawed = changeClock(frozen, 50_000, { frozen: false });
    expect(readLeaseClock(thawed, 50_010)).toBe(110);
  });

  it('advances by what is requested, frozen or not', () => {
    const clock = changeClock(startClock(0), 0, { advanceMs: 1_800_000, frozen: true });
    expect(readLeaseClock(clock, 0)).toBe(1_800_000);
    expect(readLeaseClock(changeClock(clock, 5, { advanceMs: 1 }), 99)).toBe(1_800_001);
  });

  it('refuses to go back', () => {
    for (const advanceMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => changeClock(startClock(0), 0, { advanceMs })).toThrow(RangeError);
    }
  });

  it('never goes back and never advances by more than one step per tick, whatever wall time does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 })), (jumps) => {
        let clock: LeaseClock = startClock(1_000_000_000);
        let wallMs = clock.wallMs;
        for (const jumpMs of jumps) {
          wallMs += jumpMs;
          const before = clock.leaseMs;
          clock = tick(clock, wallMs);
          expect(clock.leaseMs - before).toBeGreaterThanOrEqual(0);
          expect(clock.leaseMs - before).toBeLessThanOrEqual(maxClockStepMs);
        }
      }),
    );
  });
});

describe('the date', () => {
  it('is wall time over a pause that the lease clock does not count', () => {
    const clock = tick(startClock(1_000), 1_000 + 3_600_000);
    expect(readDate(clock, 1_000 + 3_600_000)).toBe(1_000 + 3_600_000);
    expect(readDate(clock, 1_000 + 9_000_000)).toBe(1_000 + 9_000_000);
  });

  it('is advanced and frozen with the lease clock', () => {
    const moved = changeClock(startClock(0), 0, { advanceMs: 60_000 });
    expect(readDate(moved, 500)).toBe(60_500);
    const frozen = changeClock(moved, 500, { frozen: true });
    expect(readDate(tick(frozen, 90_000), 90_000)).toBe(60_500);
    const thawed = changeClock(frozen, 90_000, { frozen: false });
    expect(readDate(thawed, 90_250)).toBe(60_750);
  });

  it('continues to run after wall time went forward and back, at half speed until it is right again', () => {
    const hour = 3_600_000;
    let clock = tick(startClock(0), hour);
    clock = tick(clock, 10);
    expect(readDate(clock, 10)).toBe(hour);
    let lastMs = hour;
    for (let wallMs = 510; wallMs <= 2 * hour + 510; wallMs += 500) {
      const before = readDate(clock, wallMs);
      clock = tick(clock, wallMs);
      const after = readDate(clock, wallMs);
      expect(before).toBeGreaterThan(lastMs);
      expect(after).toBeGreaterThanOrEqual(wallMs);
      lastMs = after;
    }
    expect(readDate(clock, clock.wallMs)).toBe(clock.wallMs);
  });
});
