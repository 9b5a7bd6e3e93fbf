/**
 * Watches of presence events: the store records the events of a channel only while a subscriber watches them. A subscribe sets
 * watches before it replies, so no event after its reply is missing in the next.
 */
import type { EventWatch, Store, Tenant, WatchedFrom } from '../../../../store/store.ts';
import type { PresenceSettings } from '../../context.ts';
import { eventsKept, prefixOf } from '../../messages/topics.ts';

/** Names of channels and patterns whose events are to be recorded. */
export interface WatchedNames {
  readonly groups: readonly string[];
  readonly prefixes: readonly string[];
}

/** Returns what has to be watched for the events of names. */
export function watchedNames(names: Iterable<string>): WatchedNames {
  const groups = new Set<string>();
  const prefixes = new Set<string>();
  for (const name of names) {
    const prefix = prefixOf(name);
    if (prefix === undefined) groups.add(name);
    else prefixes.add(prefix);
  }
  return { groups: [...groups], prefixes: [...prefixes] };
}

/**
 * Returns how long a watch lasts, ms. It is extended when half of it is over: half lasts until a poll that is held has ended and its
 * subscriber was away for as long as events are kept.
 */
function watchedForMs({ presenceHoldSeconds }: PresenceSettings): number {
  return 2 * (presenceHoldSeconds * 1_000 + eventsKept.idleMs);
}

export interface WatchOptions extends WatchedNames {
  readonly tenant: Tenant;
  readonly settings: PresenceSettings;
  /** See `EventWatch`. */
  readonly own?: EventWatch['own'];
}

/** Watches events, and returns from where on. Without names it returns where the store is. */
export async function watchEvents(
  store: Store,
  { tenant, settings, groups, prefixes, own }: WatchOptions,
): Promise<WatchedFrom> {
  if (groups.length === 0 && prefixes.length === 0) return store.now({ tenant });
  const forMs = watchedForMs(settings);
  return store.watchEvents({ tenant, groups, prefixes, forMs, ...(own === undefined ? {} : { own }) });
}
