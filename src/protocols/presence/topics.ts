/** Which topics hold what happens on a channel, and which channel names are patterns. */
import { leaseEventsTopic } from '../../store/store.ts';

/** As long as the vendor lets a subscriber catch up: 100 messages or 20 minutes a channel. */
export const messagesKept = { keepEntries: 100, idleMs: 20 * 60_000 } as const;
/** Presence events have to outlast an interval of a busy channel. */
export const eventsKept = { keepEntries: 1_000, idleMs: 20 * 60_000 } as const;

export function messagesTopic(channel: string): string {
  return `messages:${channel}`;
}

/** Levels of a channel's name, separated by dots, that the prefix of a pattern may have. */
const maxPatternLevels = 2;

function messagesBelowTopic(prefix: string): string {
  return `messages-below:${prefix}`;
}

/** Returns the topic that gets a copy of the presence events of all channels below a prefix, while it is watched. */
export function eventsBelowTopic(prefix: string): string {
  return `leases-below:${prefix}`;
}

/** `a.` of `a.*`, `a.b.` of `a.b.*`; undefined for a name that is just a name (at most three levels are a pattern). */
export function prefixOf(name: string): string | undefined {
  if (!name.endsWith('.*')) return undefined;
  const prefix = name.slice(0, -1);
  return prefix.split('.').length - 1 <= maxPatternLevels ? prefix : undefined;
}

/** The prefixes of the patterns that a channel's name matches. */
function prefixesAbove(channel: string): string[] {
  const levels = channel.split('.').slice(0, -1);
  return levels.slice(0, maxPatternLevels).map((_, at) => `${levels.slice(0, at + 1).join('.')}.`);
}

/** Where a message for a channel goes: its own topic, and those of the patterns that match it. */
export function messageTopicsOf(channel: string): { topic: string; also: string[] } {
  return { topic: messagesTopic(channel), also: prefixesAbove(channel).map(messagesBelowTopic) };
}

/** The same for a presence event that no change of a lease makes. */
export function eventTopicsOf(channel: string): { topic: string; also: string[] } {
  return { topic: leaseEventsTopic(channel), also: prefixesAbove(channel).map(eventsBelowTopic) };
}

/** What to read for the messages of a name. */
export function messageSourceOf(name: string): string {
  const prefix = prefixOf(name);
  return prefix === undefined ? messagesTopic(name) : messagesBelowTopic(prefix);
}

/** What to read for the presence events of a name. */
export function eventSourceOf(name: string): string {
  const prefix = prefixOf(name);
  return prefix === undefined ? leaseEventsTopic(name) : eventsBelowTopic(prefix);
}

/** Told of every change of a channel group, so that held polls look at its channels anew. */
export function groupTopic(group: string): string {
  return `channel-group:${group}`;
}
