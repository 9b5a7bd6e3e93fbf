/** The errors of Redis that mean that it cannot serve now. */
import { ReplyError } from 'ioredis';
import { StoreUnavailable } from '../driver.ts';

/** Redis has no such database, or keeps it from this user. */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
}

const fault = /^(?:ERR|WRONGTYPE)\b/;
/** Redis 6.2 wraps errors of commands in an error of the script; a cluster reports a slot that migrates this way. */
const cannotServe =
  /-(?:READONLY|OOM|MISCONF|NOREPLICAS|CLUSTERDOWN|LOADING)\b|non local key|DB index is out of range/;

/** Whether Redis refused a command for lack of memory. */
export function isMemoryFull({ message }: Error): boolean {
  return /(?:^|-)OOM\b/.test(message);
}

/** Returns StoreUnavailable if Redis cannot serve now; the error itself if the script is at fault. */
export function asStoreError(error: Error): Error {
  if (error instanceof StoreUnavailable) return error;
  const { message } = error;
  const isFault = error instanceof ReplyError && fault.test(message) && !cannotServe.test(message);
  return isFault ? error : new StoreUnavailable(message);
}
