/** Assertions on requests and events that wait for what they assert. */
import { type Static, Type } from '@sinclair/typebox';
import { Duration, durationMs } from '../duration.ts';
import { differences, Selector } from '../selector/selector.ts';
import type { Item, Source } from './source.ts';

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
    after: Type.Optional(Type.Integer({ minimum: 0, description: 'only entries after this cursor count' })),
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
      'false: entries that may have counted were already dropped, or are in the journals of other nodes',
  }),
  unseenNodes: Type.Array(Type.String(), {
    description:
      'nodes over the same Redis whose requests were not looked at: each keeps a journal of those that it served',
  }),
  entries: Type.Array(Type.Record(Type.String(), Type.Unknown())),
  closest: Type.Array(Type.Object({ seq: Type.Integer(), differs: Type.Array(Difference) }), {
    description: 'the entries that differ least',
  }),
  cursor: Type.Integer({ description: 'for `after` of a later verification' }),
  waitedMs: Type.Integer(),
  message: Type.String({ description: 'what was expected and what was found, for an assertion' }),
});
export type Verdict = Static<typeof Verdict>;

/** Bounds of what is counted; a verification without `times` expects at least one. */
interface Bounds {
  readonly atLeast: number;
  readonly atMost: number;
}

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
    const leftMs = waitMs - (monotonicMs() - startedMs);
    const found = matching(source, wanted);
    const isEnough = found.count >= bounds.atLeast;
    const isTooMany = found.count > bounds.atMost;
    if (isTooMany || leftMs <= 0 || (isEnough && !hasUpperBound))
      return verdict(source, wanted, {
        ...found,
        satisfied: isEnough && !isTooMany,
        waitedMs: monotonicMs() - startedMs,
      });
    await changeOrTimeout(source, leftMs);
  }
}

function changeOrTimeout(source: Source, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  const stop = source.onChange(resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    stop();
  });
}

interface Found {
  readonly count: number;
  readonly entries: readonly Item[];
}

/** Entries that match the selector, or the last of each run that matches the sequence. */
function matching(source: Source, { match = {}, sequence, after = 0 }: Verification): Found {
  const items = source.items(after);
  if (sequence === undefined) {
    const matched = items.filter(({ selectable }) => differences(selectable, match).length === 0);
    return { count: matched.length, entries: matched };
  }
  const matched: Item[] = [];
  let step = 0;
  let runs = 0;
  for (const item of items) {
    const selector = sequence[step];
    if (selector === undefined || differences(item.selectable, selector).length > 0) continue;
    matched.push(item);
    step += 1;
    if (step === sequence.length) {
      runs += 1;
      step = 0;
    }
  }
  return { count: runs, entries: matched };
}

const maxShown = 3;

function verdict(
  source: Source,
  wanted: Verification,
  { count, entries, satisfied, waitedMs }: Found & { readonly satisfied: boolean; readonly waitedMs: number },
): Verdict {
  const { after = 0, match, sequence } = wanted;
  const { unseenNodes } = source;
  const isDropped = after < source.droppedThrough;
  const complete = !isDropped && unseenNodes.length === 0;
  // A lower bound that was reached holds whatever was dropped, or is elsewhere.
  const isCertain = complete || boundsOf(wanted).atMost === Number.POSITIVE_INFINITY;
  const isSatisfied = satisfied && isCertain;
  const closest = satisfied
    ? []
    : closestTo(source, after, sequence?.[entries.length % sequence.length] ?? match ?? {});
  return {
    satisfied: isSatisfied,
    count,
    complete,
    unseenNodes: [...unseenNodes],
    entries: entries.slice(0, 100).map((item) => item.render()),
    closest,
    cursor: source.newest,
    waitedMs: Math.round(waitedMs),
    message: isSatisfied ? 'satisfied' : describe(wanted, { count, isDropped, unseenNodes, closest }),
  };
}

/** The entries that differ in the fewest members, the newest first. */
function closestTo(source: Source, after: number, selector: Selector): Verdict['closest'] {
  return source
    .items(after)
    .toReversed()
    .map(({ seq, selectable }) => ({ seq, differs: differences(selectable, selector) }))
    .filter(({ differs }) => differs.length > 0)
    .toSorted((a, b) => a.differs.length - b.differs.length)
    .slice(0, maxShown);
}

function describe(
  wanted: Verification,
  {
    count,
    isDropped,
    unseenNodes,
    closest,
  }: Pick<Verdict, 'count' | 'closest'> & {
    readonly isDropped: boolean;
    readonly unseenNodes: readonly string[];
  },
): string {
  const { atLeast, atMost } = boundsOf(wanted);
  const bound =
    atLeast === atMost
      ? `exactly ${atLeast}`
      : atMost === Number.POSITIVE_INFINITY
        ? `at least ${atLeast}`
        : `${atLeast} to ${atMost}`;
  const what = JSON.stringify(wanted.sequence ?? wanted.match ?? {});
  const lines = [
    `expected ${bound} of ${what}`,
    `found    ${count}${isDropped ? ' (older ones were dropped, or not recorded)' : ''}`,
  ];
  if (unseenNodes.length > 0)
    lines.push(
      `unseen   requests to ${unseenNodes.length} more node${unseenNodes.length > 1 ? 's' : ''}, which keep journals themselves (${unseenNodes.join(', ')}); {"of":"events","match":{"type":"request"}} counts those of all`,
    );
  for (const { seq, differs } of closest) {
    const pairs = differs.map(
      ({ path, expected, actual }) => `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`,
    );
    lines.push(`close    #${seq}: ${pairs.join('; ')}`);
  }
  return lines.join('\n');
}
