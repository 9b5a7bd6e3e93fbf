/** The operation that a request without a route was probably meant for, for readers of the journal. Pure. */
import leven from 'leven';

/** A route of a table; parameters of its path begin with a colon. */
export interface KnownRoute {
  readonly name: string;
  readonly methods: readonly string[];
  readonly path: string;
}

/** Of a path, no more is compared or quoted. */
const maxCompared = 200;
/** Paths with more segments are compared by their first. */
const maxSegments = 16;

/** Returns sentences on a request that no route matched: the method that its path takes, or the nearest path. */
export function explainUnrouted(
  method: string,
  path: string,
  routes: readonly KnownRoute[],
): readonly string[] {
  const shown = JSON.stringify(path.slice(0, maxCompared));
  const ranked = routes
    // Those with a wildcard answer what no other does, so they are never meant.
    .filter((route) => !route.path.includes('*'))
    .map((route) => ({ route, distance: distanceOf(segmentsOf(path), segmentsOf(route.path)) }))
    .sort((a, b) => a.distance - b.distance);
  const [nearest] = ranked;
  if (nearest === undefined) return [];
  const { route, distance } = nearest;
  const wanted = `${route.methods.join(' or ')} ${route.path} (${route.name})`;
  if (distance > 0) return [`No route has the path ${shown}. The nearest is ${wanted}.`];
  const samePath = ranked.filter((one) => one.distance === 0).map((one) => one.route);
  if (samePath.some(({ methods }) => methods.includes(method)))
    return [`The path ${shown} is that of ${wanted}, but a name in it or a parameter is missing.`];
  const methods = [...new Set(samePath.flatMap((one) => one.methods))];
  return [`${shown} is served for ${methods.join(' and ')}, not for ${method}: ${wanted}.`];
}

const segmentsOf = (path: string): readonly string[] =>
  path.slice(0, maxCompared).split('/').slice(1, maxSegments);

/** Returns how many characters of fixed segments differ; 0 if the path is the route's, whatever its parameters are. */
function distanceOf(given: readonly string[], route: readonly string[]): number {
  let distance = 0;
  for (let at = 0; at < Math.max(given.length, route.length); at += 1) {
    const [mine, its] = [given[at], route[at]];
    if (mine === undefined || its === undefined) distance += missingSegment;
    else if (!its.startsWith(':')) distance += leven(mine, its);
  }
  return distance;
}

/** What a missing or surplus segment counts, in characters. */
const missingSegment = 8;
