/** Durations in the operator API: a number of ms, or text with a unit. */
import { Type } from '@sinclair/typebox';

export const Duration = Type.Union(
  [
    Type.Number({ minimum: 0, description: 'ms' }),
    Type.String({
      pattern: '^\\d{1,12}(?:\\.\\d{1,6})?(?:ms|s|m|h|d)$',
      description: 'such as 1500ms, 90s, 30m, 12h',
    }),
  ],
  { description: 'a number of ms, or a number with a unit (ms, s, m, h, d)' },
);

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Returns ms. The value matches `Duration`. */
export function durationMs(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const [, amount = '0', unit = 'ms'] = /^([\d.]+)([a-z]+)$/.exec(duration) ?? [];
  return Number(amount) * (unitMs[unit] ?? 1);
}
