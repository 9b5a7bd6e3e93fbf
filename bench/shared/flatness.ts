/** Whether a measurement that is repeated over time stays as it was. */
import { median } from './results.ts';

export interface Flatness {
  /** Change per hour by the line of least squares, of the median; 0.1: it grows by a tenth. */
  readonly slopePerHour: number;
  /** Median of the last third, of that of the first third. */
  readonly lastOfFirst: number;
  readonly isFlat: boolean;
}

export interface Point {
  readonly minute: number;
  readonly value: number;
}

/** Samples that flatness is judged by, at least. */
export const minPoints = 6;

/**
 * Returns whether the values after the first `warmUpMinutes` stay as they are: the last third is at most `tolerance` above the first one;
 * 0.05: a twentieth. Undefined if there are fewer than `minPoints`.
 */
export function flatness(
  points: readonly Point[],
  { warmUpMinutes, tolerance }: { readonly warmUpMinutes: number; readonly tolerance: number },
): Flatness | undefined {
  const counted = points.filter(({ minute }) => minute > warmUpMinutes);
  if (counted.length < minPoints) return undefined;
  const values = counted.map(({ value }) => value);
  const third = Math.floor(values.length / 3);
  const lastOfFirst = median(values.slice(-third)) / median(values.slice(0, third));
  const slopePerHour = (slope(counted) * 60) / median(values);
  return { slopePerHour, lastOfFirst, isFlat: lastOfFirst <= 1 + tolerance };
}

/** Returns the slope of the line of least squares, per minute. */
function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(({ minute }) => minute), mean(({ value }) => value)];
  const covariance = mean(({ minute, value }) => (minute - x) * (value - y));
  const variance = mean(({ minute }) => (minute - x) ** 2);
  return variance === 0 ? 0 : covariance / variance;
}
