/** Nodes over one Redis, each with a proxy in between. */
import { setTimeout as pause } from 'node:timers/promises';
import { type RedisServer, startRedis } from '../../redis-server.ts';
import { startTcpProxy, type TcpProxy } from '../../tcp-proxy.ts';
import { ttlMs } from '../clients/bench.ts';
import { ask } from './ask.ts';
import { networkFaults, nodeFaults } from './node-faults.ts';
import { type ServerNode, startServerNode } from './server-node.ts';
import { type Fault, nodeArguments, type World, type WorldOptions } from './world.ts';

/** Starts it. */
export async function startRedisWorld({ folder, onError, onLine, nodeCount }: WorldOptions): Promise<World> {
  // Every write is on its way to the disk before its reply, so that a kill loses nothing.
  const redis = await startRedis({ appendOnly: true });
  const links: TcpProxy[] = [];
  const nodes: ServerNode[] = [];
  const close = async (): Promise<void> => {
    for (const node of nodes) await node.close();
    for (const link of links) await link.close();
    redis.thaw();
    await redis.stop();
  };
  try {
    for (let at = 1; at <= nodeCount; at += 1) {
      const link = await startTcpProxy({ port: redis.port });
      links.push(link);
      const args = [...nodeArguments(ttlMs.pbx), '--redis-url', `redis://127.0.0.1:${link.port}`];
      nodes.push(await startServerNode({ name: `node${at}`, folder, args, onError, onLine }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store: 'redis',
    nodes,
    faults: [...nodeFaults(nodes), ...networkFaults('Redis', links), ...redisFaults(redis)],
    skipped: [],
    hasTrueClock: () => true,
    close,
  };
}

function redisFaults(redis: RedisServer): Fault[] {
  return [
    {
      name: 'kill and restart Redis',
      async run({ forMs }) {
        await redis.kill();
        await pause(forMs);
        await redis.start();
      },
    },
    {
      name: 'stop Redis (SIGSTOP)',
      async run({ forMs }) {
        redis.freeze();
        await pause(forMs);
        redis.thaw();
      },
    },
    {
      name: 'fill the memory of Redis',
      keepsTime: true,
      async run({ forMs }) {
        await configure(redis, { 'maxmemory-policy': 'noeviction', maxmemory: '1' });
        // Leases end meanwhile.
        await pause(forMs + ttlMs.presence);
        await configure(redis, { maxmemory: '0' });
      },
    },
  ];
}

async function configure({ port }: RedisServer, settings: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) await ask(port, ['CONFIG', 'SET', name, value]);
}
