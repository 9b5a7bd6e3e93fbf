/** Metrics of the process itself: one set, however many servers run in it. */
import { collectDefaultMetrics, Registry } from 'prom-client';

let registry: Registry | undefined;

/**
 * Returns the registry of the process, made at the first call: it observes the garbage collector and the event loop as long as the
 * process runs, so a set for each server would add up.
 */
export function processMetrics(): Registry {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}
