/** What a subscribe is about: the channels that its uuid is present in, and the topics that it reads through which name. */
import type { WatchedFrom } from '../../../store/store.ts';
import { channelsOfGroups } from '../channel-groups/channel-groups.ts';
import type { PresenceContext } from '../context.ts';
import { watchEvents, watchedNames } from '../membership/events/watches.ts';
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
  /** The channel of a request that names exactly one: its envelopes need not name what they came through. */
  readonly only: string | undefined;
}

const ranks = { direct: 0, pattern: 1, group: 2 } as const;

/** A subscription, and what had happened before anything of it was read: later changes of groups may be missing. */
export interface OpenSubscription {
  readonly subscription: Subscription;
  readonly readAt: WatchedFrom;
}

/**
 * Reads what a request is subscribed to, and watches the presence events of it: all that happen after `readAt` are received. That is
 * read first of all, because SDKs send a heartbeat beside the handshake and must receive their own join. `ownSince`: a number of the
 * store's sequence; later joins of the uuid are received too. Rejects if nothing is named, or too much.
 */
export async function openSubscription(
  { store, settings }: PresenceContext,
  call: PresenceCall,
  ownSince?: number,
): Promise<OpenSubscription> {
  const { tenant } = call;
  const direct = parseSubscribedChannels(call.channels);
  const groups = parseSubscribedGroups(call.query['channel-group']);
  const groupNames = [...new Set([...groups.names, ...groups.companionsOf])];
  if (direct.names.length + direct.companionsOf.length + groupNames.length === 0)
    throw errors.missingChannel();
  const max = settings.presenceMaxChannels;
  const checkSize = ({ size }: Subscription['sources']): void => {
    if (size > 2 * max) throw errors.tooManyChannels(max);
  };

  const sources = new Map<string, Source>();
  const named = addDirect(sources, direct);
  checkSize(sources);
  const { uuid = '' } = call.query;
  /** Where no watch exists, the uuid's own grants are recorded that are later than a number of the store's sequence. */
  const grantsSince = (since: number | undefined) =>
    uuid === '' || since === undefined ? {} : { own: { holder: uuid, since } };
  const own = grantsSince(ownSince);
  const readAt = await watchEvents(store, { tenant, settings, ...watchedNames(named), ...own });
  const channelsOf = new Map<string, readonly string[]>();
  if (groupNames.length > 0) {
    const found = await channelsOfGroups(store, tenant, groupNames);
    for (const [at, group] of groupNames.entries()) channelsOf.set(group, found[at] ?? []);
    const inGroups = addGroups(sources, groups, channelsOf);
    checkSize(sources);
    const later = grantsSince(ownSince ?? readAt.sequence);
    await watchEvents(store, { tenant, settings, ...watchedNames(inGroups), ...later });
  }
  const grouped = groups.names.map((group) => ({ group, channels: channelsOf.get(group) ?? [] }));
  const subscription = {
    places: mergePlaces(direct.names, grouped, max),
    sources,
    groupTopics: groupNames.map(channelGroupTopic),
    only: groupNames.length > 0 ? undefined : onlyName(direct),
  };
  return { subscription, readAt };
}

type Sources = Map<string, Source>;

function addSource(sources: Sources, topic: string, source: Source): void {
  const known = sources.get(topic);
  if (known === undefined || source.rank < known.rank) sources.set(topic, source);
}

/** Adds the topic of a name's messages. Returns whether its presence events are subscribed to as well. */
function addMessages(sources: Sources, name: string, via: string, rank: number): boolean {
  addSource(sources, messageSourceOf(name), { kind: 'messages', via, rank });
  // A pattern also matches the presence companions below it (as recorded).
  const isPattern = prefixOf(name) !== undefined;
  if (isPattern) addEvents(sources, name, via, rank);
  return isPattern;
}

function addEvents(sources: Sources, name: string, via: string, rank: number): void {
  addSource(sources, eventSourceOf(name), { kind: 'events', via, rank });
}

/** Adds the topics of the names of a request. Returns the names whose presence events are subscribed to. */
function addDirect(sources: Sources, { names, companionsOf }: SubscribedNames): readonly string[] {
  const rankOf = (name: string): number => (prefixOf(name) === undefined ? ranks.direct : ranks.pattern);
  // Before the patterns themselves: where both are subscribed to, events come through the companion.
  for (const name of companionsOf) addEvents(sources, name, name + companion, rankOf(name));
  const patterns = names.filter((name) => addMessages(sources, name, name, rankOf(name)));
  return [...companionsOf, ...patterns];
}

/** Adds the topics of the channels of groups. Returns the channels whose presence events are subscribed to. */
function addGroups(
  sources: Sources,
  { names, companionsOf }: SubscribedNames,
  channelsOf: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  const watched: string[] = [];
  for (const group of companionsOf) {
    for (const name of channelsOf.get(group) ?? []) {
      addEvents(sources, name, group + companion, ranks.group);
      watched.push(name);
    }
  }
  for (const group of names) {
    for (const name of channelsOf.get(group) ?? []) {
      if (addMessages(sources, name, group, ranks.group)) watched.push(name);
    }
  }
  return watched;
}

function onlyName({ names, companionsOf }: SubscribedNames): string | undefined {
  if (names.length + companionsOf.length !== 1) return undefined;
  const [companionOf] = companionsOf;
  return companionOf === undefined ? names[0] : companionOf + companion;
}
