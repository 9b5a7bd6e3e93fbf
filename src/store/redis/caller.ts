/** Runs scripts on the process that serves their partition, within the store's time limit. */
import type { Redis } from 'ioredis';
import { StoreUnavailable, type TenantBounds } from '../driver.ts';
import { type Connection, endpointName } from './connections/connection.ts';
import { afterReading, dropConnection } from './connections/liveness.ts';
import type { Topology } from './connections/topology.ts';
import { declaredKeys } from './keys.ts';
import { makeRedirectFollower } from './redirects.ts';
import { type Reply, runScript, type ScriptCall } from './scripts.ts';
import { asStoreError } from './store-error.ts';

/** Rejects with StoreUnavailable when the partition is away or did not reply in time. */
export type Caller = (call: ScriptCall) => Promise<Reply>;

export interface CallerOptions {
  readonly topology: Topology;
  readonly partitions: number;
  /** Names the store in errors. */
  readonly description: string;
  readonly timeoutMs: number;
  /** As the scripts were defined with. */
  readonly bounds: TenantBounds;
}

const demoted = /(?:^|-)READONLY\b/;

export function makeCaller(options: CallerOptions): Caller {
  const { topology, description, timeoutMs } = options;
  const keys = Array.from({ length: options.partitions }, (_, partition) => declaredKeys(partition));

  const send = (redis: Redis, script: ScriptCall): Promise<Reply> => {
    writeTogether(redis.stream);
    return runScript(redis, script, keys[script.partition] ?? declaredKeys(script.partition));
  };
  const requireUsable = ({ endpoint, fault }: Connection): void => {
    if (fault !== undefined)
      throw new StoreUnavailable(`${description}: ${endpointName(endpoint)} is away: ${fault.message}`);
  };
  const followRedirects = makeRedirectFollower({
    ...{ topology, send, requireUsable },
    bounds: options.bounds,
  });

  return (call) =>
    new Promise((resolve, reject) => {
      const connection = topology.connectionOf(call.partition);
      requireUsable(connection);
      const { stream } = connection.redis;
      const { bytesRead } = stream;
      let isLate = false;
      const timer = afterReading(timeoutMs, () => {
        isLate = true;
        // Commands sent to a silent peer later might be executed after their callers have given up.
        if (stream.bytesRead === bytesRead) stream.destroy(new Error(`no byte received for ${timeoutMs} ms`));
        reject(new StoreUnavailable(`${description} did not reply within ${timeoutMs} ms`));
      });
      const succeed = (reply: Reply): void => {
        clearTimeout(timer);
        resolve(reply);
      };
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        const error = asStoreError(cause);
        if (error instanceof StoreUnavailable) topology.refresh();
        reject(error);
      };
      send(connection.redis, call).then(succeed, (error: Error) => {
        // A replica may lose what it acknowledged: the next connection checks the role.
        if (demoted.test(error.message) && connection.fault === undefined)
          dropConnection(connection.redis, 'it is a replica now');
        if (topology.redirect === undefined) fail(error);
        else followRedirects({ call, error, connection, isLate: () => isLate }).then(succeed, fail);
      });
    });
}

/** Lets all calls of this turn reach the process in one write: it then reads and answers them together. */
function writeTogether(stream: Redis['stream']): void {
  // As long as it is corked, a call before this one will uncork it.
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}
