/** Debug lines at the stops of an event's way through the store. Nothing is built while debug lines are off. */
import { isDebugging, type Log } from '../../settings/log.ts';
import type { Sweep } from '../driver.ts';
import { countEvents, type EventRun, eventsOf } from '../event-runs.ts';
import type { Tenant } from '../leases.ts';

/** Which step recorded an event: a client's command, a sweep, or an advance of the clock. */
export type EventSource = 'command' | 'sweep' | 'advance';

/** Logs a sweep that found something. */
export function logSweep(log: Log, partition: number, { expired, more }: Sweep): void {
  if (expired.length === 0 || !isDebugging(log)) return;
  log.debug({ partition, expired: countEvents(expired), more }, 'lease sweep found expired leases');
}

/** Logs events after they were appended to their topics. */
export function logEvents(log: Log, source: EventSource, runs: readonly EventRun[]): void {
  if (runs.length === 0 || !isDebugging(log)) return;
  for (const { tenant, group, holder, type, epoch, revision, count, lateMs } of runs.flatMap(eventsOf)) {
    log.debug(
      { tenant, group, holder, type, epoch, revision, count, lateMs, source },
      'lease event appended',
    );
  }
}

/** Logs that waiters of a topic are woken. */
export function logWake(log: Log, tenant: Tenant, topic: string, waiters: number): void {
  if (waiters === 0 || !isDebugging(log)) return;
  log.debug({ tenant, topic, waiters }, 'topic waiters woken');
}
