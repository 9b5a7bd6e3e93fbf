/** What clients sent and what came back, and assertions on it that wait. */
import type { RenderedEntry } from '../operator/journal/render.ts';
import type { Selector } from '../operator/selector/selector.ts';
import type { Verdict, Verification } from '../operator/verify/verify.ts';
import type { Duration } from './clock.ts';
import type { Requester } from './request.ts';

export type { RenderedEntry, Verdict, Verification };

/** A sequence number; over Redis a text, which has one for each node. */
export type JournalCursor = number | string;

export interface JournalPage {
  readonly entries: readonly RenderedEntry[];
  /** For `after` of the next page. */
  readonly cursor: JournalCursor;
  /** True: entries after the cursor asked for were already dropped. */
  readonly gap: boolean;
  /** Nodes over the same Redis whose entries are missing. */
  readonly unseenNodes: readonly string[];
}

export interface PageOptions {
  readonly after?: JournalCursor;
  readonly limit?: number;
  readonly order?: 'oldest' | 'newest';
}

/** How many, and how long to wait for it. */
export type Expectation = Verification['times'] & {
  readonly within?: Duration;
  /** Only what came after this cursor counts. */
  readonly after?: JournalCursor;
};

export interface Journal {
  read(selector?: Selector, options?: PageOptions): Promise<JournalPage>;
  /** Resolves once enough requests match, by default one within 5 s. Rejects with ExpectationFailed. */
  waitFor(selector: Selector, expected?: Expectation): Promise<Verdict>;
  /** Resolves if no request matches for a time. Rejects with ExpectationFailed at the first that does. */
  never(selector: Selector, duration: Duration): Promise<Verdict>;
  /** The requests as curl commands, a line each. */
  curl(selector?: Selector, options?: PageOptions): Promise<string>;
  /** A HAR 1.2 document. */
  har(selector?: Selector, options?: PageOptions): Promise<unknown>;
  /** Removes what matches; resolves to the number of entries. */
  clear(selector?: Selector): Promise<number>;
}

/** A verdict on events, whose cursor is a sequence number also over Redis. */
export type EventVerdict = Verdict & { readonly cursor: number };

/** An expectation that did not hold; the message shows the closest entries. */
export class ExpectationFailed extends Error {
  override readonly name = 'ExpectationFailed';
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.message);
    this.verdict = verdict;
  }
}

/** Resolves to the verdict of an expectation that holds. Rejects with ExpectationFailed. */
export async function verify({ json }: Requester, wanted: Verification): Promise<Verdict> {
  const verdict = await json<Verdict>('POST', '/verify', { body: wanted, accepts: [422] });
  if (!verdict.satisfied) throw new ExpectationFailed(verdict);
  return verdict;
}

const patience = '5s';

/** Returns the verification of an expectation. */
export function expectationOf(
  match: Selector,
  { within = patience, after, ...times }: Expectation = {},
): Verification {
  return {
    match,
    within,
    ...(after === undefined ? {} : { after }),
    ...(Object.keys(times).length === 0 ? {} : { times }),
  };
}

/** Returns the journal of a server, as far as it matches `scope`. */
export function makeJournal(requester: Requester, scope: Selector = {}): Journal {
  const { json, text } = requester;
  const queryOf = (selector: Selector = {}, options: PageOptions = {}) => ({
    ...scope,
    ...selector,
    ...options,
  });
  return {
    read: (selector, options) => json('GET', '/journal', { query: queryOf(selector, options) }),
    waitFor: (selector, expected) => verify(requester, expectationOf(queryOf(selector), expected)),
    never: (selector, duration) => verify(requester, { match: queryOf(selector), neverFor: duration }),
    curl: (selector, options) =>
      text('GET', '/journal', { query: { ...queryOf(selector, options), format: 'curl' } }),
    har: (selector, options) =>
      json('GET', '/journal', { query: { ...queryOf(selector, options), format: 'har' } }),
    clear: async (selector) =>
      (await json<{ readonly removed: number }>('DELETE', '/journal', { query: queryOf(selector) })).removed,
  };
}
