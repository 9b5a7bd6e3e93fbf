/** Assertions on requests and events that wait for what they assert. */
import { type Static, Type } from '@sinclair/typebox';
import { Duration, durationMs } from '../duration.ts';
import { JournalCursor } from '../journal/nodes/position.ts';
import { Selector } from '../selector/selector.ts';
import { type Bounds, messageOf } from './message.ts';
import type { Closest, Look, Source } from './source.ts';
import { maxClosest } from './tally.ts';

const maxWaitMs = 10 * 60_000;
const Count = Type.Integer({ minimum: 0, maximum: 1_000_000 });

export const Verification = Type.Object(
  {
    match: Type.Optional(Selector),
    sequence: Type.Optional(
      Type.Array(Selector, {
        minItems: 1,
        maxItems: 100,
        description: 'selectors that must match in this order',
      }),
    ),
    times: Type.Optional(
      Type.Object(
        { atLeast: Type.Optional(Count), atMost: Type.Optional(Count), exactly: Type.Optional(Count) },
        { additionalProperties: false, minProperties: 1 },
      ),
    ),
    after: Type.Optional(JournalCursor),
    within: Type.Optional(Duration),
    neverFor: Type.Optional(Duration),
    of: Type.Optional(Type.Union([Type.Literal('journal'), Type.Literal('events')])),
  },
  { additionalProperties: false, description: 'At least once, unless `times` says otherwise' },
);
export type Verification = Static<typeof Verification>;

const Difference = Type.Object({ path: Type.String(), expected: Type.Unknown(), actual: Type.Unknown() });

export const Verdict = Type.Object({
  satisfied: Type.Boolean(),
  count: Type.Integer(),
  complete: Type.Boolean({
    description:
      'false: entries that may have counted were already dropped, or are those of nodes that were not seen',
  }),
  unseenNodes: Type.Array(Type.String(), {
    description:
      'nodes over the same Redis whose requests were not looked at: they did not answer, keep no journal, or are gone',
  }),
  entries: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  closest: Type.Array(
    Type.Object({
      ...{ seq: Type.Integer(), differs: Type.Array(Difference) },
      node: Type.Optional(Type.String({ description: 'over Redis: the node that has the entry' })),
    }),
    { description: 'the entries that differ least' },
  ),
  cursor: Type.Union([Type.Integer(), Type.String()], {
    description: 'for `after` of a later verification; over Redis, of requests, text',
  }),
  waitedMs: Type.Integer(),
  message: Type.String({ description: 'what was expected and what was found, for an assertion' }),
});
export type Verdict = Static<typeof Verdict>;

/** Returns the bounds of what is counted; a verification without `times` expects at least one. */
function boundsOf({ times, neverFor }: Verification): Bounds {
  if (neverFor !== undefined) return { atLeast: 0, atMost: 0 };
  const { exactly, atLeast, atMost = Number.POSITIVE_INFINITY } = times ?? {};
  if (exactly !== undefined) return { atLeast: exactly, atMost: exactly };
  return { atLeast: atLeast ?? (times?.atMost === undefined ? 1 : 0), atMost };
}

/**
 * Resolves once the verdict is certain: as soon as enough entries match and no upper bound could still be exceeded, at once when an
 * upper bound is exceeded, and otherwise after `within` or `neverFor` of wall time. Wakes when an entry is added; never polls.
 */
export async function verify(
  source: Source,
  wanted: Verification,
  monotonicMs: () => number,
): Promise<Verdict> {
  const startedMs = monotonicMs();
  const bounds = boundsOf(wanted);
  const waitMs = Math.min(durationMs(wanted.neverFor ?? wanted.within ?? 0), maxWaitMs);
  const hasUpperBound = bounds.atMost !== Number.POSITIVE_INFINITY;
  for (;;) {
    // Before the look: what is added while it goes on is looked at again.
    const leftMs = waitMs - (monotonicMs() - startedMs);
    const look = await source.look();
    const isEnough = look.count >= bounds.atLeast;
    const isTooMany = look.count > bounds.atMost;
    if (isTooMany || leftMs <= 0 || (isEnough && !hasUpperBound))
      return verdict(source, wanted, {
        ...{ look, bounds, isMet: isEnough && !isTooMany },
        waitedMs: monotonicMs() - startedMs,
      });
    await source.change(leftMs);
  }
}

interface Outcome {
  readonly look: Look;
  readonly bounds: Bounds;
  readonly isMet: boolean;
  readonly waitedMs: number;
}

async function verdict(
  source: Source,
  wanted: Verification,
  { look, bounds, isMet, waitedMs }: Outcome,
): Promise<Verdict> {
  const { count, places, next, cursor, isDropped, unseenNodes } = look;
  const complete = !isDropped && unseenNodes.length === 0;
  // A lower bound that was reached holds whatever was dropped, or was not seen.
  const satisfied = isMet && (complete || bounds.atMost === Number.POSITIVE_INFINITY);
  const entries = await source.render(places);
  const closest: readonly Closest[] = isMet ? [] : (await source.closest(next)).slice(0, maxClosest);
  return {
    ...{ satisfied, count, complete, unseenNodes: [...unseenNodes], entries: [...entries] },
    closest: closest.map(({ seq, differs, node }) => ({
      ...{ seq, differs },
      ...(node === undefined ? {} : { node }),
    })),
    ...{ cursor, waitedMs: Math.round(waitedMs) },
    message: satisfied ? 'satisfied' : messageOf(wanted, { bounds, count, isDropped, unseenNodes, closest }),
  };
}
