/** Observers of the lease events that this process records. */
import type { Log } from '../../settings/log.ts';
import { type EventRun, eventsOf } from '../event-runs.ts';
import type { Store } from '../store.ts';
import { type EventSource, logEvents } from './event-log.ts';

export interface Observers extends Pick<Store, 'observe' | 'observeRuns'> {
  /** Logs runs of events and tells them to all observers, in order. */
  publish(source: EventSource, runs: readonly EventRun[]): void;
}

/** Makes the observers of one store. A listener that is added twice is called twice. */
export function makeObservers(log: Log): Observers {
  const observers = new Set<(run: EventRun) => void>();
  const observeRuns: Store['observeRuns'] = (listener) => {
    const observer: typeof listener = (run) => listener(run);
    observers.add(observer);
    return () => observers.delete(observer);
  };
  return {
    publish(source, runs) {
      logEvents(log, source, runs);
      for (const run of runs) for (const observer of observers) observer(run);
    },
    observeRuns,
    observe: (listener) =>
      observeRuns((run) => {
        for (const event of eventsOf(run)) listener(event);
      }),
  };
}
