/** Parses filter expressions into functions that evaluate them, by recursive descent. Pure. */
import { end, FilterError, FilterTooLarge, type Token, tokenize } from './tokens.ts';
import { charge, isNumber, isTrue, levels, member, type Work } from './values.ts';

/** One evaluation. */
export interface Scope {
  readonly meta: unknown;
  readonly work: Work;
  /** Payload of the candidate. */
  data(): unknown;
}

export type Evaluate = (scope: Scope) => unknown;

const maxDepth = 64;
const maxTerms = 512;

/** How far an expression is parsed. */
interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
  terms: number;
}

/** Parses an expression. Throws FilterError for a malformed one, and FilterTooLarge for one that exceeds a bound. */
export function parse(expression: string): Evaluate {
  const cursor: Cursor = { tokens: tokenize(expression), at: 0, depth: 0, terms: 0 };
  const evaluate = parseOr(cursor);
  const { kind, text } = current(cursor);
  if (kind !== 'end') throw new FilterError(`end expected before ${text}`);
  return evaluate;
}

function current({ tokens, at }: Cursor): Token {
  return tokens[at] ?? end;
}

function isSign(cursor: Cursor, text: string): boolean {
  const token = current(cursor);
  return token.kind === 'sign' && token.text === text;
}

/** Moves past a sign if it is the current token. */
function take(cursor: Cursor, sign: string): boolean {
  if (!isSign(cursor, sign)) return false;
  cursor.at += 1;
  return true;
}

function expect(cursor: Cursor, sign: string): void {
  if (!take(cursor, sign)) throw new FilterError(`${sign} expected before ${current(cursor).text}`);
}

function countTerm(cursor: Cursor): void {
  cursor.terms += 1;
  if (cursor.terms > maxTerms) throw new FilterTooLarge(`at most ${maxTerms} terms`);
}

function nested(cursor: Cursor, parsePart: (cursor: Cursor) => Evaluate): Evaluate {
  cursor.depth += 1;
  if (cursor.depth > maxDepth) throw new FilterTooLarge(`at most ${maxDepth} levels of nesting`);
  const part = parsePart(cursor);
  cursor.depth -= 1;
  return part;
}

function parseOr(cursor: Cursor): Evaluate {
  let left = parseAnd(cursor);
  while (take(cursor, '||')) {
    const [a, b] = [left, parseAnd(cursor)];
    left = (scope) => isTrue(a(scope)) || isTrue(b(scope));
  }
  return left;
}

function parseAnd(cursor: Cursor): Evaluate {
  let left = parseBinary(cursor, 0);
  while (take(cursor, '&&')) {
    const [a, b] = [left, parseBinary(cursor, 0)];
    left = (scope) => isTrue(a(scope)) && isTrue(b(scope));
  }
  return left;
}

/** Parses the operators of a level and of those that bind tighter. */
function parseBinary(cursor: Cursor, level: number): Evaluate {
  const operators = levels[level];
  if (operators === undefined) return parseUnary(cursor);
  let left = parseBinary(cursor, level + 1);
  for (;;) {
    const { kind, text } = current(cursor);
    const word = kind === 'name' ? text.toLowerCase() : text;
    const operate =
      (kind === 'sign' || kind === 'name') && Object.hasOwn(operators, word) ? operators[word] : undefined;
    if (operate === undefined) return left;
    cursor.at += 1;
    const [a, b] = [left, parseBinary(cursor, level + 1)];
    left = (scope) => {
      charge(scope.work, 1);
      return operate(a(scope), b(scope), scope.work);
    };
  }
}

function parseUnary(cursor: Cursor): Evaluate {
  if (take(cursor, '!')) {
    const value = nested(cursor, parseUnary);
    return (scope) => !isTrue(value(scope));
  }
  const inverts = take(cursor, '~');
  if (!inverts && !take(cursor, '-')) return parsePrimary(cursor);
  const value = nested(cursor, parseUnary);
  return (scope) => {
    const operand = value(scope);
    if (!isNumber(operand)) return undefined;
    return inverts ? ~operand : -operand;
  };
}

function parsePrimary(cursor: Cursor): Evaluate {
  if (take(cursor, '(')) return parseParentheses(cursor);
  const { kind, text } = current(cursor);
  if (kind === 'sign' || kind === 'end') throw new FilterError(`value expected before ${text}`);
  countTerm(cursor);
  cursor.at += 1;
  if (kind === 'name') return parsePath(cursor, text);
  const value = kind === 'number' ? Number(text) : text.slice(1, -1).replace(/\\(.)/gsu, '$1');
  return () => value;
}

/** Parses one value in parentheses, or a list of several. */
function parseParentheses(cursor: Cursor): Evaluate {
  const items = [nested(cursor, parseOr)];
  while (take(cursor, ',')) items.push(nested(cursor, parseOr));
  expect(cursor, ')');
  const [only] = items;
  if (items.length === 1 && only !== undefined) return only;
  return (scope) => items.map((item) => item(scope));
}

/** Parses a truth value, or a path into the metadata or the payload. `text`: its first names, joined by dots. */
function parsePath(cursor: Cursor, text: string): Evaluate {
  if (/^(?:true|false)$/i.test(text)) {
    const value = text.toLowerCase() === 'true';
    return () => value;
  }
  const names = text.split('.');
  const [root] = names;
  const isRoot = names.length > 1 || isSign(cursor, '[');
  const isData = root === 'data' && isRoot;
  if (isData || (root === 'meta' && isRoot)) names.shift();
  let found = membersOf(isData ? (scope) => scope.data() : (scope) => scope.meta, names);
  for (;;) {
    const whole = found;
    if (take(cursor, '[')) {
      const key = nested(cursor, parseOr);
      expect(cursor, ']');
      found = (scope) => member(whole(scope), key(scope));
    } else if (take(cursor, '.')) found = membersOf(whole, parseNames(cursor));
    else return found;
  }
}

function parseNames(cursor: Cursor): readonly string[] {
  const { kind, text } = current(cursor);
  if (kind !== 'name') throw new FilterError(`name expected before ${text}`);
  cursor.at += 1;
  countTerm(cursor);
  return text.split('.');
}

/** Returns a member of a member and so on, in a loop: thousands of names as nested calls would not fit the stack. */
function membersOf(base: Evaluate, names: readonly string[]): Evaluate {
  return (scope) => {
    charge(scope.work, 1 + names.length);
    let value = base(scope);
    for (const name of names) value = member(value, name);
    return value;
  };
}
