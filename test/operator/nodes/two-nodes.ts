/** Two nodes over one Redis, with a protocol of the tests: what is done on one is to be seen on the other. */
import { afterEach, beforeEach } from 'vitest';
import type { Config } from '../../../src/config.ts';
import { beacon } from '../../protocols/kit/beacon/beacon.ts';
import type { RedisServer } from '../../redis-server.ts';
import type { StartedApp, StartOptions } from '../../start-app.ts';
import { startAppOverStore } from '../../start-app.ts';
import { suiteRedis } from '../../suite-redis.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Node extends StartedApp {
  operator(method: Method, path: string, payload?: object): Promise<{ statusCode: number; body: unknown }>;
  /** A heartbeat of a ship: a beacon in the lighthouse `north`. */
  light(ship?: string): Promise<Response>;
}

/** Starts a node. Without `protocols`, of the protocol of the tests. */
export async function startNode(
  { url }: Pick<RedisServer, 'url'>,
  changes: Partial<Config> = {},
  options: StartOptions = { protocols: [beacon] },
): Promise<Node> {
  const settings = { redisUrl: url, ...changes };
  const started = await startAppOverStore(settings, options);
  return {
    ...started,
    async operator(method, path, payload) {
      const reply = await started.app.inject({
        method,
        url: `/_heartbeatd${path}`,
        ...(payload === undefined ? {} : { payload }),
      });
      return { statusCode: reply.statusCode, body: reply.body === '' ? undefined : reply.json() };
    },
    light: (ship = 'ada') =>
      fetch(`${started.url}/beacon/north/${ship}`, { method: 'PUT', body: '{"course":1}' }),
  };
}

type StartArguments = [changes?: Partial<Config>, options?: StartOptions];

interface TwoNodes {
  readonly changes?: Partial<Config>;
  readonly options?: StartOptions;
  /** Makes the nodes ready to be closed. */
  readonly tidy?: () => Promise<unknown>;
}

/** Gives each test of a file two new nodes, over one Redis for all of them. Returns the function that starts a further node over it. */
export function startTwoNodes(
  use: (a: Node, b: Node) => void,
  { changes, options, tidy }: TwoNodes = {},
): (...args: StartArguments) => Promise<Node> {
  const redis = suiteRedis();
  let nodes: readonly Node[];
  beforeEach(async () => {
    const [a, b] = await Promise.all([
      startNode(redis, changes, options),
      startNode(redis, changes, options),
    ]);
    nodes = [a, b];
    use(a, b);
  });
  afterEach(async () => {
    await tidy?.();
    await Promise.all(nodes.map((node) => node.close()));
  });
  return (...args) => startNode(redis, ...args);
}
