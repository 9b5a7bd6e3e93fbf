/** Reads the raw request target: a name in a path may contain an encoded comma or slash, so the router's parameters are of no use. */
import { errors } from '../errors.ts';
import { limits } from './limits.ts';

/** Query parameters, decoded. */
export type Query = Readonly<Record<string, string | undefined>>;

/** Throws 414 for a target over 32 KiB. */
export function checkLength(url: string): void {
  if (url.length > limits.uriBytes) throw errors.uriTooLong();
}

/**
 * Throws 400 for a query that is not percent-encoded UTF-8. The framework would take names in it as they are written, and
 * `%FF` would be the same uuid as `%25FF`.
 */
export function checkQueryEncoding(url: string): void {
  const start = url.indexOf('?');
  if (start !== -1 && url.includes('%', start)) percentDecode(url.slice(start), errors.unreadable);
}

/**
 * Returns a segment of the path as on the wire, still encoded; the first, after the leading slash, is number 0. Empty if there
 * are fewer segments.
 */
export function segmentAt(url: string, number: number): string {
  const end = endOfPath(url);
  const start = startOfSegment(url, number, end);
  if (start === -1) return '';
  const slash = url.indexOf('/', start);
  return url.slice(start, slash === -1 || slash > end ? end : slash);
}

/** Returns the path from a segment to its end, slashes included. Empty if there are fewer segments. */
export function pathFrom(url: string, number: number): string {
  const end = endOfPath(url);
  const start = startOfSegment(url, number, end);
  return start === -1 ? '' : url.slice(start, end);
}

function endOfPath(url: string): number {
  const query = url.indexOf('?');
  return query === -1 ? url.length : query;
}

function startOfSegment(url: string, number: number, end: number): number {
  let start = 1;
  for (let passed = 0; passed < number; passed += 1) {
    const slash = url.indexOf('/', start);
    if (slash === -1 || slash >= end) return -1;
    start = slash + 1;
  }
  return start;
}

/** Returns the path and the query of a target, both still encoded; the query is everything after the first question mark. */
export function splitTarget(url: string): { readonly path: string; readonly query: string } {
  const end = endOfPath(url);
  return { path: url.slice(0, end), query: url.slice(end + 1) };
}

/** Returns the parameters with a filter expression repaired: some SDKs send its `&&` unescaped, which splits it. */
export function repairFilter(url: string, parsed: Query): Query {
  if (!url.includes('filter-expr=') || !url.includes('&&')) return parsed;
  const parts = url.slice(url.indexOf('?') + 1).split('&');
  let at = parts.findIndex((part) => part.startsWith('filter-expr='));
  let filter = parts[at]?.slice('filter-expr='.length) ?? '';
  while (parts[at + 1] === '' && parts[at + 2] !== undefined) {
    filter += `&&${parts[at + 2]}`;
    at += 2;
  }
  return { ...parsed, 'filter-expr': percentDecode(filter.replaceAll('+', ' '), errors.invalidFilter) };
}

/** Decodes once; throws `invalid()` for a text that is not percent-encoded UTF-8. */
export function percentDecode(text: string, invalid: () => Error): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid();
  }
}
