/** The rate limit, where one is set. Source: REST API pages (status 429); the rest is the server's own. */
import rateLimit from '@fastify/rate-limit';
import type { FastifyRequest } from 'fastify';
import type { App } from '../../kit/protocol.ts';
import { limits } from './decode/limits.ts';
import { errors } from './errors.ts';

/** Clients counted at once; beyond that the ones not seen for longest start again. */
const maxClients = 100_000;

/** No subscribe key and no uuid has more UTF-16 units. */
const maxNameLength = 2 * Math.max(limits.subscribeKeyCharacters, limits.uuidCharacters);

/**
 * Limits the requests of each uuid (without one: of each address) on a subscribe key to `perSecond`; 0: no limit. More are
 * refused with 429 before their body is read. Each process counts for itself.
 */
export async function limitRate(app: App, perSecond: number): Promise<void> {
  if (perSecond === 0) return;
  await app.register(rateLimit, { global: false, cache: maxClients });
  const count = app.createRateLimit({ max: perSecond, timeWindow: 1_000, keyGenerator: clientOf });
  app.addHook('onRequest', async (request) => {
    // Time and preflight requests have no keyset and no limit.
    if ((request.params as Params).subscribeKey === undefined) return;
    const counted = await count(request);
    if (!counted.isAllowed && counted.isExceeded) throw errors.tooManyRequests(counted.ttlInSeconds);
  });
}

interface Params {
  readonly subscribeKey?: string;
}

/** A name that is longer than any may be is refused later, and need not be kept whole until then. */
function clientOf({ params, query, clientAddress }: FastifyRequest): string {
  const { subscribeKey = '' } = params as Params;
  const { uuid = '' } = query as { readonly uuid?: string };
  const names = uuid === '' ? [subscribeKey, '', clientAddress] : [subscribeKey, uuid];
  return JSON.stringify(names.map((name) => name.slice(0, maxNameLength)));
}
