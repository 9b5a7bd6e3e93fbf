/** Keeps a uuid present while its poll is held, where a setting asks for it. The server's own: the real service renews nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { PresenceContext } from '../context.ts';
import type { Place } from '../membership/places.ts';
import { type Heartbeat, renewAfterHold } from '../membership/renewal.ts';

/** Interval between a failed renewal and the next, ms. */
const retryMs = 1_000;

export interface HeldRenewal {
  readonly heartbeat: Heartbeat;
  /** The sequence number of the store when the poll began. */
  readonly heldSince: number;
  /** Ends the renewal. */
  readonly signal: AbortSignal;
  /** Returns the channels to be present in; called each time, because groups change. */
  places(): readonly Place[];
}

/** Renews at once, and then twice in each timeout until the signal is aborted. Never rejects. */
export async function renewWhileHeld(
  context: PresenceContext,
  { heartbeat, heldSince, signal, places }: HeldRenewal,
): Promise<void> {
  while (!signal.aborted) {
    let waitMs = retryMs;
    try {
      const current = places();
      await renewAfterHold(context, heartbeat, current, heldSince);
      waitMs = (await shortestTimeoutMs(context, heartbeat, current)) / 2;
    } catch {
      // The poll's own reply shows errors of the store and of the request.
    }
    await delay(waitMs, undefined, { signal }).catch(() => {});
  }
}

/** Returns the shortest timeout of the uuid's leases: it may be older than the request. */
async function shortestTimeoutMs(
  { store, settings }: PresenceContext,
  { tenant, uuid }: Heartbeat,
  places: readonly Place[],
): Promise<number> {
  const leases = await Promise.all(
    places.map(({ channel }) => store.read({ tenant, group: channel, holder: uuid })),
  );
  const timeouts = leases.flatMap((lease) => lease?.ttlMs ?? []);
  return Math.min(settings.presenceTimeoutSeconds * 1_000, ...timeouts);
}
