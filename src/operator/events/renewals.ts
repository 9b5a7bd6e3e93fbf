/**
 * Renewals as events. Each heartbeat is one, so they are recorded only while a reader names them: with the type `lease.renewed`, and
 * not with a pattern such as `lease.*`.
 */
import type { Store } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Selector } from '../selector/selector.ts';
import type { EventLog, Events } from './events.ts';

export const renewedType = 'lease.renewed';

/** Returns whether any of these selectors asks for renewals. */
export const namesRenewals = (selectors: readonly Pick<Selector, 'type'>[]): boolean =>
  selectors.some(({ type }) => type === renewedType);

/** Records the renewals of this process. */
export interface Recorder {
  /** Records from now on, or stops doing so. While it is off, a heartbeat costs a branch. */
  turn(state: 'on' | 'off'): void;
}

/** Makes a recorder, turned off. */
export function makeRecorder(
  store: Pick<Store, 'observeRenewals'>,
  events: Pick<Events, 'append'>,
): Recorder {
  let stop: (() => void) | undefined;
  return {
    turn(state) {
      if (state === 'on')
        stop ??= store.observeRenewals((renewal) =>
          events.append({ type: renewedType, protocol: protocolOf(renewal.tenant), ...renewal }),
        );
      else {
        stop?.();
        stop = undefined;
      }
    },
  };
}

/** Returns the same events for a reader to whom those up to a sequence number may be incomplete. */
export function completeAfter(events: EventLog, seq: number): EventLog {
  return {
    get newest() {
      return events.newest;
    },
    get droppedThrough() {
      return events.droppedThrough;
    },
    get missingThrough() {
      return Math.max(events.missingThrough, seq);
    },
    read: (after, limit) => events.read(after, limit),
    onAppend: (listener) => events.onAppend(listener),
  };
}
