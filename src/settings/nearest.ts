/** The valid name that a misspelt one is most like. Pure. */
import leven from 'leven';

/** Of a name, no more is compared or quoted. */
const maxCompared = 100;

/** Returns an error message that names an unknown name and the nearest valid one. */
export function describeUnknown(name: string, known: readonly string[]): string {
  const given = name.slice(0, maxCompared);
  const [nearest] = known.toSorted((a, b) => leven(given, a) - leven(given, b));
  const hint = nearest === undefined ? '' : `; did you mean ${JSON.stringify(nearest)}?`;
  return `unknown name ${JSON.stringify(given)}${hint}`;
}
