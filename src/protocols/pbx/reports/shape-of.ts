/** Which shape an application's reports have. */
import type { Shape } from './report-kind.ts';

/** Returns the shape that a token's `version` selects; absent (empty) and unknown text selects the oldest one. */
export function shapeOf(version: string): Shape {
  if (version === '0.0.1') return 'openvox';
  if (version === '1.0.2') return 'callList';
  if (!/^\d{1,4}(?:\.\d{1,4}){0,2}$/.test(version)) return 'legacy';
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  // A choice: a version between two documented ones has the shape of the earlier one.
  if (major >= 2) return 'event';
  return major === 1 && (minor > 0 || patch >= 2) ? 'callList' : 'legacy';
}
