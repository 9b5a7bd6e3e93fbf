/** The topics of a channel's messages and presence events, and the channel names that are patterns. */
import { leaseEventsBelowTopic, leaseEventsTopic } from '../../../store/store.ts';

/**
 * The vendor lets a subscriber catch up on 100 messages or 20 minutes of a channel. 100 messages of the usual greatest size fit
 * the bytes, with their metadata; of large messages only the newest do.
 */
export const messagesKept = { keepEntries: 100, keepBytes: 8 * 1_024 * 1_024, idleMs: 20 * 60_000 } as const;
/** Presence events have to outlast an interval of a busy channel. */
export const eventsKept = { keepEntries: 1_000, idleMs: 20 * 60_000 } as const;

/** A topic, and those that get the same entries. */
export interface Topics {
  readonly topic: string;
  readonly also: readonly string[];
}

/** The topic of a channel's messages. */
export function messagesTopic(channel: string): string {
  return `messages:${channel}`;
}

/** Levels of a channel's name, separated by dots, that the prefix of a pattern may have. */
const maxPatternLevels = 2;

function messagesBelowTopic(prefix: string): string {
  return `messages-below:${prefix}`;
}

/** Returns `a.` of `a.*`, `a.b.` of `a.b.*`; undefined for a plain name (a pattern has at most three levels). */
export function prefixOf(name: string): string | undefined {
  if (!name.endsWith('.*')) return undefined;
  const prefix = name.slice(0, -1);
  return prefix.split('.').length - 1 <= maxPatternLevels ? prefix : undefined;
}

/** Returns the prefixes of the patterns that a channel's name matches. */
function prefixesAbove(channel: string): string[] {
  const levels = channel.split('.').slice(0, -1);
  return levels.slice(0, maxPatternLevels).map((_, at) => `${levels.slice(0, at + 1).join('.')}.`);
}

/** Returns the topics to append a message of a channel to: its own, and those of the patterns that match it. */
export function messageTopicsOf(channel: string): Topics {
  return { topic: messagesTopic(channel), also: prefixesAbove(channel).map(messagesBelowTopic) };
}

/** Returns the topic to read for the messages of a name. */
export function messageSourceOf(name: string): string {
  const prefix = prefixOf(name);
  return prefix === undefined ? messagesTopic(name) : messagesBelowTopic(prefix);
}

/** Returns the topic to read for the presence events of a name. */
export function eventSourceOf(name: string): string {
  const prefix = prefixOf(name);
  return prefix === undefined ? leaseEventsTopic(name) : leaseEventsBelowTopic(prefix);
}

/** The topic of changes of a channel group, which held polls on it wait for. */
export function channelGroupTopic(group: string): string {
  return `channel-group:${group}`;
}
