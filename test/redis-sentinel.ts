/** A Redis master, its replicas, and Sentinels that watch them, for tests. */
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from './redis-server.ts';

export const masterName = 'heartbeats';

export interface SentinelSet {
  /** The first master. */
  readonly master: RedisServer;
  /** Its first replica. */
  readonly replica: RedisServer;
  /** The first master and all its replicas. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];
  /** Has the first Sentinel make the replica the master, as an operator does. */
  failOver(): Promise<void>;
  /** Resolves when a Sentinel says that the master switched. */
  switched(): Promise<void>;
  stop(): Promise<void>;
}

export interface SentinelSetOptions {
  /** Number of replicas; default 1. */
  readonly replicas?: number;
  /** Further arguments of the master and its replicas. */
  readonly settings?: readonly string[];
}

/** Starts them, and resolves when all Sentinels know the replicas and each other. */
export async function startSentinels(
  count: number,
  { replicas = 1, settings = [] }: SentinelSetOptions = {},
): Promise<SentinelSet> {
  // Otherwise a master waits for more replicas before it sends its data to the first.
  const extra = ['--repl-diskless-sync-delay', '0', ...settings];
  const master = await startRedis({ extra });
  const replica = await startReplica(extra, master);
  const servers = [master, replica];
  while (servers.length <= replicas) servers.push(await startReplica(extra, master));
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
    const known = JSON.stringify(await client.call('SENTINEL', 'REPLICAS', masterName));
    return (
      about.includes(`"num-slaves","${replicas}","num-other-sentinels","${count - 1}"`) &&
      known.split('"master-link-status","ok"').length === replicas + 1 &&
      known.split('"flags","slave"').length === replicas + 1
    );
  };
  // A master holds back what it replicates until the first acknowledgement of a replica, and may refuse writes until then.
  while (!(await isWritten(ofMaster))) await pause(20);
  await ofMaster.wait(replicas, 0);
  ofMaster.disconnect();
  for (const client of clients) while (!(await isReady(client))) await pause(20);

  return {
    master,
    replica,
    servers,
    sentinels,
    async failOver() {
      await clients[0]?.call('SENTINEL', 'FAILOVER', masterName);
    },
    switched: () => switched,
    async stop() {
      for (const client of [...clients, listener]) client.disconnect();
      for (const server of [...sentinels, ...servers]) {
        server.thaw();
        await server.stop();
      }
    },
  };
}

function startReplica(extra: readonly string[], { port }: RedisServer): Promise<RedisServer> {
  return startRedis({ extra: [...extra, '--replicaof', '127.0.0.1', String(port)] });
}

async function isWritten(redis: Redis): Promise<boolean> {
  return redis.set('first', '1').then(
    () => true,
    () => false,
  );
}
