import { expect, it } from 'vitest';
import { decodeEnds, encodeEnds } from '../../../src/store/embedded/file/ended-blob.ts';

const blobOf = (ends: readonly (readonly [row: number, revision: number])[]): Uint8Array =>
  encodeEnds(
    ends.map(([row]) => ({ row })),
    ends.map(([, revision]) => revision),
  );

it('leases that ended are read as they were written, whatever their rows and revisions', () => {
  const numbers = [
    0,
    1,
    63,
    64,
    65,
    8_191,
    8_192,
    2 ** 31,
    2 ** 32 + 1,
    2 ** 52 + 1,
    Number.MAX_SAFE_INTEGER,
  ];
  const revisions = [...numbers, ...numbers.toReversed()];
  for (const [at, first] of numbers.entries()) {
    const rows = [first, ...numbers.toSpliced(at, 1).toReversed()];
    for (let from = 0; from < numbers.length; from += 1) {
      const ends = rows.map((row, index) => [row, revisions[from + index] ?? 0] as const);
      expect([...decodeEnds(blobOf(ends))]).toEqual(ends);
    }
  }
  expect(decodeEnds(blobOf([]))).toEqual(new Map());
});

it('leases that were granted and ended together take a byte each', () => {
  const ends = Array.from({ length: 2_048 }, (_, at) => [90_000 - at, 1_700_000_000_000_000 + at] as const);
  expect(blobOf(ends).length).toBeLessThan(ends.length + 16);
});
