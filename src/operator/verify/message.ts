/** What a verdict says to people: what was expected, and what was found. Pure. */
import type { Selector } from '../selector/selector.ts';
import type { Closest } from './source.ts';

/** Bounds of what is counted. */
export interface Bounds {
  readonly atLeast: number;
  readonly atMost: number;
}

export interface Failed {
  readonly bounds: Bounds;
  readonly count: number;
  readonly isDropped: boolean;
  readonly unseenNodes: readonly string[];
  readonly closest: readonly Closest[];
}

/** Returns the message of an expectation that does not hold, for an assertion. */
export function messageOf(
  { match, sequence }: { readonly match?: Selector; readonly sequence?: readonly Selector[] },
  { bounds: { atLeast, atMost }, count, isDropped, unseenNodes, closest }: Failed,
): string {
  const bound =
    atLeast === atMost
      ? `exactly ${atLeast}`
      : atMost === Number.POSITIVE_INFINITY
        ? `at least ${atLeast}`
        : `${atLeast} to ${atMost}`;
  const lines = [
    `expected ${bound} of ${JSON.stringify(sequence ?? match ?? {})}`,
    `found    ${count}${isDropped ? ' (older ones were dropped, or not recorded)' : ''}`,
  ];
  if (unseenNodes.length > 0)
    lines.push(
      `unseen   requests to ${unseenNodes.length} more node${unseenNodes.length > 1 ? 's' : ''}, which did not answer or keep no journal (${unseenNodes.join(', ')}); {"of":"events","match":{"type":"request"}} counts those of all`,
    );
  for (const { seq, node, differs } of closest) {
    const pairs = differs.map(
      ({ path, expected, actual }) => `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
    );
    lines.push(`close    #${seq}${node === undefined ? '' : ` of ${node}`}: ${pairs.join('; ')}`);
  }
  return lines.join('\n');
}
