/**
 * Announce mode and interval mode: above a number of occupants, the joins, leaves and timeouts of a channel are summed up in one
 * event per interval instead of one event each (Presence Events page).
 *
 * What a subscriber receives follows from the kept steps alone: an interval ends at a fixed time, and its event has that time's
 * timetoken. So all nodes return the same events, each once, without writing anything or electing a leader. Pure.
 */
import type { LeaseEvent } from '../../../../store/store.ts';
import { announce, type Delta, type PresenceEvent, sumUp } from './presence-event.ts';

export interface IntervalSettings {
  /** Occupants up to which each step is announced. */
  readonly announceMax: number;
  readonly intervalMs: number;
  /** Whether interval events list who joined and left. */
  readonly deltas: boolean;
}

/** A step of a channel's membership. */
export interface Step {
  /** Timetoken. */
  readonly position: bigint;
  readonly event: LeaseEvent;
}

/** A presence event at its timetoken. */
export interface PositionedEvent {
  readonly position: bigint;
  readonly event: PresenceEvent;
}

const unitsPerMs = 10_000n;

/** Returns the number of the interval that contains a timetoken. */
function intervalOf(position: bigint, intervalMs: number): bigint {
  return position / (BigInt(intervalMs) * unitsPerMs);
}

/** Returns the greatest timetoken before the interval that contains a timetoken: a read after it returns all of the interval. */
export function beforeInterval(position: bigint, intervalMs: number): bigint {
  const start = intervalOf(position, intervalMs) * BigInt(intervalMs) * unitsPerMs;
  return start === 0n ? 0n : start - 1n;
}

/** Returns the timetoken of an interval's end. Timetokens of steps end in 0, so it is none of theirs. */
function positionAt(endMs: number): bigint {
  return BigInt(endMs) * unitsPerMs - 1n;
}

export interface ReportOptions {
  /** Events at or before this timetoken are left out. */
  readonly after: bigint;
  /** No further step will be appended below this timetoken. */
  readonly until: bigint;
  readonly settings: IntervalSettings;
  /** Whether all steps of the first interval are still kept. */
  readonly isComplete: boolean;
}

export interface Report {
  /** In order of position. */
  readonly events: readonly PositionedEvent[];
  /** End of the first interval that is not over and has steps to sum up, ms since 1970; undefined if there is none. */
  readonly nextEndMs: number | undefined;
}

/**
 * Returns the presence events of one channel after a timetoken. `steps`: all that are kept of the channel, in order, from the
 * beginning of the interval that contains `after`.
 */
export function reportSteps(steps: readonly Step[], options: ReportOptions): Report {
  const { after, until, settings, isComplete } = options;
  const { announceMax, intervalMs } = settings;
  const events: PositionedEvent[] = [];
  let nextEndMs: number | undefined;
  for (const [at, { number, inside }] of splitIntoIntervals(steps, intervalMs).entries()) {
    let isSummedUp = false;
    for (const { position, event } of inside) {
      const isAnnounced = event.type === 'changed' || event.count <= announceMax;
      isSummedUp ||= !isAnnounced;
      if (isAnnounced && position > after) events.push({ position, event: announce(event) });
    }
    if (!isSummedUp) continue;
    const endMs = Number(number + 1n) * intervalMs;
    const position = positionAt(endMs);
    if (position > until) nextEndMs ??= endMs;
    else if (position > after)
      events.push({ position, event: sumUpInterval(inside, endMs, settings, isComplete || at > 0) });
  }
  return { events, nextEndMs };
}

interface IntervalSteps {
  readonly number: bigint;
  readonly inside: Step[];
}

function splitIntoIntervals(steps: readonly Step[], intervalMs: number): readonly IntervalSteps[] {
  const intervals: IntervalSteps[] = [];
  for (const step of steps) {
    const number = intervalOf(step.position, intervalMs);
    const current = intervals.at(-1);
    if (current?.number === number) current.inside.push(step);
    else intervals.push({ number, inside: [step] });
  }
  return intervals;
}

function sumUpInterval(
  steps: readonly Step[],
  endMs: number,
  { announceMax, deltas }: IntervalSettings,
  isComplete: boolean,
): PresenceEvent {
  const occupancy = steps.at(-1)?.event.count ?? 0;
  return sumUp(endMs, occupancy, deltas ? deltaOf(steps, announceMax, isComplete) : undefined);
}

/** Returns who joined and left in an interval, without those who were announced and those who are back where they began. */
function deltaOf(steps: readonly Step[], announceMax: number, complete: boolean): Delta {
  const occupants = new Map<string, { known: boolean; present: boolean; timedOut: boolean }>();
  for (const { event } of steps) {
    if (event.type === 'changed') continue;
    const present = event.type === 'granted';
    // An occupant whose first step is a join was absent before it; any other was present.
    const occupant = occupants.get(event.holder) ?? { known: !present, present: !present, timedOut: false };
    occupant.present = present;
    occupant.timedOut = event.type === 'expired';
    if (event.count <= announceMax) occupant.known = present;
    occupants.set(event.holder, occupant);
  }
  const join: string[] = [];
  const leave: string[] = [];
  const timeout: string[] = [];
  for (const [uuid, { known, present, timedOut }] of occupants) {
    if (present && !known) join.push(uuid);
    if (!present && known) (timedOut ? timeout : leave).push(uuid);
  }
  return { join, leave, timeout, complete };
}
