/** What the operators of filter expressions compute. Every function is linear in the length of its operands. Pure. */
import { limits } from '../../wire/decode/limits.ts';

/**
 * Counts the work of an evaluation: about one unit for each operator, list item and character that is looked at, a few
 * nanoseconds each.
 */
export interface Work {
  spent: number;
}

/** An evaluation costs more than any message is worth. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/** Units of one evaluation: as many as 128 searches through a payload of the greatest size. */
const maxWork = 128 * limits.messageBytes;

/** Counts units of work before it is done. Throws TooMuchWork beyond the bound. */
export function charge(work: Work, units: number): void {
  work.spent += units;
  if (work.spent > maxWork) throw new TooMuchWork();
}

/** Computes a value of two operands, and adds what that costs to `work`. */
export type Binary = (a: unknown, b: unknown, work: Work) => unknown;

export const isNumber = (value: unknown): value is number => typeof value === 'number';

/** Characters of a text that operators join. A longer one is no value: joined texts would outgrow every message. */
const maxJoined = limits.messageBytes;
/** Comparing two texts looks at about so many characters in the time of one unit. */
const comparedPerUnit = 8;

function numeric(operate: (a: number, b: number) => number): Binary {
  return (a, b) => (isNumber(a) && isNumber(b) ? operate(a, b) : undefined);
}

function ordered(holds: (a: number | string, b: number | string) => boolean): Binary {
  return (a, b, work) => {
    if (isNumber(a) && isNumber(b)) return holds(a, b);
    if (typeof a !== 'string' || typeof b !== 'string') return false;
    charge(work, Math.min(a.length, b.length) / comparedPerUnit);
    return holds(a, b);
  };
}

function equal(a: unknown, b: unknown, work: Work): boolean {
  if (typeof a === 'string' && typeof b === 'string')
    charge(work, Math.min(a.length, b.length) / comparedPerUnit);
  return a !== undefined && b !== undefined && a === b;
}

function add(a: unknown, b: unknown): unknown {
  if (isNumber(a) && isNumber(b)) return a + b;
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  return a.length + b.length > maxJoined ? undefined : a + b;
}

/** `String.indexOf` is quadratic for some texts. It is used while even that costs less than preparing a better search. */
const maxNativeSearch = 1_048_576;

/**
 * Returns where `part` first occurs in `text` at or after `from`, or -1, in linear time: the algorithm of Knuth, Morris and
 * Pratt where `String.indexOf` might be slow.
 */
export function indexOfLinear(text: string, part: string, from: number): number {
  if ((text.length - from) * part.length <= maxNativeSearch) return text.indexOf(part, from);
  /** For each prefix of `part`: the length of the longest shorter prefix that it ends with. */
  const borders = new Uint32Array(part.length);
  let matched = 0;
  for (let at = 1; at < part.length; at += 1) {
    while (matched > 0 && part[at] !== part[matched]) matched = borders[matched - 1] ?? 0;
    if (part[at] === part[matched]) matched += 1;
    borders[at] = matched;
  }
  matched = 0;
  for (let at = from; at < text.length; at += 1) {
    while (matched > 0 && text[at] !== part[matched]) matched = borders[matched - 1] ?? 0;
    if (text[at] === part[matched]) matched += 1;
    if (matched === part.length) return at + 1 - matched;
  }
  return -1;
}

function contains(whole: unknown, part: unknown, work: Work): boolean {
  if (Array.isArray(whole)) {
    charge(work, whole.length);
    if (typeof part === 'string') return whole.some((item) => equal(item, part, work));
    return part !== undefined && whole.indexOf(part) !== -1;
  }
  if (typeof whole !== 'string' || typeof part !== 'string') return false;
  charge(work, whole.length + part.length);
  return indexOfLinear(whole, part, 0) !== -1;
}

/** Of a list one item is enough. Lists in it are none: payloads may be nested as deep as they are long. */
function like(value: unknown, pattern: unknown, work: Work): boolean {
  if (typeof pattern !== 'string') return false;
  const isLike = likeness(pattern, work);
  return Array.isArray(value) ? value.some(isLike) : isLike(value);
}

/** Returns a check against a pattern: `*` stands for any characters; case does not matter. */
function likeness(pattern: string, work: Work): (value: unknown) => boolean {
  charge(work, pattern.length);
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const last = rest.pop();
  // Every piece that is looked for takes characters of the text, so there are no more of them than that.
  const pieces = rest.filter((piece) => piece !== '');
  return (value) => {
    charge(work, 1);
    if (typeof value !== 'string') return false;
    charge(work, value.length);
    const text = value.toLowerCase();
    if (last === undefined) return text === first;
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const piece of pieces) {
      const found = indexOfLinear(text, piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return text.length - at >= last.length && text.endsWith(last);
  };
}

/** Loosest first. `&&` and `||` are apart: they do not look at their right side in vain. */
export const levels: readonly Readonly<Record<string, Binary>>[] = [
  { '|': numeric((a, b) => a | b) },
  { '^': numeric((a, b) => a ^ b) },
  { '&': numeric((a, b) => a & b) },
  { '==': equal, '!=': (a, b, work) => !equal(a, b, work) },
  {
    '<': ordered((a, b) => a < b),
    '<=': ordered((a, b) => a <= b),
    '>': ordered((a, b) => a > b),
    '>=': ordered((a, b) => a >= b),
    contains,
    like,
  },
  { '+': add, '-': numeric((a, b) => a - b) },
  { '*': numeric((a, b) => a * b), '/': numeric((a, b) => a / b), '%': numeric((a, b) => a % b) },
];

/** Returns a member of an object or an item of a list; undefined if there is none. */
export function member(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) return isNumber(key) ? value[key] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  // The publisher chooses what is found: an object need not have a text.
  if (typeof key !== 'string' && !isNumber(key)) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined;
}

/** Whether a value counts as true where an expression asks for a condition. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
}
