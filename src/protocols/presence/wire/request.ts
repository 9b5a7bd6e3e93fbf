/** What a presence request says, taken from the raw target: a name may hold an encoded comma or slash. */
import { errors } from '../errors.ts';

/** Documented limits of the vendor; those of a uuid and of a channel name are counted in characters. */
export const limits = {
  uuidCharacters: 92,
  channelCharacters: 2_048,
  subscribeKeyCharacters: 256,
  uriBytes: 32 * 1_024,
  stateBytes: 32 * 1_024,
  /** A published message, and the lists of an interval event. */
  messageBytes: 32 * 1_024,
  signalBytes: 64,
  /** Ours: what is nested deeper than the stack is can be read, but never be written again. */
  jsonDepth: 100,
  hereNowUuids: 1_000,
  minTimeoutSeconds: 1,
  maxTimeoutSeconds: 86_400,
} as const;

export type Query = Readonly<Record<string, string | undefined>>;

/** Throws 414 over 32 KiB. */
export function checkLength(url: string): void {
  if (url.length > limits.uriBytes) throw errors.uriTooLong();
}

/**
 * Throws 400 for a query that is not UTF-8 in percent signs. Names in it would be taken as they are written, and then `%FF`
 * would be the same uuid as `%25FF`.
 */
export function checkQuery(url: string): void {
  const start = url.indexOf('?');
  if (start !== -1 && url.includes('%', start)) decode(url.slice(start), errors.unreadable);
}

/**
 * A segment of the path as on the wire, still encoded; the first, after the leading slash, is number 0. Empty if there are
 * not so many. `toEnd`: with all that come after it.
 */
export function segmentAt(url: string, number: number, toEnd = false): string {
  const query = url.indexOf('?');
  const end = query === -1 ? url.length : query;
  let start = 1;
  for (let passed = 0; passed < number; passed += 1) {
    const slash = url.indexOf('/', start);
    if (slash === -1 || slash >= end) return '';
    start = slash + 1;
  }
  const slash = toEnd ? -1 : url.indexOf('/', start);
  return url.slice(start, slash === -1 || slash > end ? end : slash);
}

/**
 * The parameters as they were meant: some SDKs send a filter's `&&` unescaped, which breaks the query in two.
 */
export function queryOf(url: string, parsed: Query): Query {
  if (!url.includes('filter-expr=') || !url.includes('&&')) return parsed;
  const parts = url.slice(url.indexOf('?') + 1).split('&');
  let at = parts.findIndex((part) => part.startsWith('filter-expr='));
  let filter = parts[at]?.slice('filter-expr='.length) ?? '';
  while (parts[at + 1] === '' && parts[at + 2] !== undefined) {
    filter += `&&${parts[at + 2]}`;
    at += 2;
  }
  return { ...parsed, 'filter-expr': decode(filter.replaceAll('+', ' '), errors.invalidFilter) };
}

/** One percent-decoding; throws `invalid()` for what is not UTF-8. */
export function decode(text: string, invalid: () => Error): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid();
  }
}

/** The presence companion of a channel: subscribed to for events, never somewhere to be. */
export const companion = '-pnpres';

export interface Names {
  /** Without companions and repetitions, in the order given. */
  readonly names: readonly string[];
  /** Something was named, if only companions. */
  readonly any: boolean;
}

const none: Names = { names: [], any: false };

function namesOf(parts: readonly string[], decodePart: (part: string) => string): Names {
  const { names, companionsOf } = listening(parts, decodePart);
  return { names, any: names.length > 0 || companionsOf.length > 0 };
}

/** What a subscriber listens to: messages of `names`, presence events of `companionsOf`; each in the order given, once. */
export interface Listening {
  readonly names: readonly string[];
  readonly companionsOf: readonly string[];
}

function listening(parts: readonly string[], decodePart: (part: string) => string): Listening {
  const names = new Set<string>();
  const companionsOf = new Set<string>();
  for (const part of parts) {
    if (part === '') continue;
    const name = decodePart(part);
    if (name.length > limits.channelCharacters) throw errors.invalidChannel();
    if (name.endsWith(companion)) companionsOf.add(name.slice(0, -companion.length));
    else names.add(name);
  }
  return { names: [...names], companionsOf: [...companionsOf] };
}

/** The one channel that a message is for. */
export function checkedChannel(name: string): string {
  if (name === '' || name.length > limits.channelCharacters) throw errors.invalidChannel();
  return name;
}

/** What a subscribe's path segment names. */
export function listeningTo(segment: string): Listening {
  return listening(segment.split(','), (part) => decode(part, errors.invalidChannel));
}

/** What a subscribe's `channel-group` names. */
export function listeningToGroups(parameter: string | undefined): Listening {
  return listening((parameter ?? '').split(','), (part) => part);
}

/** The channels of a path segment: split at commas first, then each name decoded once. A lone comma names none. */
export function channelsOf(segment: string): Names {
  // One plain name, as nearly all heartbeats have it.
  if (
    segment !== '' &&
    segment.length <= limits.channelCharacters &&
    !/[,%]/.test(segment) &&
    !segment.endsWith(companion)
  ) {
    return { names: [segment], any: true };
  }
  return namesOf(segment.split(','), (part) => decode(part, errors.invalidChannel));
}

/** The names of a query parameter that is decoded already. */
export function listOf(parameter: string | undefined): Names {
  return parameter === undefined || parameter === '' ? none : namesOf(parameter.split(','), (part) => part);
}

/** Throws for a subscribe key that cannot be one. */
export function subscribeKeyOf(segment: string): string {
  const key = decode(segment, errors.invalidSubscribeKey);
  if (key === '' || key.length > limits.subscribeKeyCharacters) throw errors.invalidSubscribeKey();
  return key;
}

/** The uuid of a heartbeat or leave. */
export function requiredUuid(uuid: string | undefined): string {
  if (uuid === undefined || uuid === '') throw errors.missingUuid();
  return checkedUuid(uuid);
}

function checkedUuid(uuid: string): string {
  // More UTF-16 units than the limit may still be no more characters.
  if (uuid.length > limits.uuidCharacters && [...uuid].length > limits.uuidCharacters)
    throw errors.invalidUuid();
  if (uuid === '') throw errors.missingUuid();
  return uuid;
}

/** The uuid that a path names. */
export function uuidOf(segment: string): string {
  return checkedUuid(decode(segment, errors.invalidUuid));
}

/** `heartbeat` in seconds, clamped; undefined where it is absent or empty (SDKs send both). */
export function timeoutSecondsOf(heartbeat: string | undefined): number | undefined {
  if (heartbeat === undefined || heartbeat === '') return undefined;
  if (!/^\d{1,15}$/.test(heartbeat)) throw errors.invalidHeartbeat();
  return Math.min(Math.max(Number(heartbeat), limits.minTimeoutSeconds), limits.maxTimeoutSeconds);
}

export type State = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a JSON text says; throws `invalid()` for what is none, and for what is nested too deep. */
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

/** Strings are passed over whole: brackets in them open nothing. */
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

/** A `state` parameter: one JSON object. */
export function stateOf(text: string): State {
  if (text.length > limits.stateBytes) throw errors.stateTooLarge(limits.stateBytes);
  const state = parseJson(text, errors.invalidJson);
  if (!isObject(state)) throw errors.invalidJson();
  return state;
}

/** The state that a keyed `state` object has for a name; undefined if it has none, or an empty one. */
export function stateFor(state: State, name: string): string | undefined {
  if (!Object.hasOwn(state, name)) return undefined;
  const value = state[name];
  if (!isObject(value)) throw errors.invalidJson();
  return Object.keys(value).length === 0 ? undefined : JSON.stringify(value);
}
