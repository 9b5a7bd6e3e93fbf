/** Patterns of tokens: regular expressions of RE2, as the vendor documents them, matched in linear time. */
import { RE2JS } from 're2js';
import { makeBoundedMap } from '../../kit/bounded-map.ts';

const maxCompiled = 256;

/** Compiled patterns; null: none of RE2's. */
const compiled = makeBoundedMap<string, RE2JS | null>(maxCompiled);

/** Whether a part of a name matches a pattern. No name matches a pattern that is malformed. */
export function matchesPattern(pattern: string, name: string): boolean {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    expression = compile(pattern);
    compiled.set(pattern, expression);
  }
  return expression?.test(name) === true;
}

/** Returns what is wrong with a pattern; undefined for one that can be matched. */
export function faultOfPattern(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** A pattern that would need too much memory is malformed too: the engine has bounds of its own. */
function compile(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}
