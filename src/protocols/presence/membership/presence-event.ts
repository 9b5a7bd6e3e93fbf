/** What a presence event says. Sources: Presence Events page, and the events that the SDKs recorded. Pure. */
import type { LeaseEvent } from '../../../store/store.ts';
import { limits } from '../wire/request.ts';

/** A presence event as subscribers get it: `d` of its envelope. */
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

/** One step of one occupant. `data` is the state: always with a timeout, else where there is any. */
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

/** What changed on a channel during one interval, against what its subscribers know. */
export interface Delta {
  readonly join: readonly string[];
  readonly leave: readonly string[];
  readonly timeout: readonly string[];
  /** False: some of the interval's steps are not kept any more. */
  readonly complete: boolean;
}

/** The event that stands for all steps of an interval. Without `delta` the lists are not wanted. */
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

/** The same facts as `u` of the envelope has them, which filters work on. */
export function factsOf(channel: string, event: PresenceEvent): Record<string, unknown> {
  const facts: Record<string, unknown> = {
    pn_action: event.action,
    pn_timestamp: event.timestamp,
    pn_precise_timestamp: event.precise_timestamp,
    pn_occupancy: event.occupancy,
    pn_ispresence: 1,
    pn_channel: encodeURIComponent(channel).replaceAll('*', '%2A'),
  };
  if (event.action === 'interval') {
    for (const list of ['join', 'leave', 'timeout'] as const) {
      if (event[list] !== undefined) facts[`pn_${list}`] = event[list];
    }
    return facts;
  }
  facts.pn_uuid = event.uuid;
  if (typeof event.data === 'object' && event.data !== null) {
    for (const [key, value] of Object.entries(event.data)) facts[`pn_state_${key}`] = value;
  }
  return facts;
}
