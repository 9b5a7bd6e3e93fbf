/** The valid name that a misspelt one is most like. Pure. */
import leven from 'leven';

/** Of a name, no more is compared or quoted. */
const maxCompared = 100;

/** Of names that may be many, no more are compared. */
const maxNames = 1_000;

/** Returns the known names that are most like a name, the nearest first, at most `limit`. */
export function nearestNames(name: string, known: readonly string[], limit: number): readonly string[] {
  const given = name.slice(0, maxCompared);
  return known
    .slice(0, maxNames)
    .map((candidate) => ({ candidate, distance: leven(given, candidate.slice(0, maxCompared)) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

/** Returns an error message that names an unknown name and the nearest valid one. */
export function describeUnknown(name: string, known: readonly string[]): string {
  const given = name.slice(0, maxCompared);
  const [nearest] = known.toSorted((a, b) => leven(given, a) - leven(given, b));
  const hint = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
  return `unknown name ${JSON.stringify(given)}${hint}`;
}
