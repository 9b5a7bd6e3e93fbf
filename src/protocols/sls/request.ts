/** What a request says, beyond what its route and schema know. */
import type { FastifyRequest } from 'fastify';
import { errors } from './errors.ts';
import * as schemas from './schemas.ts';

/** The vendor refuses requests whose time is off by more, either way. */
const maxSkewSeconds = 15 * 60;

/** A client's time that is far off, or missing, says nothing about the order of its requests: then arrival counts. */
export function sentAtOf(headers: FastifyRequest['headers'], nowSeconds: number): number {
  const written = headers['x-log-date'] ?? headers.date;
  if (typeof written !== 'string') return nowSeconds;
  const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(written);
  const iso =
    basic === null ? written : `${basic[1]}-${basic[2]}-${basic[3]}T${basic[4]}:${basic[5]}:${basic[6]}Z`;
  const seconds = Math.floor(Date.parse(iso) / 1_000);
  return Math.abs(seconds - nowSeconds) <= maxSkewSeconds ? seconds : nowSeconds;
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
