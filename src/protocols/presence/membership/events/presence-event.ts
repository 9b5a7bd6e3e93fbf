/** Presence events, as subscribers get them. Sources: Presence Events page, and the events that the SDKs recorded. Pure. */
import type { LeaseEvent } from '../../../../store/store.ts';
import { limits } from '../../wire/decode/limits.ts';

/** A presence event: `d` of its envelope. */
export type PresenceEvent = Announced | Interval;

interface Announced {
  readonly action: 'join' | 'leave' | 'timeout' | 'state-change';
  readonly uuid: string;
  readonly timestamp: number;
  readonly precise_timestamp: number;
  readonly occupancy: number;
  readonly data?: unknown;
}

interface Interval {
  readonly action: 'interval';
  readonly timestamp: number;
  readonly precise_timestamp: number;
  readonly occupancy: number;
  readonly join?: readonly string[];
  readonly leave?: readonly string[];
  readonly timeout?: readonly string[];
  readonly here_now_refresh?: true;
}

const actions = { granted: 'join', released: 'leave', expired: 'timeout', changed: 'state-change' } as const;

/** Returns the event of one step of one occupant. `data` is the state: always with a timeout, else where there is any. */
export function announce(event: LeaseEvent): PresenceEvent {
  const action = actions[event.type];
  const state: unknown = event.data === null ? undefined : JSON.parse(event.data);
  const data = state ?? (action === 'timeout' || action === 'state-change' ? {} : undefined);
  return {
    action,
    uuid: event.holder,
    timestamp: Math.floor(event.atMs / 1_000),
    precise_timestamp: event.atMs,
    ...(data === undefined ? {} : { data }),
    occupancy: event.count,
  };
}

/** Changes of a channel during one interval, as far as its subscribers do not know them. */
export interface Delta {
  readonly join: readonly string[];
  readonly leave: readonly string[];
  readonly timeout: readonly string[];
  /** False: some of the interval's steps are no longer kept. */
  readonly complete: boolean;
}

/** Returns the event that stands for all steps of an interval. Without `delta` it has no lists. */
export function sumUp(atMs: number, occupancy: number, delta: Delta | undefined): PresenceEvent {
  const event = {
    action: 'interval',
    timestamp: Math.floor(atMs / 1_000),
    precise_timestamp: atMs,
    occupancy,
  } as const;
  if (delta === undefined) return event;
  const { join, leave, timeout, complete } = delta;
  const lists = {
    ...(join.length > 0 ? { join } : {}),
    ...(leave.length > 0 ? { leave } : {}),
    ...(timeout.length > 0 ? { timeout } : {}),
  };
  const tooLong = !complete || Buffer.byteLength(JSON.stringify(lists)) > limits.messageBytes;
  return tooLong ? { ...event, here_now_refresh: true } : { ...event, ...lists };
}

/** Returns the metadata of an event: `u` of its envelope, which filters work on. */
export function metadataOf(channel: string, event: PresenceEvent): Record<string, unknown> {
  const metadata: Record<string, unknown> = {
    pn_action: event.action,
    pn_timestamp: event.timestamp,
    pn_precise_timestamp: event.precise_timestamp,
    pn_occupancy: event.occupancy,
    pn_ispresence: 1,
    pn_channel: encodeURIComponent(channel).replaceAll('*', '%2A'),
  };
  if (event.action === 'interval') {
    for (const list of ['join', 'leave', 'timeout'] as const) {
      if (event[list] !== undefined) metadata[`pn_${list}`] = event[list];
    }
    return metadata;
  }
  metadata.pn_uuid = event.uuid;
  if (typeof event.data === 'object' && event.data !== null) {
    for (const [key, value] of Object.entries(event.data)) metadata[`pn_state_${key}`] = value;
  }
  return metadata;
}
