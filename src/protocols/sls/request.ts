/** What a request says, beyond what its route and schema know. */
import type { FastifyRequest } from 'fastify';
import { requestSeconds } from './authentication.ts';
import { errors } from './errors.ts';
import type { NewLogGroup } from './log-group.ts';
import * as schemas from './schemas.ts';

/**
 * Returns when the client says that it sent the request, seconds since 1970; undefined if it does not say, or not readably.
 * It is for comparing requests of one client: the server's own clock has no part in it.
 */
export function sentAtOf(headers: FastifyRequest['headers']): number | undefined {
  const written = headers['x-log-date'] ?? headers.date;
  if (typeof written !== 'string') return undefined;
  const seconds = requestSeconds(written);
  return seconds >= 0 ? seconds : undefined;
}

/** Parameters that were sent twice count once. */
export function firstOf(
  query: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string | undefined>> {
  for (const name in query) {
    if (Array.isArray(query[name])) {
      return Object.fromEntries(
        Object.entries(query).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value]),
      );
    }
  }
  return query as Readonly<Record<string, string | undefined>>;
}

export function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw errors.bodyInvalid();
  }
}

/** The members of a body that a schema names: what else clients send is not kept. */
export function known<T extends object>(value: T, properties: object): T {
  return Object.fromEntries(Object.entries(value).filter(([name]) => Object.hasOwn(properties, name))) as T;
}

/** The shards that a heartbeat lists; nothing where it has no body. */
export function heldOf(body: Buffer): readonly number[] {
  if (body.length === 0 || (body.length === 2 && body[0] === 0x5b && body[1] === 0x5d)) return [];
  const value = parsed(body);
  if (!schemas.checks.heartbeat.Check(value)) throw errors.bodyInvalid();
  return Array.isArray(value) ? value : value.shards;
}

export function pageOf<T>(
  all: readonly T[],
  query: { readonly offset?: string | undefined; readonly size?: string | undefined },
): readonly T[] {
  const number = (text: string | undefined, fallback: number): number => {
    if (text === undefined || text === '') return fallback;
    if (!/^\d{1,9}$/.test(text)) throw errors.parameterInvalid('offset or size is invalid');
    return Number(text);
  };
  const offset = number(query.offset, 0);
  return all.slice(offset, offset + Math.min(number(query.size, 100), 500));
}

/** The name, topic, source and tags of what a browser or a script sends as JSON ("PutWebtracking"). */
export function webtrackingOf(body: Buffer, time: number): NewLogGroup {
  const value = parsed(body);
  if (!schemas.checks.webtracking.Check(value)) throw errors.bodyInvalid();
  return {
    topic: value.__topic__ ?? '',
    source: value.__source__ ?? '',
    tags: value.__tags__ ?? {},
    time,
    logs: value.__logs__,
  };
}

/** The one log whose contents a query names ("Web Tracking"). */
export function trackedIn(query: Readonly<Record<string, string | undefined>>, time: number): NewLogGroup {
  const { APIVersion: _, __topic__: topic = '', __source__: source = '', ...rest } = query;
  const log = Object.entries(rest).map(([key, value]) => [key, value ?? ''] as const);
  return { topic, source, tags: {}, time, logs: [Object.fromEntries(log)] };
}

/** Where a shard is to be split: at a key, or into so many parts ("SplitShard"). */
export function splitAt(
  query: Readonly<Record<string, string | undefined>>,
): { readonly key: string } | { readonly count: number } {
  const { key = '', shardCount = '' } = query;
  if (key !== '' || shardCount === '') return { key };
  const count = Number(shardCount);
  if (!/^\d{1,4}$/.test(shardCount) || count < 2) throw errors.parameterInvalid('invalid shard count');
  return { count };
}
