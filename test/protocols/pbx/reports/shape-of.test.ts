/** Which shape the version of an application selects. */
import { expect, it } from 'vitest';
import { shapeOf } from '../../../../src/protocols/pbx/reports/shape-of.ts';

it.each([
  ['', 'legacy'],
  ['1.0.0', 'legacy'],
  ['1.0.1', 'legacy'],
  ['1.0.2', 'callList'],
  ['1.1.0', 'callList'],
  ['2.0.0', 'event'],
  ['2.1', 'event'],
  ['10.0.0', 'event'],
  ['0.0.1', 'openvox'],
  ['latest', 'legacy'],
  ['2.x', 'legacy'],
])('version "%s" selects the shape %s', (version, shape) => {
  expect(shapeOf(version)).toBe(shape);
});
