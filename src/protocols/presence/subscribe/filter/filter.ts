/**
 * Filter expressions of a subscriber (documentation page on stream filtering): parsed once a request, then evaluated for the
 * metadata (bare names, or `meta.x`) and payload (`data.x`) of each envelope. Pure.
 *
 * An expression is bounded when it is parsed: 8,192 characters, 512 terms (a name with its path, a number or a text is one),
 * 64 levels of nesting. So is the work for one message: enough for more than 100 searches through a payload of 32 KiB.
 *
 * A missing name is falsy and equal to nothing. The precedence is the server's own, since the documents give none; it is that
 * of C: `||`, `&&`, `|`, `^`, `&`, equality, comparison with `contains` and `like`, sums, products, then `!`, `~` and `-`.
 */
import { parse } from './parse.ts';
import { FilterTooLarge } from './tokens.ts';
import { isTrue, TooMuchWork, type Work } from './values.ts';

export { FilterError, FilterTooLarge } from './tokens.ts';

/** What an expression is evaluated for. */
export interface Candidate {
  readonly meta: unknown;
  /** Called at most once, and only by expressions that look into the payload. */
  data(): unknown;
}

/**
 * Whether the expression holds for the candidate. Adds the cost of the evaluation, without that of `data()`, to `total`. Throws
 * FilterTooLarge if it costs too much.
 */
export type Filter = (candidate: Candidate, total?: Work) => boolean;

/** Parses an expression. Throws FilterError for a malformed one, and FilterTooLarge for one that exceeds a bound. */
export function parseFilter(expression: string): Filter {
  const evaluate = parse(expression);
  return (candidate, total = { spent: 0 }) => {
    const work = { spent: 0 };
    try {
      return isTrue(evaluate({ meta: candidate.meta, work, data: once(() => candidate.data()) }));
    } catch (error) {
      if (error instanceof TooMuchWork) throw new FilterTooLarge('too much work for one message');
      throw error;
    } finally {
      total.spent += work.spent;
    }
  };
}

/** Returns a function that calls `read` at most once and returns what it returned. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}
