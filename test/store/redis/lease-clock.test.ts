/** The lease clock is computed twice: in TypeScript for the embedded store, in Lua for Redis. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maxClockStepMs } from '../../../src/store/limits.ts';
import { declaredKeys } from '../../../src/store/redis/keys.ts';
import { type ScriptName, scriptText } from '../../../src/store/redis/script-text.ts';
import {
  changeClock,
  type LeaseClock,
  readDate,
  readLeaseClock,
  startClock,
  tick,
} from '../../../src/store/runtime/lease-clock.ts';
import { suiteRedis } from '../../suite-redis.ts';

const redis = suiteRedis();

/** Takes the wall time from two keys after the declared ones instead of from Redis. */
const simulatedTime = `
local real = redis
local redis = setmetatable({
  call = function(command, ...)
    if command == 'TIME' then
      return { KEYS[3], KEYS[4] }
    end
    return real.call(command, ...)
  end,
}, { __index = real })
`;

/** Runs the script as it is, at a wall time. */
function runAt(wallMicros: number, name: ScriptName, args: readonly (string | number)[]): Promise<unknown> {
  const seconds = Math.floor(wallMicros / 1_000_000);
  const keys = [...declaredKeys(0), seconds, wallMicros - seconds * 1_000_000];
  return redis.client.eval(simulatedTime + scriptText(name), keys.length, ...keys, ...args);
}

type Step =
  | { readonly kind: 'read' }
  | { readonly kind: 'tick' }
  | { readonly kind: 'change'; readonly advanceMs?: number; readonly frozen?: boolean };

async function runStep(wallMicros: number, step: Step): Promise<unknown> {
  if (step.kind === 'tick') await runAt(wallMicros, 'sweep', [1_000, 1_000, 'test', 0]);
  const { advanceMs = 0, frozen } = step.kind === 'change' ? step : {};
  const freeze = frozen === undefined ? '' : frozen ? '1' : '0';
  const reply = await runAt(wallMicros, 'clock', [advanceMs, freeze, '', 0, '', '0', '', '0', '0']);
  return (reply as number[]).slice(0, 4);
}

function changed(clock: LeaseClock, wallMs: number, step: Step): LeaseClock {
  if (step.kind === 'read') return clock;
  return step.kind === 'tick' ? tick(clock, wallMs) : changeClock(clock, wallMs, step);
}

const advanceMs = fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10_000_000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ kind: 'read' as const }),
  fc.constant({ kind: 'tick' as const }),
  fc.record({ kind: fc.constant('change' as const), advanceMs }),
  fc.record({ kind: fc.constant('change' as const), frozen: fc.boolean() }),
  fc.record({ kind: fc.constant('change' as const), advanceMs, frozen: fc.boolean() }),
);
/** How far wall time moves before a step: little, about one maximum step, or far, forward and back. */
const jumpMicros = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.integer({ min: (maxClockStepMs - 2) * 1_000, max: (maxClockStepMs + 2) * 1_000 }),
  fc.integer({ min: -10_000_000_000, max: 10_000_000_000 }),
);

it('reads the same in TypeScript and in the scripts, whatever wall time does', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(jumpMicros, step), { maxLength: 20, size: 'max' }),
      async (history) => {
        await redis.client.flushall();
        let wallMicros = 1_700_000_000_123_456;
        const wallMs = (): number => Math.floor(wallMicros / 1_000);
        await runStep(wallMicros, { kind: 'read' });
        let clock = startClock(wallMs());
        for (const [jump, next] of history) {
          wallMicros += jump;
          const reading = await runStep(wallMicros, next);
          clock = changed(clock, wallMs(), next);
          expect(reading).toEqual([
            ...[readLeaseClock(clock, wallMs()), wallMs()],
            ...[clock.frozen ? 1 : 0, readDate(clock, wallMs())],
          ]);
        }
      },
    ),
    { numRuns: 100 },
  );
});
