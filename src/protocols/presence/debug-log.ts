/** Debug lines at the stops of an event's way through the protocol, free while they are off. */
import { isDebugging, type Log } from '../../settings/log.ts';
import type { Subject } from '../kit/operation.ts';

/**
 * Writes one line at level `debug`. Undefined while that level is off, so that `debug?.({ … }, 'lease renewed')` evaluates
 * nothing then.
 */
export type DebugLog =
  | ((fields: Subject & Readonly<Record<string, unknown>>, message: string) => void)
  | undefined;

/** Returns the debug log of a logger, by its level at the time of the call. */
export function debugLog(log: Log): DebugLog {
  return isDebugging(log) ? (fields, message) => log.debug(fields, message) : undefined;
}
