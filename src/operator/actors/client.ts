/** One client of an actor: its turns on the lease clock, one at a time, and what became of them. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SimulatedClient } from '../../protocols/kit/actors/actor-kit.ts';

export interface ActorClient {
  readonly name: string;
  readonly played: SimulatedClient;
  beats: number;
  lost: number;
  problem: string | undefined;
  /** Reading of the tenant's lease clock at which it beats next; Infinity: it does not. */
  nextMs: number;
  /** The turn under way: a fault may hold its request. */
  turning: Promise<void> | undefined;
  /** The turn under way was waited for in vain. */
  isLate: boolean;
}

/** Makes a turn of one client, unless one is under way. Never rejects. */
export function takeTurn(client: ActorClient, leaseMs: number, everyMs?: number): Promise<void> {
  if (client.turning !== undefined) return client.turning;
  client.beats += 1;
  client.isLate = false;
  client.turning = client.played
    .turn(leaseMs)
    .then(
      (problem) => {
        client.problem = problem;
      },
      (error: Error) => {
        client.problem = error.message;
      },
    )
    .finally(() => {
      client.turning = undefined;
      if (client.nextMs !== Number.POSITIVE_INFINITY)
        client.nextMs = leaseMs + Math.max(1, everyMs ?? client.played.everyMs);
    });
  return client.turning;
}

/** How long requests of actors are waited for, ms: a fault may hold them. */
export const maxTurnMs = 5_000;

/** Resolves with a promise, or with `late` after `maxTurnMs`. */
export async function inTime<T>(step: Promise<T>, late: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(resolve, maxTurnMs, late);
  try {
    return await Promise.race([step, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves when no turn is under way, or when those that are took too long: they are not waited for again. */
export async function endTurns(clients: readonly ActorClient[]): Promise<void> {
  const waited = clients.filter(({ turning, isLate }) => turning !== undefined && !isLate);
  if (waited.length === 0) return;
  await eachClient(waited, ({ turning }) => turning);
  for (const client of waited) client.isLate = client.turning !== undefined;
}

/** Clients that act in one turn of the event loop: to begin the requests of a thousand may take longer than replies of Redis are waited for. */
const clientsPerTurn = 50;

/** Does something for all clients together. Resolves when it is done, or after `maxTurnMs`. */
export async function eachClient(
  clients: readonly ActorClient[],
  act: (client: ActorClient) => Promise<void> | undefined,
): Promise<void> {
  const actAll = async (): Promise<void> => {
    const acts = clients.slice(0, clientsPerTurn).map(act);
    for (let from = clientsPerTurn; from < clients.length; from += clientsPerTurn) {
      await nextTurn();
      acts.push(...clients.slice(from, from + clientsPerTurn).map(act));
    }
    await Promise.all(acts);
  };
  await inTime<unknown>(actAll(), undefined);
}
