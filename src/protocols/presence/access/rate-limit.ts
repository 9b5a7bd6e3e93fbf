/** Too many requests of one client, where a limit is set. Source: REST API pages (status 429); the rest is ours. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { App } from '../../kit/protocol.ts';
import { errors } from '../errors.ts';
import { limits } from '../wire/request.ts';

/** Clients counted at once; beyond that those not heard of for longest begin anew. */
const maxClients = 100_000;

/** No subscribe key and no uuid has more UTF-16 units. */
const maxNameLength = 2 * Math.max(limits.subscribeKeyCharacters, limits.uuidCharacters);

/** Hooks of the routes that are limited. */
export type RateLimit = readonly ((request: FastifyRequest) => Promise<void>)[];

/**
 * Throws 429 for what a uuid asks of a subscribe key (without a uuid: an address) beyond so many requests in a second.
 * Each process counts for itself. 0: no limit.
 */
export async function limitRate(app: App, perSecond: number): Promise<RateLimit> {
  if (perSecond === 0) return [];
  await app.register(rateLimit, { global: false, cache: maxClients });
  const count = app.createRateLimit({ max: perSecond, timeWindow: 1_000, keyGenerator: clientOf });
  return [
    async (request) => {
      const counted = await count(request);
      if (!counted.isAllowed && counted.isExceeded) throw errors.tooManyRequests(counted.ttlInSeconds);
    },
  ];
}

/** A name that is longer than any may be is refused later, and need not be kept whole until then. */
function clientOf({ params, query, ip }: FastifyRequest): string {
  const { subscribeKey = '' } = params as { readonly subscribeKey?: string };
  const { uuid = '' } = query as { readonly uuid?: string };
  const names = uuid === '' ? [subscribeKey, '', ip] : [subscribeKey, uuid];
  return JSON.stringify(names.map((name) => name.slice(0, maxNameLength)));
}
