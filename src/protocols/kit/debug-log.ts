/** Debug lines at the stops of an event's way through a protocol, free while they are off. */
import type { FastifyBaseLogger } from 'fastify';
import type { Logger } from 'pino';
import type { Subject } from './operation.ts';

/**
 * Writes one line at level `debug`. Undefined while that level is off, so that `debug?.({ … }, 'lease renewed')` evaluates
 * nothing then.
 */
export type DebugLog =
  | ((fields: Subject & Readonly<Record<string, unknown>>, message: string) => void)
  | undefined;

/** Returns the debug log of a logger, by its level at the time of the call. */
export function debugLog(log: FastifyBaseLogger): DebugLog {
  // Fastify's type of a logger leaves out what pino has.
  const isOn = (log as Partial<Pick<Logger, 'isLevelEnabled'>>).isLevelEnabled?.('debug') === true;
  return isOn ? (fields, message) => log.debug(fields, message) : undefined;
}
