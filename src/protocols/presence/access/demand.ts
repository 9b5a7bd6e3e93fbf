/** What a call needs before it is allowed. */

import type { PresenceCall } from '../wire/call.ts';
import { companion, parseSubscribedChannels, parseSubscribedGroups } from '../wire/decode/names.ts';
import { percentDecode, segmentAt } from '../wire/decode/target.ts';
import { errors } from '../wire/errors.ts';
import { bits } from './token.ts';

export type Demand =
  | { readonly kind: 'nothing' }
  /** A signature with the secret key. */
  | { readonly kind: 'signature' }
  /** A permission on each resource. Presence companions are resources of their own. */
  | {
      readonly kind: 'permission';
      readonly bit: number;
      readonly channels: readonly string[];
      readonly groups: readonly string[];
    };

/** A name that only a grant on the whole keyset, or one on all names, covers. */
const allNames = ['*'] as const;

const nothing: Demand = { kind: 'nothing' };
const signature: Demand = { kind: 'signature' };

/** Demands nothing: the call is open to every client of the keyset. */
export const demandNothing = (): Demand => nothing;

/** Demands a signature. */
export const demandSignature = (): Demand => signature;

/** Demands to read the channels and groups of a request. Their companions are left out: the call does not deliver them. */
export function demandRead(call: PresenceCall): Demand {
  const { channels, groups } = namesOf(call);
  return { kind: 'permission', bit: bits.read, channels: channels.names, groups: groups.names };
}

/** Demands to read the channels and groups of a request, companions included. */
export function demandSubscribe(call: PresenceCall): Demand {
  const { channels, groups } = namesOf(call);
  const withCompanions = ({ names, companionsOf }: typeof channels): string[] => [
    ...names,
    ...companionsOf.map((name) => name + companion),
  ];
  return {
    kind: 'permission',
    bit: bits.read,
    channels: withCompanions(channels),
    groups: withCompanions(groups),
  };
}

/** Demands to read every channel of the keyset: permissions on single channels do not suffice. */
export function demandReadAll(): Demand {
  return { kind: 'permission', bit: bits.read, channels: allNames, groups: [] };
}

/** Demands to write to the channel of a path segment. */
export function demandWrite(segment: number): (call: PresenceCall) => Demand {
  return ({ url }) => ({ kind: 'permission', bit: bits.write, channels: [nameAt(url, segment)], groups: [] });
}

/** Demands to manage the channel group of a path segment. */
export function demandManage(segment: number): (call: PresenceCall) => Demand {
  return ({ url }) => ({
    kind: 'permission',
    bit: bits.manage,
    channels: [],
    groups: [nameAt(url, segment)],
  });
}

/** Demands to manage every channel group of the keyset. */
export function demandManageAll(): Demand {
  return { kind: 'permission', bit: bits.manage, channels: [], groups: allNames };
}

function namesOf({ channels, query }: PresenceCall) {
  return {
    channels: parseSubscribedChannels(channels),
    groups: parseSubscribedGroups(query['channel-group']),
  };
}

function nameAt(url: string, segment: number): string {
  return percentDecode(segmentAt(url, segment), errors.invalidChannel);
}
