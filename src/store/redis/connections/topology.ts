/** The Redis processes that serve the partitions. */
import { type Redis, ReplyError } from 'ioredis';
import { DatabaseRefused } from '../store-error.ts';
import type { Connection, ConnectionOptions, Endpoint, StoreLog } from './connection.ts';

export interface Topology {
  /** Returns the connection that serves the partition, which may be away. Throws StoreUnavailable if there is none. */
  connectionOf(partition: number): Connection;
  /** Processes of which any announces all appends. */
  readonly endpoints: readonly Endpoint[];
  /** Requests an update of the topology soon, after an error that a change may have caused. */
  refresh(): void;
  /** In a cluster: the partition is served there from now on, or, if `isOnce`, for one command. */
  redirect?(partition: number, to: Endpoint, isOnce: boolean): Connection;
  close(): void;
}

export interface NodeOptions extends Pick<ConnectionOptions, 'endpoint' | 'onUp' | 'onDown'> {
  /** True: rejects a replica. A node of a cluster redirects commands by itself. */
  readonly isMaster: boolean;
}

export interface TopologyOptions {
  /** Opens a connection for commands. */
  open(options: NodeOptions): Connection;
  /** Called when `endpoints` changed. */
  onEndpoints(): void;
  readonly log: StoreLog;
}

/** Opens the topology of one Redis process at one address, which a load balancer or DNS may move. */
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
 * Selects the database once more: if it does not exist, ioredis continues on the first, which holds other data.
 * Rejects with DatabaseRefused.
 */
export async function selectDatabase(redis: Redis, db: number): Promise<void> {
  if (db === 0) return;
  await redis.select(db).catch((error: Error) => {
    throw error instanceof ReplyError
      ? new DatabaseRefused(`database ${db} is refused: ${error.message}`)
      : error;
  });
}

/** Rejects if the process is a replica. Resolves if the user may not read the role: writes to a replica fail anyway. */
export async function checkMaster(redis: Redis): Promise<void> {
  const [role] = (await redis.role().catch((error: Error) => {
    if (error instanceof ReplyError) return [];
    throw error;
  })) as readonly unknown[];
  if (role === 'slave') throw new Error('it is a replica');
}
