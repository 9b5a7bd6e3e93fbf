/**
 * Filter expressions of a subscriber (documentation page on stream filtering): parsed once a request, then tried on each
 * envelope's metadata (bare names, or `meta.x`) and payload (`data.x`). Pure.
 *
 * A name that is not there is falsy and equal to nothing. Our precedence, since the documents give none, is that of C:
 * `||`, `&&`, `|`, `^`, `&`, equality, comparison with `contains` and `like`, sums, products, then `!`, `~` and `-`.
 */

/** The expression cannot be understood. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

/** What an expression is tried on. */
export interface Candidate {
  readonly meta: unknown;
  /** Asked for only by expressions that look into the payload. */
  data(): unknown;
}

export type Filter = (candidate: Candidate) => boolean;

type Evaluate = (candidate: Candidate) => unknown;

const maxCharacters = 8_192;
const maxDepth = 64;

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
  while (at < expression.trimEnd().length) {
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

const isNumber = (value: unknown): value is number => typeof value === 'number';

function numeric(operate: (a: number, b: number) => number): (a: unknown, b: unknown) => unknown {
  return (a, b) => (isNumber(a) && isNumber(b) ? operate(a, b) : undefined);
}

function ordered(holds: (a: number | string, b: number | string) => boolean) {
  return (a: unknown, b: unknown): unknown =>
    (isNumber(a) && isNumber(b)) || (typeof a === 'string' && typeof b === 'string') ? holds(a, b) : false;
}

function equal(a: unknown, b: unknown): boolean {
  return a !== undefined && b !== undefined && a === b;
}

function contains(whole: unknown, part: unknown): boolean {
  if (Array.isArray(whole)) return whole.some((item) => equal(item, part));
  return typeof whole === 'string' && typeof part === 'string' && whole.includes(part);
}

/** Of a list one item is enough. Lists in it are none: payloads may be nested as deep as they are long. */
function like(value: unknown, pattern: unknown): boolean {
  return Array.isArray(value) ? value.some((item) => isLike(item, pattern)) : isLike(value, pattern);
}

/** `*` stands for any characters; case does not matter. */
function isLike(value: unknown, pattern: unknown): boolean {
  if (typeof value !== 'string' || typeof pattern !== 'string') return false;
  const text = value.toLowerCase();
  const pieces = pattern.toLowerCase().split('*');
  const first = pieces.shift() ?? '';
  const last = pieces.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return text.length - at >= last.length && text.endsWith(last);
}

type Binary = (a: unknown, b: unknown) => unknown;

/** Loosest first. `&&` and `||` are apart: they do not look at their right side in vain. */
const levels: readonly Readonly<Record<string, Binary>>[] = [
  { '|': numeric((a, b) => a | b) },
  { '^': numeric((a, b) => a ^ b) },
  { '&': numeric((a, b) => a & b) },
  { '==': equal, '!=': (a, b) => !equal(a, b) },
  {
    '<': ordered((a, b) => a < b),
    '<=': ordered((a, b) => a <= b),
    '>': ordered((a, b) => a > b),
    '>=': ordered((a, b) => a >= b),
    contains,
    like,
  },
  {
    '+': (a, b) => (typeof a === 'string' && typeof b === 'string' ? a + b : numeric((x, y) => x + y)(a, b)),
    '-': numeric((a, b) => a - b),
  },
  { '*': numeric((a, b) => a * b), '/': numeric((a, b) => a / b), '%': numeric((a, b) => a % b) },
];

function member(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) return isNumber(key) ? value[key] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  // Whoever publishes chooses what is found: an object need not have a text.
  if (typeof key !== 'string' && !isNumber(key)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined;
}

/** Throws FilterError for what is no expression. */
export function parseFilter(expression: string): Filter {
  if (expression.length > maxCharacters) throw new FilterError(`longer than ${maxCharacters} characters`);
  const tokens = tokensOf(expression);
  let at = 0;
  let depth = 0;
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
    if (depth > maxDepth) throw new FilterError(`nested deeper than ${maxDepth}`);
    const parsed = parse();
    depth -= 1;
    return parsed;
  };

  const either = (): Evaluate => {
    let left = both();
    while (take('||')) {
      const [a, b] = [left, both()];
      left = (candidate) => isTrue(a(candidate)) || isTrue(b(candidate));
    }
    return left;
  };
  const both = (): Evaluate => {
    let left = binary(0);
    while (take('&&')) {
      const [a, b] = [left, binary(0)];
      left = (candidate) => isTrue(a(candidate)) && isTrue(b(candidate));
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
      left = (candidate) => operate(a(candidate), b(candidate));
    }
  };
  const unary = (): Evaluate => {
    if (take('!')) {
      const value = nested(unary);
      return (candidate) => !isTrue(value(candidate));
    }
    if (isSign('-') || isSign('~')) {
      const inverts = take('~');
      if (!inverts) take('-');
      const value = nested(unary);
      return (candidate) => {
        const operand = value(candidate);
        if (!isNumber(operand)) return undefined;
        return inverts ? ~operand : -operand;
      };
    }
    return primary();
  };
  const primary = (): Evaluate => {
    const { kind, text } = current();
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
    return (candidate) => items.map((item) => item(candidate));
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
    let found: Evaluate = inData ? (candidate) => candidate.data() : (candidate) => candidate.meta;
    for (const name of names) {
      const whole = found;
      found = (candidate) => member(whole(candidate), name);
    }
    for (;;) {
      const whole = found;
      if (take('[')) {
        const key = nested(either);
        expect(']');
        found = (candidate) => member(whole(candidate), key(candidate));
      } else if (take('.')) {
        const { kind, text: name } = current();
        if (kind !== 'name') throw new FilterError(`a name expected before ${name}`);
        at += 1;
        found = name
          .split('.')
          .reduce<Evaluate>((outer, part) => (candidate) => member(outer(candidate), part), whole);
      } else return found;
    }
  };

  const evaluate = either();
  if (current().kind !== 'end') throw new FilterError(`nothing more expected before ${current().text}`);
  return (candidate) => isTrue(evaluate(candidate));
}

function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}
