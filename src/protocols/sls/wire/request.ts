/** Decodes the parts that SLS requests have in common: dates, queries and JSON bodies. */
import { maxSkewSeconds, requestSeconds } from './authentication.ts';
import type { SlsCall } from './call.ts';
import { errors } from './errors.ts';

/** A client's time that is far off, or missing, says nothing about the order of its requests: then arrival counts. */
export function sentAtOf(headers: SlsCall['headers'], nowSeconds: number): number {
  const written = headers['x-log-date'] ?? headers.date;
  if (typeof written !== 'string') return nowSeconds;
  const seconds = requestSeconds(written);
  return Math.abs(seconds - nowSeconds) <= maxSkewSeconds ? seconds : nowSeconds;
}

/** Returns the first value of each query parameter. */
export function firstValues(
  query: Readonly<Record<string, string | string[] | undefined>>,
): SlsCall['query'] {
  for (const name in query) {
    if (Array.isArray(query[name])) {
      return Object.fromEntries(
        Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]),
      );
    }
  }
  return query as SlsCall['query'];
}

/** Parses a JSON body. Throws PostBodyInvalid. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw errors.PostBodyInvalid('JSON');
  }
}

/** Returns the members of a body that a schema names; what else clients send is not stored. */
export function pickMembers<T extends object>(value: T, properties: object): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(properties, name))) as T;
}
