/** The valid name that a misspelt one is most like. Pure. */
import leven from 'leven';

/** Of a name, no more is compared or quoted. */
const maxCompared = 100;

/** Of names that may be many, no more are compared. */
const maxNames = 1_000;

/** Known names are listed instead of a suggestion up to this many characters. */
const maxListed = 200;

/** Part of a name that may differ in one that is suggested for it. */
const maxDifference = 0.4;

/** Returns the known names that are most like a name, the nearest first, at most `limit`. */
export function nearestNames(name: string, known: readonly string[], limit: number): readonly string[] {
  const given = name.slice(0, maxCompared);
  return known
    .slice(0, maxNames)
    .map((candidate) => ({ candidate, distance: distanceOf(given, candidate.slice(0, maxCompared)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Returns an error message that names an unknown name, and a valid one that it is like, or else the valid ones. */
export function describeUnknown(name: string, known: readonly string[], otherwise?: string): string {
  return `unknown name ${JSON.stringify(name.slice(0, maxCompared))}${suggestion(name, known, otherwise)}`;
}

/**
 * Returns the end of an error message for an unknown name: the known name that it is like; without such a name `otherwise`, which is
 * a list of the known ones if they are few.
 */
export function suggestion(
  name: string,
  known: readonly string[],
  otherwise: string = listOf(known),
): string {
  const given = name.slice(0, maxCompared);
  const [begun] = given.length > 1 ? known.filter((candidate) => candidate.startsWith(given)) : [];
  const nearest = nearestNames(given, known, 1).find((candidate) => isNear(given, candidate)) ?? begun;
  if (nearest !== undefined) return `; did you mean ${JSON.stringify(nearest)}?`;
  return otherwise === '' ? '' : `; ${otherwise}`;
}

function listOf(known: readonly string[]): string {
  const [only, ...more] = known.slice(0, maxNames);
  if (only === undefined) return '';
  const list = [only, ...more].join(', ');
  if (list.length > maxListed) return '';
  return more.length === 0 ? `the only one is ${list}` : `one of ${list}`;
}

/** Returns whether a name can be a known one with a slip of the pen. */
function isNear(given: string, candidate: string): boolean {
  const length = Math.max(given.length, candidate.length);
  const distance = distanceOf(given, candidate.slice(0, maxCompared));
  return distance < length && distance <= Math.max(1, length * maxDifference);
}

/** Returns how many characters differ, whatever their case; two neighbours that were swapped count as one. */
function distanceOf(given: string, candidate: string): number {
  const [a, b] = [given.toLowerCase(), candidate.toLowerCase()];
  if (a.length !== b.length) return leven(a, b);
  const at = [...a].findIndex((character, index) => character !== b[index]);
  const isSwap = a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
  return at !== -1 && isSwap ? 1 : leven(a, b);
}
