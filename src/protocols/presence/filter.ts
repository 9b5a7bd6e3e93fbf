/**
 * Filter expressions of a subscriber (documentation page on stream filtering): parsed once a request, then tried on each
 * envelope's metadata (bare names, or `meta.x`) and payload (`data.x`). Pure.
 *
 * An expression is bounded when it is parsed: 8,192 characters, 512 terms (a name with its path, a number or a text is one),
 * 64 levels of nesting. So is the work for one message: enough for more than 100 searches through a payload of 32 KiB.
 *
 * A name that is not there is falsy and equal to nothing. Our precedence, since the documents give none, is that of C:
 * `||`, `&&`, `|`, `^`, `&`, equality, comparison with `contains` and `like`, sums, products, then `!`, `~` and `-`.
 */
import { charge, isNumber, isTrue, levels, member, TooMuchWork, type Work } from './filter-values.ts';

/** The expression cannot be understood. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** The expression is larger than the server evaluates. The message names the bound. */
export class FilterTooLarge extends FilterError {}

/** What an expression is tried on. */
export interface Candidate {
  readonly meta: unknown;
  /** Called at most once, and only by expressions that look into the payload. */
  data(): unknown;
}

/**
 * Whether the expression holds of the candidate. Adds the cost of the evaluation, without that of `data()`, to `total`. Throws
 * FilterTooLarge if it costs too much.
 */
export type Filter = (candidate: Candidate, total?: Work) => boolean;

/** One evaluation. */
interface Scope {
  readonly meta: unknown;
  readonly work: Work;
  /** Payload of the candidate. */
  data(): unknown;
}

type Evaluate = (scope: Scope) => unknown;

const maxCharacters = 8_192;
const maxDepth = 64;
const maxTerms = 512;

const token =
  /\s*(?:(?<number>0x[\da-f]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)|(?<sign>\|\||&&|==|!=|<=|>=|[-+*/%<>!~&|^()[\],.]))/iuy;

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end';
  readonly text: string;
}

function tokensOf(expression: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  let at = 0;
  const { length } = expression.trimEnd();
  while (at < length) {
    token.lastIndex = at;
    const groups = token.exec(expression)?.groups;
    if (groups === undefined) throw new FilterError(`unreadable at character ${at + 1}`);
    at = token.lastIndex;
    for (const kind of ['number', 'text', 'name', 'sign'] as const) {
      const text = groups[kind];
      if (text !== undefined) tokens.push({ kind, text });
    }
  }
  tokens.push({ kind: 'end', text: 'the end' });
  return tokens;
}

/** Parses an expression. Throws FilterError for what is none, and FilterTooLarge for what is over a bound. */
export function parseFilter(expression: string): Filter {
  if (expression.length > maxCharacters) throw new FilterTooLarge(`at most ${maxCharacters} characters`);
  const tokens = tokensOf(expression);
  let at = 0;
  let depth = 0;
  let terms = 0;
  const countTerm = (): void => {
    terms += 1;
    if (terms > maxTerms) throw new FilterTooLarge(`at most ${maxTerms} terms`);
  };
  const current = (): Token => tokens[at] ?? { kind: 'end', text: 'the end' };
  const isSign = (text: string): boolean => current().kind === 'sign' && current().text === text;
  const take = (text: string): boolean => {
    if (!isSign(text)) return false;
    at += 1;
    return true;
  };
  const expect = (text: string): void => {
    if (!take(text)) throw new FilterError(`${text} expected before ${current().text}`);
  };
  const nested = (parse: () => Evaluate): Evaluate => {
    depth += 1;
    if (depth > maxDepth) throw new FilterTooLarge(`at most ${maxDepth} levels of nesting`);
    const parsed = parse();
    depth -= 1;
    return parsed;
  };

  const either = (): Evaluate => {
    let left = both();
    while (take('||')) {
      const [a, b] = [left, both()];
      left = (scope) => isTrue(a(scope)) || isTrue(b(scope));
    }
    return left;
  };
  const both = (): Evaluate => {
    let left = binary(0);
    while (take('&&')) {
      const [a, b] = [left, binary(0)];
      left = (scope) => isTrue(a(scope)) && isTrue(b(scope));
    }
    return left;
  };
  const binary = (level: number): Evaluate => {
    const operators = levels[level];
    if (operators === undefined) return unary();
    let left = binary(level + 1);
    for (;;) {
      const { kind, text } = current();
      const word = kind === 'name' ? text.toLowerCase() : text;
      const operate =
        (kind === 'sign' || kind === 'name') && Object.hasOwn(operators, word) ? operators[word] : undefined;
      if (operate === undefined) return left;
      at += 1;
      const [a, b] = [left, binary(level + 1)];
      left = (scope) => {
        charge(scope.work, 1);
        return operate(a(scope), b(scope), scope.work);
      };
    }
  };
  const unary = (): Evaluate => {
    if (take('!')) {
      const value = nested(unary);
      return (scope) => !isTrue(value(scope));
    }
    if (isSign('-') || isSign('~')) {
      const inverts = take('~');
      if (!inverts) take('-');
      const value = nested(unary);
      return (scope) => {
        const operand = value(scope);
        if (!isNumber(operand)) return undefined;
        return inverts ? ~operand : -operand;
      };
    }
    return primary();
  };
  const primary = (): Evaluate => {
    const { kind, text } = current();
    if (kind !== 'sign' && kind !== 'end') countTerm();
    if (kind === 'number') {
      at += 1;
      const value = Number(text);
      return () => value;
    }
    if (kind === 'text') {
      at += 1;
      const value = text.slice(1, -1).replace(/\\(.)/gsu, '$1');
      return () => value;
    }
    if (kind === 'name') {
      at += 1;
      return path(text);
    }
    if (take('(')) return parenthesis();
    throw new FilterError(`a value expected before ${text}`);
  };
  /** One value in parentheses, or a list of several. */
  const parenthesis = (): Evaluate => {
    const items = [nested(either)];
    while (take(',')) items.push(nested(either));
    expect(')');
    const [only] = items;
    if (items.length === 1 && only !== undefined) return only;
    return (scope) => items.map((item) => item(scope));
  };
  const path = (text: string): Evaluate => {
    if (/^(?:true|false)$/i.test(text)) {
      const value = text.toLowerCase() === 'true';
      return () => value;
    }
    const names = text.split('.');
    const inData = names[0] === 'data' && (names.length > 1 || isSign('['));
    const inMeta = names[0] === 'meta' && (names.length > 1 || isSign('['));
    if (inData || inMeta) names.shift();
    const base: Evaluate = inData ? (scope) => scope.data() : (scope) => scope.meta;
    let found = membersOf(base, names);
    for (;;) {
      const whole = found;
      if (take('[')) {
        const key = nested(either);
        expect(']');
        found = (scope) => member(whole(scope), key(scope));
      } else if (take('.')) {
        const { kind, text: name } = current();
        if (kind !== 'name') throw new FilterError(`a name expected before ${name}`);
        at += 1;
        countTerm();
        found = membersOf(whole, name.split('.'));
      } else return found;
    }
  };

  const evaluate = either();
  if (current().kind !== 'end') throw new FilterError(`nothing more expected before ${current().text}`);
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

/** A path through objects, in a loop: a path of thousands of names would not fit the stack as nested calls. */
function membersOf(base: Evaluate, names: readonly string[]): Evaluate {
  return (scope) => {
    charge(scope.work, 1 + names.length);
    let value = base(scope);
    for (const name of names) value = member(value, name);
    return value;
  };
}

/** Returns what `read` returns, which is called at most once. */
function once<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    known ??= { value: read() };
    return known.value;
  };
}
