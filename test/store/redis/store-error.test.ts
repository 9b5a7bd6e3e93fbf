import { ReplyError } from 'ioredis';
import { expect, it } from 'vitest';
import { asStoreError } from '../../../src/store/redis/store-error.ts';
import { StoreUnavailable } from '../../../src/store/store.ts';

it.each([
  "READONLY You can't write against a read only replica. script: f0, on @user_script:25.",
  "ERR Error running script (call to f_f0): @user_script:25: @user_script: 25: -READONLY You can't write against a read only replica.",
  'ERR Error running script (call to f_f0): @user_script:9: -OOM command not allowed when used memory > maxmemory.',
  'ERR Script attempted to access a non local key in a cluster node script: f0, on @user_script:34.',
  'ERR DB index is out of range',
  'MISCONF Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
])('a Redis that cannot serve now is away: %s', (message) => {
  expect(asStoreError(new ReplyError(message))).toBeInstanceOf(StoreUnavailable);
});

it('a connection that ended is away', () => {
  expect(asStoreError(new Error('Connection is closed.'))).toBeInstanceOf(StoreUnavailable);
});

it.each([
  "ERR user_script:120: bad argument #1 to 'byte' (string expected, got boolean) script: f0, on @user_script:120.",
  'WRONGTYPE Operation against a key holding the wrong kind of value',
])('a script that is wrong is no outage: %s', (message) => {
  const error = new ReplyError(message);
  expect(asStoreError(error)).toBe(error);
});
