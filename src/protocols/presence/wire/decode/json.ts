/** JSON texts of clients: bounded in depth, and the `state` objects among them. */
import { errors } from '../errors.ts';
import { limits } from './limits.ts';

/** Parses a JSON text; throws `invalid()` for malformed JSON and for JSON that is nested too deep. */
export function parseJson(json: string, invalid: () => Error): unknown {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw invalid();
  }
  if (isTooDeep(json)) throw invalid();
  return value;
}

/** Strings match as a whole: brackets in them open nothing. */
const jsonMarks = /"(?:\\.|[^"\\])*"|[[\]{}]/g;

function isTooDeep(json: string): boolean {
  // Each level takes a bracket at either end.
  if (json.length <= 2 * limits.jsonDepth) return false;
  let depth = 0;
  for (const [mark] of json.matchAll(jsonMarks)) {
    if (mark === '[' || mark === '{') depth += 1;
    else if (mark === ']' || mark === '}') depth -= 1;
    if (depth > limits.jsonDepth) return true;
  }
  return false;
}

/** A `state` object. */
export type State = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a `state` parameter: one JSON object. */
export function parseState(text: string): State {
  if (text.length > limits.stateBytes) throw errors.stateTooLarge(limits.stateBytes);
  const state = parseJson(text, errors.invalidJson);
  if (!isObject(state)) throw errors.invalidJson();
  return state;
}

/** Returns the JSON text of the state that a keyed `state` object has for a name; undefined if it has none, or an empty one. */
export function stateOfName(state: State, name: string): string | undefined {
  if (!Object.hasOwn(state, name)) return undefined;
  const value = state[name];
  if (!isObject(value)) throw errors.invalidJson();
  return Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
}
