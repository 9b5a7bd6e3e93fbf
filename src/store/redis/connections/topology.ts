/** Which Redis process serves which partition, and how it is reached. */
import { type Redis, ReplyError } from 'ioredis';
import { DatabaseRefused } from '../store-error.ts';
import type { Connection, ConnectionOptions, Endpoint, StoreLog } from './connection.ts';

export interface Topology {
  /** Returns the connection that serves the partition, which may be away. Throws StoreUnavailable if there is none. */
  connectionOf(partition: number): Connection;
  /** Processes of which any announces all appends. */
  readonly endpoints: readonly Endpoint[];
  /** Looks again soon: an error showed that something may have moved. */
  refresh(): void;
  /** In a cluster: the partition is served there from now on, or, if `isOnce`, for one command. */
  redirect?(partition: number, to: Endpoint, isOnce: boolean): Connection;
  close(): void;
}

export interface NodeOptions extends Pick<ConnectionOptions, 'endpoint' | 'onUp' | 'onDown'> {
  /** True: a replica takes no commands. A node of a cluster tells by itself who does. */
  readonly isMaster: boolean;
}

export interface TopologyOptions {
  /** Opens a connection for commands. */
  open(options: NodeOptions): Connection;
  /** `endpoints` changed. */
  onEndpoints(): void;
  readonly log: StoreLog;
}

/** One Redis process at one address, which a load balancer or DNS may move. */
export function openSingle(endpoint: Endpoint, options: TopologyOptions): Topology {
  const connection = options.open({ endpoint, isMaster: true });
  return {
    connectionOf: () => connection,
    endpoints: [endpoint],
    refresh() {},
    close: () => connection.close(),
  };
}

/**
 * Selects the database once more: where there is none, ioredis goes on with the first, which belongs to other data.
 * Rejects with DatabaseRefused.
 */
export async function selectDatabase(redis: Redis, db: number): Promise<void> {
  if (db === 0) return;
  await redis.select(db).catch((error: Error) => {
    throw error instanceof ReplyError ? new DatabaseRefused(`names database ${db}: ${error.message}`) : error;
  });
}

/** Rejects if the process is a replica. A user that may not ask is let through: writes then fail by themselves. */
export async function checkMaster(redis: Redis): Promise<void> {
  const [role] = (await redis.role().catch((error: Error) => {
    if (error instanceof ReplyError) return [];
    throw error;
  })) as readonly unknown[];
  if (role === 'slave') throw new Error('it is a replica');
}
