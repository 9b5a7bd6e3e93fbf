/** A Redis master, a replica of it, and Sentinels that watch both, for tests. */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from './redis-server.ts';

export const masterName = 'heartbeats';

export interface SentinelSet {
  /** The first master. */
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];
  /** Has the first Sentinel make the replica the master, as an operator does. */
  failOver(): Promise<void>;
  /** Resolves when a Sentinel says that the master switched. */
  switched(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts them, and resolves when all Sentinels know the replica and each other. */
export async function startSentinels(count: number): Promise<SentinelSet> {
  // Otherwise a master waits for more replicas before it sends its data to the first.
  const extra = ['--repl-diskless-sync-delay', '0'];
  const master = await startRedis({ extra });
  const replica = await startRedis({ extra: [...extra, '--replicaof', '127.0.0.1', String(master.port)] });
  const sentinelConfig = `sentinel monitor ${masterName} 127.0.0.1 ${master.port} ${Math.floor(count / 2) + 1}
sentinel down-after-milliseconds ${masterName} 500
sentinel failover-timeout ${masterName} 5000
`;
  const sentinels: RedisServer[] = [];
  for (let at = 0; at < count; at += 1) sentinels.push(await startRedis({ sentinelConfig }));
  const clients = sentinels.map(({ port }) => new Redis(port, '127.0.0.1'));
  const ofMaster = new Redis(master.port, '127.0.0.1');
  const listener = new Redis(sentinels[0]?.port ?? 0, '127.0.0.1');
  const { promise: switched, resolve } = Promise.withResolvers<void>();
  listener.on('message', () => resolve());
  await listener.subscribe('+switch-master');

  const isReady = async (client: Redis): Promise<boolean> => {
    const about = JSON.stringify(await client.call('SENTINEL', 'MASTER', masterName));
    const replicas = JSON.stringify(await client.call('SENTINEL', 'REPLICAS', masterName));
    return (
      about.includes(`"num-slaves","1","num-other-sentinels","${count - 1}"`) &&
      replicas.includes('"master-link-status","ok"') &&
      replicas.includes('"flags","slave"')
    );
  };
  // A master holds back what it replicates until the replica's first acknowledgement.
  await ofMaster.set('first', '1');
  await ofMaster.wait(1, 0);
  ofMaster.disconnect();
  for (const client of clients) while (!(await isReady(client))) await pause(20);

  return {
    master,
    replica,
    sentinels,
    async failOver() {
      await clients[0]?.call('SENTINEL', 'FAILOVER', masterName);
    },
    switched: () => switched,
    async stop() {
      for (const client of [...clients, listener]) client.disconnect();
      for (const server of [...sentinels, replica, master]) {
        server.thaw();
        await server.stop();
      }
    },
  };
}
