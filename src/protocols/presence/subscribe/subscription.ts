/** What a subscribe is about: the channels that its uuid is present in, and the topics that it reads through which name. */
import { leaseEventsTopic, type Store, watchedPrefixes } from '../../../store/store.ts';
import { channelsOfGroups } from '../channel-groups/channel-groups.ts';
import type { PresenceContext } from '../context.ts';
import { mergePlaces, type Place } from '../membership/places.ts';
import { channelGroupTopic, eventSourceOf, messageSourceOf, prefixOf } from '../messages/topics.ts';
import type { PresenceCall } from '../wire/call.ts';
import {
  companion,
  parseSubscribedChannels,
  parseSubscribedGroups,
  type SubscribedNames,
} from '../wire/decode/names.ts';
import { errors } from '../wire/errors.ts';

/** One topic to read. */
export interface Source {
  readonly kind: 'messages' | 'events';
  /** The subscribed name that envelopes of this topic came through. */
  readonly via: string;
  /** An event that comes through several names is delivered through the one of lowest rank: itself, a pattern, a group. */
  readonly rank: number;
}

export interface Subscription {
  /** The channels that the uuid is present in while it subscribes; presence companions are none. */
  readonly places: readonly Place[];
  readonly sources: ReadonlyMap<string, Source>;
  /** Topics of changes of the subscribed groups. */
  readonly groupTopics: readonly string[];
  /** Prefixes whose presence events have to be collected. */
  readonly watched: readonly string[];
  /** The channel of a request that names exactly one: its envelopes need not name what they came through. */
  readonly only: string | undefined;
}

const ranks = { direct: 0, pattern: 1, group: 2 } as const;

/** Reads the channels of the groups. Rejects if nothing is named, or too much. */
export async function readSubscription(
  { store, settings }: PresenceContext,
  call: PresenceCall,
): Promise<Subscription> {
  const direct = parseSubscribedChannels(call.channels);
  const groups = parseSubscribedGroups(call.query['channel-group']);
  const groupNames = [...new Set([...groups.names, ...groups.companionsOf])];
  if (direct.names.length + direct.companionsOf.length + groupNames.length === 0)
    throw errors.missingChannel();

  const found = await channelsOfGroups(store, call.tenant, groupNames);
  const channelsOf = new Map(groupNames.map((group, at) => [group, found[at] ?? []]));
  const { sources, watched } = collectSources(direct, groups, channelsOf);
  const max = settings.presenceMaxChannels;
  if (sources.size > 2 * max) throw errors.tooManyChannels(max);
  const grouped = groups.names.map((group) => ({ group, channels: channelsOf.get(group) ?? [] }));
  return {
    places: mergePlaces(direct.names, grouped, max),
    sources,
    groupTopics: groupNames.map(channelGroupTopic),
    watched: [...watched],
    only: groupNames.length > 0 ? undefined : onlyName(direct),
  };
}

/** Returns the topics of all names, and the prefixes of the patterns among them. */
function collectSources(
  direct: SubscribedNames,
  groups: SubscribedNames,
  channelsOf: ReadonlyMap<string, readonly string[]>,
): { readonly sources: ReadonlyMap<string, Source>; readonly watched: ReadonlySet<string> } {
  const sources = new Map<string, Source>();
  const watched = new Set<string>();
  const add = (topic: string, source: Source): void => {
    const known = sources.get(topic);
    if (known === undefined || source.rank < known.rank) sources.set(topic, source);
  };
  const addEvents = (name: string, via: string, rank: number): void => {
    const prefix = prefixOf(name);
    add(eventSourceOf(name), { kind: 'events', via, rank });
    if (prefix === undefined) return;
    watched.add(prefix);
    // Events on the pattern itself may be older than the watch: a heartbeat on it overtakes the subscribe.
    add(leaseEventsTopic(name), { kind: 'events', via, rank });
  };
  const addMessages = (name: string, via: string, rank: number): void => {
    add(messageSourceOf(name), { kind: 'messages', via, rank });
    // A pattern also matches the presence companions below it (as recorded).
    if (prefixOf(name) !== undefined) addEvents(name, via, rank);
  };
  const rankOf = (name: string): number => (prefixOf(name) === undefined ? ranks.direct : ranks.pattern);

  // Before the patterns themselves: where both are subscribed to, events come through the companion.
  for (const name of direct.companionsOf) addEvents(name, name + companion, rankOf(name));
  for (const name of direct.names) addMessages(name, name, rankOf(name));
  for (const group of groups.companionsOf) {
    for (const name of channelsOf.get(group) ?? []) addEvents(name, group + companion, ranks.group);
  }
  for (const group of groups.names) {
    for (const name of channelsOf.get(group) ?? []) addMessages(name, group, ranks.group);
  }
  return { sources, watched };
}

function onlyName({ names, companionsOf }: SubscribedNames): string | undefined {
  if (names.length + companionsOf.length !== 1) return undefined;
  const [companionOf] = companionsOf;
  return companionOf === undefined ? names[0] : companionOf + companion;
}

/** For how long presence events below a pattern are collected after the last subscribe to it, ms. */
const watchedForMs = 40 * 60_000;

/** Collects the presence events below patterns from now on. */
export async function watchPrefixes(
  store: Store,
  tenant: string,
  prefixes: readonly string[],
): Promise<void> {
  if (prefixes.length === 0) return;
  await store.commit({
    tenant,
    writes: prefixes.map((key) => ({
      collection: watchedPrefixes,
      key,
      value: '',
      ttlMs: watchedForMs,
    })),
  });
}
