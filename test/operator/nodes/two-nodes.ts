/** Two nodes over one Redis, with a protocol of the tests: what is done on one is to be seen on the other. */
import { type Config, defaultConfig } from '../../../src/config.ts';
import { openStore } from '../../../src/store/open.ts';
import { beacon } from '../../protocols/kit/beacon/beacon.ts';
import type { RedisServer } from '../../redis-server.ts';
import { type StartedApp, type StartOptions, startApp } from '../../start-app.ts';

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
  const started = await startApp(settings, { ...options, store: await openStore(defaultConfig(settings)) });
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
