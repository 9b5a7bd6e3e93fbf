/** Nodes over a master, two replicas and three Sentinels, set up as docs/operating.md advises. */
import { setTimeout as pause } from 'node:timers/promises';
import { masterName, type SentinelSet, startSentinels } from '../../redis-sentinel.ts';
import type { RedisServer } from '../../redis-server.ts';
import { ttlMs } from '../clients/bench.ts';
import { ask, hasCaughtUp } from './ask.ts';
import { nodeFaults } from './node-faults.ts';
import { type ServerNode, startServerNode } from './server-node.ts';
import { type Fault, nodeArguments, type World, type WorldOptions } from './world.ts';

/** A master acknowledges a write only while a replica has acknowledged something in the last seconds. */
const settings = ['--min-replicas-to-write', '1', '--min-replicas-max-lag', '3'];

/** Starts it. */
export async function startSentinelWorld({
  folder,
  onError,
  onLine,
  nodeCount,
}: WorldOptions): Promise<World> {
  const set = await startSentinels(3, { replicas: 2, settings });
  const nodes: ServerNode[] = [];
  const close = async (): Promise<void> => {
    for (const node of nodes) await node.close();
    await set.stop();
  };
  const url = `redis+sentinel://${set.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${masterName}`;
  try {
    for (let at = 1; at <= nodeCount; at += 1) {
      const args = [...nodeArguments(ttlMs.pbx), '--redis-url', url];
      nodes.push(await startServerNode({ name: `node${at}`, folder, args, onError, onLine }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store: 'sentinel',
    nodes,
    faults: [...nodeFaults(nodes), ...failovers(set)],
    skipped: [],
    hasTrueClock: () => true,
    close,
  };
}

function failovers(set: SentinelSet): Fault[] {
  return [
    {
      name: 'planned Sentinel failover',
      isSelfHealing: true,
      prepare: () => whole(set),
      async run() {
        const { master } = await whole(set);
        await orderFailover(set);
        await switched(set, master);
      },
    },
    {
      name: 'kill the master',
      isSelfHealing: true,
      prepare: () => whole(set),
      isLossy: true,
      async run() {
        const { master } = await whole(set);
        await master.kill();
        await switched(set, master);
      },
    },
    {
      name: 'stop the master (SIGSTOP)',
      isSelfHealing: true,
      prepare: () => whole(set),
      isLossy: true,
      async run() {
        const { master } = await whole(set);
        master.freeze();
        await switched(set, master);
      },
    },
  ];
}

const patienceMs = 40_000;

/** Resolves when there is a master and its replicas have all of it; starts again what was killed or stopped. */
async function whole(set: SentinelSet): Promise<{ readonly master: RedisServer }> {
  for (const server of set.servers) {
    server.thaw();
    if (server.pid === 0) await server.start();
  }
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const master = await masterOf(set);
    // In this order: what the master has now, the replicas have later.
    const above = await replication(master);
    const replicas = set.servers.filter((server) => server !== master);
    const below = await Promise.all(replicas.map(replication));
    const isReplica = (text: string): boolean =>
      text.includes('master_link_status:up') &&
      text.includes(`master_port:${master.port}`) &&
      hasCaughtUp(above, text);
    if (
      above.includes('role:master') &&
      above.split('state=online').length === set.servers.length &&
      below.every(isReplica)
    )
      return { master };
    await pause(200);
  }
  throw new Error('the replicas did not catch up');
}

/** A Sentinel refuses while it has not heard of the replica, or of the end of the failover before. */
async function orderFailover(set: SentinelSet): Promise<void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await set.failOver();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await pause(200);
    }
  }
}

async function switched(set: SentinelSet, from: RedisServer): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    if ((await masterOf(set)) !== from) return;
    await pause(50);
  }
  throw new Error('the Sentinels did not switch the master');
}

async function masterOf(set: SentinelSet): Promise<RedisServer> {
  const [sentinel] = set.sentinels;
  const address = (await ask(sentinel?.port ?? 0, [
    'SENTINEL',
    'GET-MASTER-ADDR-BY-NAME',
    masterName,
  ])) as string[];
  return set.servers.find(({ port }) => port === Number(address[1])) ?? set.master;
}

async function replication({ port }: RedisServer): Promise<string> {
  return String(await ask(port, ['INFO', 'replication']).catch(() => ''));
}
