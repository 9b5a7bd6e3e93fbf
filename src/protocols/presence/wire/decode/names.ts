/** Names of channels and channel groups, as path segments and query parameters list them. */
import { errors } from '../errors.ts';
import { limits } from './limits.ts';
import { percentDecode } from './target.ts';

/** Suffix of a channel's presence companion: a name to receive the channel's events by, never a channel to be present in. */
export const companion = '-pnpres';

/** Names to act on. */
export interface Names {
  /** Without companions and repetitions, in the order of the request. */
  readonly names: readonly string[];
  /** Whether the request names anything, companions included. */
  readonly any: boolean;
}

/** Names to subscribe to: messages of `names`, presence events of `companionsOf`; each once, in the order of the request. */
export interface SubscribedNames {
  readonly names: readonly string[];
  readonly companionsOf: readonly string[];
}

const none: Names = { names: [], any: false };

/** Parses the channels of a path segment: split at commas, then each name decoded once. A lone comma names none. */
export function parseChannels(segment: string): Names {
  // One plain name, as in nearly all heartbeats.
  if (
    segment !== '' &&
    segment.length <= limits.channelCharacters &&
    !/[,%]/.test(segment) &&
    !segment.endsWith(companion)
  ) {
    return { names: [segment], any: true };
  }
  return plainNames(segment) ?? withoutCompanions(parseSubscribedChannels(segment));
}

/** Returns the names of a segment in which each stands as it is and none is a companion; undefined for any other. */
function plainNames(segment: string): Names | undefined {
  if (segment.includes('%') || segment.includes(companion)) return undefined;
  const names = segment.split(',');
  for (const { length } of names) if (length === 0 || length > limits.channelCharacters) return undefined;
  const distinct = new Set(names);
  return { names: distinct.size === names.length ? names : [...distinct], any: true };
}

/** Parses the names of a query parameter, which is decoded already. */
export function parseNames(parameter: string | undefined): Names {
  return parameter === undefined || parameter === ''
    ? none
    : withoutCompanions(parseSubscribedGroups(parameter));
}

/** Whether a query parameter names anything. */
export function hasNames(parameter: string | undefined): boolean {
  return (parameter ?? '').split(',').some((part) => part !== '');
}

/** Parses the channels of a path segment for a subscriber. */
export function parseSubscribedChannels(segment: string): SubscribedNames {
  return collect(segment.split(','), (part) => percentDecode(part, errors.invalidChannel));
}

/** Parses a `channel-group` parameter for a subscriber. */
export function parseSubscribedGroups(parameter: string | undefined): SubscribedNames {
  return collect((parameter ?? '').split(','), (part) => part);
}

/** Returns the name of a channel to publish on; throws for one that is empty or too long. */
export function checkChannel(name: string): string {
  if (name === '' || name.length > limits.channelCharacters) throw errors.invalidChannel();
  return name;
}

function collect(parts: readonly string[], decode: (part: string) => string): SubscribedNames {
  const names = new Set<string>();
  const companionsOf = new Set<string>();
  for (const part of parts) {
    if (part === '') continue;
    const name = decode(part);
    if (name.length > limits.channelCharacters) throw errors.invalidChannel();
    if (name.endsWith(companion)) companionsOf.add(name.slice(0, -companion.length));
    else names.add(name);
  }
  return { names: [...names], companionsOf: [...companionsOf] };
}

function withoutCompanions({ names, companionsOf }: SubscribedNames): Names {
  return { names, any: names.length > 0 || companionsOf.length > 0 };
}
