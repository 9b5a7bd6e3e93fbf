/** Keeps a uuid present for as long as its poll is held, where that is switched on. Ours: the service renews nothing then. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Call, Place } from '../membership/places.ts';

/** How long after a beat that failed the next is tried, ms. */
const againMs = 1_000;

/** Beats at once, and then twice in each timeout until the signal is aborted. `places` are asked for each time: groups change. */
export async function renewUntil(
  signal: AbortSignal,
  call: Call,
  uuid: string,
  places: () => readonly Place[],
  beat: (places: readonly Place[]) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    let waitMs = againMs;
    try {
      const now = places();
      await beat(now);
      waitMs = (await shortestTimeoutMs(call, uuid, now)) / 2;
    } catch {
      // What is wrong with the store or with the request is told by the poll's own answer.
    }
    await delay(waitMs, undefined, { signal }).catch(() => {});
  }
}

/** A timeout may be older than the request, so it is read from the leases. */
async function shortestTimeoutMs(
  { store, tenant, settings }: Call,
  holder: string,
  places: readonly Place[],
): Promise<number> {
  const leases = await Promise.all(places.map(({ channel: group }) => store.read({ tenant, group, holder })));
  const timeouts = leases.flatMap((lease) => lease?.ttlMs ?? []);
  return Math.min(settings.presenceTimeoutSeconds * 1_000, ...timeouts);
}
