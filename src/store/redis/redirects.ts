/** Follows the redirects of a Redis Cluster. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { TenantBounds } from '../driver.ts';
import { type Connection, type Endpoint, parseEndpoint } from './connections/connection.ts';
import type { Topology } from './connections/topology.ts';
import { loadScript, type Reply, type ScriptCall } from './scripts.ts';

export interface RedirectOptions {
  readonly topology: Topology;
  /** As the scripts were defined with. */
  readonly bounds: TenantBounds;
  send(redis: Redis, call: ScriptCall): Promise<Reply>;
  /** Throws StoreUnavailable if the connection takes no commands now. */
  requireUsable(connection: Connection): void;
}

/** A call that a node refused. */
export interface RefusedCall {
  readonly call: ScriptCall;
  readonly error: Error;
  readonly connection: Connection;
  /** Returns whether the caller has given up: then nothing must be sent. */
  isLate(): boolean;
}

/** Pause before a command that no node accepted is retried, ms. */
const replaceMs = 25;
/** Redirects that are followed without a pause; nodes that disagree redirect to each other. */
const maxHurriedTries = 3;

/**
 * Returns a function that follows redirects until the call is served or late. A node that redirects has executed nothing.
 * Rejects with the error of the call if it is no redirect.
 */
export function makeRedirectFollower({
  topology,
  bounds,
  send,
  requireUsable,
}: RedirectOptions): (refused: RefusedCall) => Promise<Reply> {
  const sendAsking = async (redis: Redis, call: ScriptCall): Promise<Reply> => {
    // ASKING holds for one command: the script's text could not be sent after its hash.
    await loadScript(redis, call.name, bounds);
    const [, reply] = await Promise.all([redis.asking(), send(redis, call)]);
    return reply;
  };
  const locate = async (call: ScriptCall, redirect: Redirect, isLate: () => boolean): Promise<Connection> => {
    if (redirect.to === undefined) return topology.connectionOf(call.partition);
    const connection =
      topology.redirect?.(call.partition, redirect.to, redirect.isOnce) ??
      topology.connectionOf(call.partition);
    // A new node is still being connected to.
    while (connection.fault !== undefined && !isLate()) await pause(replaceMs);
    return connection;
  };

  return async ({ call, isLate, ...refused }) => {
    let { error, connection } = refused;
    for (let tries = 1; ; tries += 1) {
      const redirect = parseRedirect(error.message, connection.endpoint);
      if (redirect === undefined) throw error;
      if (redirect.to === undefined || tries > maxHurriedTries) await pause(replaceMs);
      connection = await locate(call, redirect, isLate);
      if (isLate()) throw error;
      requireUsable(connection);
      try {
        return await (redirect.isOnce ? sendAsking : send)(connection.redis, call);
      } catch (next) {
        error = next as Error;
      }
    }
  };
}

interface Redirect {
  /** Undefined: the same node, a little later. */
  readonly to: Endpoint | undefined;
  readonly isOnce: boolean;
}

/** Reads `MOVED slot host:port`, `ASK slot host:port` and `TRYAGAIN …`; undefined: the error is none of them. */
function parseRedirect(message: string, sender: Endpoint): Redirect | undefined {
  const [kind, , name] = message.split(' ');
  if (kind === 'TRYAGAIN') return { to: undefined, isOnce: false };
  if ((kind !== 'MOVED' && kind !== 'ASK') || name === undefined) return undefined;
  return { to: parseEndpoint(name, sender.host), isOnce: kind === 'ASK' };
}
