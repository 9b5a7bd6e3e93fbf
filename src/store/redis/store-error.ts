/** Which errors of Redis mean that it cannot serve now. */
import { ReplyError } from 'ioredis';
import { StoreUnavailable } from '../driver.ts';

/** Redis has no such database, or keeps it from this user. */
export class DatabaseRefused extends Error {
  override readonly name = 'DatabaseRefused';
}

const fault = /^(?:ERR|WRONGTYPE)\b/;
/** Redis 6.2 wraps what a script met in an error of its own; a cluster says so of a slot that is being moved. */
const cannotServe =
  /-(?:READONLY|OOM|MISCONF|NOREPLICAS|CLUSTERDOWN|LOADING)\b|non local key|DB index is out of range/;

/** A script that Redis could not run for what it is must be told from a Redis that cannot serve now: StoreUnavailable. */
export function asStoreError(error: Error): Error {
  if (error instanceof StoreUnavailable) return error;
  const { message } = error;
  const isFault = error instanceof ReplyError && fault.test(message) && !cannotServe.test(message);
  return isFault ? error : new StoreUnavailable(message);
}
