/** Debug logs that cost nothing while they are off. */
import type { FastifyBaseLogger } from 'fastify';

/** Returns whether debug lines are written. Guards the making of a line's fields; the level may change at any time. */
export function isDebugEnabled(log: FastifyBaseLogger): boolean {
  return log.level === 'debug' || log.level === 'trace';
}
