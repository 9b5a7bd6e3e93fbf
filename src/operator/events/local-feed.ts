/** The events of a process whose store is its alone. */
import type { EventFeed, Events } from './events.ts';
import { completeAfter, type Recorder } from './renewals.ts';

/** Makes the feed. Renewals are recorded while one of its readers asks for them. */
export function makeLocalFeed(events: Events, recorder: Recorder): EventFeed {
  let readers = 0;
  let recordedAfter = 0;
  return {
    async open({ withRenewals = false } = {}) {
      if (!withRenewals) return { events, close: () => undefined };
      if (readers === 0) recordedAfter = events.newest;
      readers += 1;
      recorder.turn('on');
      let isOpen = true;
      return {
        events: completeAfter(events, recordedAfter),
        close() {
          if (isOpen) readers -= 1;
          isOpen = false;
          if (readers === 0) recorder.turn('off');
        },
      };
    },
  };
}
