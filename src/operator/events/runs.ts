/** Events of a step that are alike, as those of leases that end together are. */
import type { TenantEvent } from '../../store/store.ts';

/** Returns whether two events have the same tenant and type. */
export const isSameKind = (one: TenantEvent, other: TenantEvent): boolean =>
  one.type === other.type && one.tenant === other.tenant;

/** Returns whether two events have the same tenant, type and lateness. */
export const isEquallyLate = (one: TenantEvent, other: TenantEvent): boolean =>
  one.lateMs === other.lateMs && isSameKind(one, other);

/** Calls `visit` for each run of events that are like the first of them, with that one and the number of them, in order. */
export function eachRun(
  events: readonly TenantEvent[],
  isAlike: (event: TenantEvent, first: TenantEvent) => boolean,
  visit: (first: TenantEvent, length: number) => void,
): void {
  let [first] = events;
  if (first === undefined) return;
  let from = 0;
  for (let at = 1; at < events.length; at += 1) {
    const event = events[at];
    if (event === undefined || isAlike(event, first)) continue;
    visit(first, at - from);
    first = event;
    from = at;
  }
  visit(first, events.length - from);
}
