/**
 * Announce mode and interval mode: above so many occupants, joins, leaves and timeouts of a channel are told once per
 * interval instead of one by one (Presence Events page).
 *
 * What a subscriber is told follows from the kept steps alone: an interval ends at a fixed time, and its event stands at
 * that time's timetoken. So all nodes say the same, once, without writing anything or electing anybody. Pure.
 */
import type { LeaseEvent } from '../../../store/store.ts';
import { announce, type Delta, type PresenceEvent, sumUp } from './presence-event.ts';

export interface IntervalSettings {
  /** Occupants up to which each step is announced. */
  readonly announceMax: number;
  readonly intervalMs: number;
  /** Whether interval events list who came and went. */
  readonly deltas: boolean;
}

export interface Step {
  /** Timetoken. */
  readonly position: bigint;
  readonly event: LeaseEvent;
}

export interface Told {
  readonly position: bigint;
  readonly event: PresenceEvent;
}

const unitsPerMs = 10_000n;

/** The interval that a timetoken lies in, by its number. */
function intervalOf(position: bigint, intervalMs: number): bigint {
  return position / (BigInt(intervalMs) * unitsPerMs);
}

/** When the interval of a timetoken ends, ms since 1970. */
export function endOfInterval(position: bigint, intervalMs: number): number {
  return Number(intervalOf(position, intervalMs) + 1n) * intervalMs;
}

/** The greatest timetoken before the interval that a timetoken lies in: whoever reads after it sees all of the interval. */
export function beforeInterval(position: bigint, intervalMs: number): bigint {
  const start = intervalOf(position, intervalMs) * BigInt(intervalMs) * unitsPerMs;
  return start === 0n ? 0n : start - 1n;
}

/** Timetokens of steps end in 0, so that an interval's end never meets one. */
function positionAt(endMs: number): bigint {
  return BigInt(endMs) * unitsPerMs - 1n;
}

export interface Telling {
  /** In order of position, all after what was asked. */
  readonly told: readonly Told[];
  /** When an interval ends that has something to tell, ms since 1970; undefined: none is under way. */
  readonly nextEndMs: number | undefined;
}

/**
 * What there is to tell of one channel after a timetoken. `steps`: all that are kept of the channel, in order, from the
 * beginning of the interval that `after` lies in. `until`: a timetoken that nothing below is still to come of.
 */
export function tell(
  steps: readonly Step[],
  after: bigint,
  until: bigint,
  settings: IntervalSettings,
  isComplete: boolean,
): Telling {
  const { announceMax, intervalMs, deltas } = settings;
  const told: Told[] = [];
  let nextEndMs: number | undefined;
  let begin = 0;
  while (begin < steps.length) {
    const number = intervalOf(steps[begin]?.position ?? 0n, intervalMs);
    let end = begin;
    while (end < steps.length && intervalOf(steps[end]?.position ?? 0n, intervalMs) === number) end += 1;
    const inside = steps.slice(begin, end);
    let sums = false;
    for (const { position, event } of inside) {
      const announced = event.type === 'changed' || event.count <= announceMax;
      sums ||= !announced;
      if (announced && position > after) told.push({ position, event: announce(event) });
    }
    if (sums) {
      const endMs = Number(number + 1n) * intervalMs;
      const position = positionAt(endMs);
      if (position > until) nextEndMs ??= endMs;
      else if (position > after) {
        const last = inside.at(-1)?.event.count ?? 0;
        const complete = isComplete || begin > 0;
        told.push({
          position,
          event: sumUp(endMs, last, deltas ? deltaOf(inside, announceMax, complete) : undefined),
        });
      }
    }
    begin = end;
  }
  return { told, nextEndMs };
}

/** Who came and went in an interval, less what was announced and what came to nothing. */
function deltaOf(steps: readonly Step[], announceMax: number, complete: boolean): Delta {
  const occupants = new Map<string, { known: boolean; present: boolean; timedOut: boolean }>();
  for (const { event } of steps) {
    if (event.type === 'changed') continue;
    const present = event.type === 'granted';
    // Whose first step is a join was not there before; everybody else was.
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
