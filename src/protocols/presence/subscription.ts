/** What a subscribe is about: where its uuid is, and what it hears through which name. */
import type { Store } from '../../store/store.ts';
import { eventCopies, leaseEventsTopic } from '../../store/store.ts';
import { type Call, type Place, placesIn } from './call.ts';
import { channelsOfGroups } from './channel-groups.ts';
import { errors } from './errors.ts';
import { companion, listeningTo, listeningToGroups } from './request.ts';
import { eventSourceOf, eventsBelowTopic, groupTopic, messageSourceOf, prefixOf } from './topics.ts';

/** One topic that is listened to. */
export interface Source {
  readonly kind: 'messages' | 'events';
  /** The subscribed name that envelopes from here came through. */
  readonly via: string;
  /** What comes through several names is told through the lowest: itself, a pattern, a group. */
  readonly rank: number;
}

export interface Subscription {
  /** Where the uuid is while it subscribes: presence companions put nobody anywhere. */
  readonly places: readonly Place[];
  readonly sources: ReadonlyMap<string, Source>;
  /** Topics that tell of changes of the groups asked for. */
  readonly groupTopics: readonly string[];
  /** Prefixes whose presence events must be collected. */
  readonly watched: readonly string[];
  /** The channel of a request that names exactly that: its envelopes need not say what they came through. */
  readonly only: string | undefined;
}

const ranks = { direct: 0, pattern: 1, group: 2 } as const;

/** Reads the channels of the groups. Throws if nothing is named, or too much. */
export async function subscriptionOf(call: Call): Promise<Subscription> {
  const { store, tenant, settings, query } = call;
  const direct = listeningTo(call.channels);
  const groups = listeningToGroups(query['channel-group']);
  const asked = [...new Set([...groups.names, ...groups.companionsOf])];
  if (direct.names.length + direct.companionsOf.length + asked.length === 0) throw errors.missingChannel();

  const found = asked.length === 0 ? [] : await channelsOfGroups(store, tenant, asked);
  const channelsOf = new Map(asked.map((group, at) => [group, found[at] ?? []]));
  const sources = new Map<string, Source>();
  const watched = new Set<string>();
  const add = (topic: string, source: Source): void => {
    const known = sources.get(topic);
    if (known === undefined || source.rank < known.rank) sources.set(topic, source);
  };
  const hearEvents = (name: string, via: string, rank: number): void => {
    const prefix = prefixOf(name);
    add(eventSourceOf(name), { kind: 'events', via, rank });
    if (prefix === undefined) return;
    watched.add(prefix);
    // Those on the pattern itself may be older than the watch: a heartbeat on it overtakes the subscribe.
    add(leaseEventsTopic(name), { kind: 'events', via, rank });
  };
  const hearMessages = (name: string, via: string, rank: number): void => {
    add(messageSourceOf(name), { kind: 'messages', via, rank });
    // A pattern also matches the presence companions below it (as recorded).
    if (prefixOf(name) !== undefined) hearEvents(name, via, rank);
  };
  const rankOf = (name: string): number => (prefixOf(name) === undefined ? ranks.direct : ranks.pattern);

  // Before the patterns themselves: where both are subscribed to, events come through the companion.
  for (const name of direct.companionsOf) hearEvents(name, name + companion, rankOf(name));
  for (const name of direct.names) hearMessages(name, name, rankOf(name));
  for (const group of groups.companionsOf) {
    for (const name of channelsOf.get(group) ?? []) hearEvents(name, group + companion, ranks.group);
  }
  for (const group of groups.names) {
    for (const name of channelsOf.get(group) ?? []) hearMessages(name, group, ranks.group);
  }
  const most = settings.presenceMaxChannels;
  if (sources.size > 2 * most) throw errors.tooManyChannels(most);

  return {
    places: placesIn(
      direct.names,
      groups.names.map((group) => ({ group, channels: channelsOf.get(group) ?? [] })),
      most,
    ),
    sources,
    groupTopics: asked.map(groupTopic),
    watched: [...watched],
    only: onlyOf(direct.names, direct.companionsOf, asked),
  };
}

function onlyOf(
  names: readonly string[],
  companionsOf: readonly string[],
  groups: readonly string[],
): string | undefined {
  if (groups.length > 0 || names.length + companionsOf.length !== 1) return undefined;
  const [companionOf] = companionsOf;
  return companionOf === undefined ? names[0] : companionOf + companion;
}

/** How long presence events below a pattern are collected after the last subscribe to it, ms. */
const watchedForMs = 40 * 60_000;

/** Has the presence events below the subscription's patterns collected from now on. */
export async function watch(store: Store, tenant: string, prefixes: readonly string[]): Promise<void> {
  if (prefixes.length === 0) return;
  await store.commit({
    tenant,
    writes: prefixes.map((key) => ({
      collection: eventCopies,
      key,
      value: eventsBelowTopic(key),
      ttlMs: watchedForMs,
    })),
  });
}
