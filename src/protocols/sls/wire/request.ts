/** Decodes the parts that SLS requests have in common: dates, queries and JSON bodies. */
import { requestSeconds } from './authentication.ts';
import type { SlsCall } from './call.ts';
import { errors } from './errors.ts';

/**
 * Returns when the client says that it sent the request, seconds since 1970; undefined if it does not say, or not readably. The value is for
 * comparing requests of one client: the server's own clock has no part in it.
 */
export function sentAtOf(headers: SlsCall['headers']): number | undefined {
  const written = headers['x-log-date'] ?? headers.date;
  if (written === undefined) return undefined;
  const seconds = requestSeconds(written);
  return seconds >= 0 ? seconds : undefined;
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

/** Returns a body without the members that are null: clients write null for what their caller did not set. */
export function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}

/** Returns the members of a body that a schema names; what else clients send is not stored. */
export function pickMembers<T extends object>(value: T, properties: object): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(properties, name))) as T;
}
