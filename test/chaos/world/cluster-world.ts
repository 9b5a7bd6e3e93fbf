/** Nodes over a Redis Cluster of three masters, each with a replica. */
import { setTimeout as pause } from 'node:timers/promises';
import { hashSlot } from '../../../src/store/redis/connections/slots.ts';
import type { Random } from '../../random.ts';
import { type RedisCluster, type RedisServer, startCluster } from '../../redis-server.ts';
import { ttlMs } from '../clients/bench.ts';
import { ask, hasCaughtUp } from './ask.ts';
import { nodeFaults } from './node-faults.ts';
import { type ServerNode, startServerNode } from './server-node.ts';
import { type Fault, nodeArguments, type World, type WorldOptions } from './world.ts';

/** Starts it. */
export async function startClusterWorld({
  folder,
  onError,
  onLine,
  nodeCount,
}: WorldOptions): Promise<World> {
  const cluster = await startCluster({ replicas: true });
  const nodes: ServerNode[] = [];
  const close = async (): Promise<void> => {
    for (const node of nodes) await node.close();
    await cluster.stop();
  };
  try {
    for (let at = 1; at <= nodeCount; at += 1) {
      const args = [...nodeArguments(ttlMs.pbx), '--redis-url', cluster.url];
      nodes.push(await startServerNode({ name: `node${at}`, folder, args, onError, onLine }));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store: 'cluster',
    nodes,
    faults: [...nodeFaults(nodes), ...failovers(cluster), resharding(cluster)],
    skipped: [],
    hasTrueClock: () => true,
    close,
  };
}

interface Pair {
  readonly master: RedisServer;
  readonly replica: RedisServer;
}

function failovers(cluster: RedisCluster): Fault[] {
  return [
    {
      name: 'planned Cluster failover',
      isSelfHealing: true,
      prepare: () => whole(cluster),
      async run({ random }) {
        const { replica } = random.pick(await whole(cluster));
        await ask(replica.port, ['CLUSTER', 'FAILOVER']);
        await promoted(replica);
      },
    },
    {
      name: 'kill a master',
      isSelfHealing: true,
      prepare: () => whole(cluster),
      isLossy: true,
      async run({ random }) {
        const { master, replica } = random.pick(await whole(cluster));
        await master.kill();
        await promoted(replica);
      },
    },
    {
      name: 'stop a master (SIGSTOP)',
      isSelfHealing: true,
      prepare: () => whole(cluster),
      isLossy: true,
      async run({ random }) {
        const { master, replica } = random.pick(await whole(cluster));
        master.freeze();
        await promoted(replica);
      },
    },
  ];
}

/** Partitions of the Redis driver. */
const partitions = 64;

function resharding(cluster: RedisCluster): Fault {
  return {
    name: 'move slots to another master',
    isSelfHealing: true,
    prepare: () => whole(cluster),
    async run({ random }) {
      const pairs = await whole(cluster);
      for (let slots = 3; slots > 0; slots -= 1) {
        const found = await findSlot(pairs, random);
        if (found === undefined) return;
        const { slot, from } = found;
        const to = random.pick(pairs.filter(({ master }) => master !== from).map(({ master }) => master));
        await moveSlot(slot, { from, to, all: pairs.map(({ master }) => master) });
      }
    },
  };
}

/** Returns a slot that holds data, and its master. */
async function findSlot(
  pairs: readonly Pair[],
  random: Random,
): Promise<{ readonly slot: number; readonly from: RedisServer } | undefined> {
  const found: { readonly slot: number; readonly from: RedisServer; readonly keys: number }[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    const slot = hashSlot(`hb:${partition}`);
    for (const { master } of pairs) {
      const keys = (await ask(master.port, ['CLUSTER', 'COUNTKEYSINSLOT', String(slot)])) as number;
      // Every partition has a clock; one of a tenant has more.
      if (keys > 1) found.push({ slot, from: master, keys });
    }
  }
  return found.length === 0 ? undefined : random.pick(found);
}

/** Moves a slot as redis-cli does, one key at a time. */
async function moveSlot(
  slot: number,
  {
    from,
    to,
    all,
  }: { readonly from: RedisServer; readonly to: RedisServer; readonly all: readonly RedisServer[] },
): Promise<void> {
  const [fromId, toId] = (await Promise.all(
    [from, to].map(({ port }) => ask(port, ['CLUSTER', 'MYID'])),
  )) as string[];
  const name = String(slot);
  await ask(to.port, ['CLUSTER', 'SETSLOT', name, 'IMPORTING', fromId ?? '']);
  await ask(from.port, ['CLUSTER', 'SETSLOT', name, 'MIGRATING', toId ?? '']);
  for (;;) {
    const [key] = (await ask(from.port, ['CLUSTER', 'GETKEYSINSLOT', name, '1'])) as string[];
    if (key === undefined) break;
    await ask(from.port, ['MIGRATE', '127.0.0.1', String(to.port), key, '0', '5000']);
  }
  for (const { port } of [to, from, ...all])
    await ask(port, ['CLUSTER', 'SETSLOT', name, 'NODE', toId ?? '']);
}

const patienceMs = 40_000;

/** Resolves when all slots are served and each master has a replica with all of its data; starts again what was killed or stopped. */
async function whole({ servers }: RedisCluster): Promise<Pair[]> {
  for (const server of servers) {
    server.thaw();
    if (server.pid === 0) await server.start();
  }
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    const pairs = await pairsOf(servers).catch(() => []);
    if (pairs.length === servers.length / 2) return pairs;
    await pause(200);
  }
  throw new Error('the cluster did not become whole again');
}

async function pairsOf(servers: readonly RedisServer[]): Promise<Pair[]> {
  const known = await Promise.all(
    servers.map(async (server) => ({
      server,
      replication: String(await ask(server.port, ['INFO', 'replication'])),
      cluster: String(await ask(server.port, ['CLUSTER', 'INFO'])),
    })),
  );
  if (
    !known.every(({ cluster }) => cluster.includes('cluster_state:ok') && cluster.includes('slots_ok:16384'))
  )
    return [];
  const pairs: Pair[] = [];
  for (const { server } of known) {
    // Read again, after its master: what the master had then, the replica has now.
    const replication = String(await ask(server.port, ['INFO', 'replication']));
    const [, port] = /^master_port:(\d+)/m.exec(replication) ?? [];
    const master = known.find((one) => String(one.server.port) === port);
    if (master === undefined || !replication.includes('master_link_status:up')) continue;
    if (hasCaughtUp(master.replication, replication)) pairs.push({ master: master.server, replica: server });
  }
  return pairs;
}

async function promoted({ port }: RedisServer): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (performance.now() < endMs) {
    if (String(await ask(port, ['INFO', 'replication']).catch(() => '')).includes('role:master')) return;
    await pause(50);
  }
  throw new Error('the replica was not promoted');
}
