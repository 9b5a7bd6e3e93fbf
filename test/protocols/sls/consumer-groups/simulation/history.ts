/**
 * Simulated histories of consumer groups: server nodes over one store, and clients that hold and release shards as the vendor's libraries
 * do. Faults: lost, late and repeated requests, crashes, pauses, clocks that differ or are set, splits and merges; dates of the
 * clients' own clocks, all of one second, or none. Everything follows from the seed. Invariants are checked at every step.
 */
import { createGroup } from '../../../../../src/protocols/sls/consumer-groups/create-consumer-group.ts';
import { appendLogGroups } from '../../../../../src/protocols/sls/logs/append-log-groups.ts';
import {
  createLogstore,
  readLogstore,
} from '../../../../../src/protocols/sls/resources/logstores/logstore-store.ts';
import { createProject } from '../../../../../src/protocols/sls/resources/projects/project.ts';
import { reshape } from '../../../../../src/protocols/sls/resources/shards/change-shards.ts';
import { merge, split } from '../../../../../src/protocols/sls/resources/shards/shards.ts';
import { checkIdle, checkOwners, checkSettled } from './checks.ts';
import { crash, saveEnd, setClock, start } from './clients.ts';
import {
  type Client,
  groupRef,
  type HistoryOptions,
  type HistoryResult,
  makeWorld,
  type Poison,
  passSlsError,
  project,
  stormMs,
  tenant,
  timeoutMs,
  type World,
} from './world.ts';

/** Runs a history to its end. Throws a Violation of what must hold. */
export async function runHistory(options: HistoryOptions): Promise<HistoryResult> {
  const world = makeWorld(options);
  try {
    await begin(world);
    while (world.events.length > 0) {
      await step(world, options.poison);
      if (world.violation !== undefined) throw world.violation;
    }
    await checkSettled(world);
    return world.result;
  } finally {
    await world.store.close();
  }
}

/** Makes the group, and schedules the starts of the clients, the faults and their end. */
async function begin(world: World): Promise<void> {
  await world.store.freezeClock();
  const node = world.node();
  await createProject(node, project);
  await createLogstore(node, groupRef, { shardCount: 1 + world.below(6) });
  await createGroup(node, groupRef, {
    consumerGroup: groupRef.group,
    timeout: timeoutMs / 1_000,
    order: world.isOrdered,
  });
  for (const client of world.clients) world.at(world.below(10_000), () => start(world, client));
  for (let at = 1_000; at < stormMs; at += 1_000) world.at(at, () => disturb(world));
  world.at(stormMs, async () => {
    world.isQuiet = true;
    // At least one client runs.
    for (const client of world.clients) {
      client.pausedUntilMs = Math.min(client.pausedUntilMs, world.nowMs);
    }
    const [first] = world.clients;
    if (first !== undefined && !world.clients.some(({ isRunning }) => isRunning)) await start(world, first);
  });
}

/** Runs all events of the next moment concurrently. */
async function step(world: World, poison: Poison | undefined): Promise<void> {
  const atMs = Math.min(...world.events.map((event) => event.atMs));
  const due = world.events.filter((event) => event.atMs === atMs).sort((a, b) => a.order - b.order);
  world.events.splice(0, world.events.length, ...world.events.filter((event) => event.atMs !== atMs));
  const passedMs = atMs - world.nowMs;
  world.advanceTo(atMs);
  if (passedMs > 0) await world.store.advanceClock(passedMs);
  await Promise.all(due.map(({ run }) => run()));
  if (poison !== undefined) await poison(world.store, world.random);
  checkOwners(world);
  checkIdle(world);
}

/** Has some faults happen, and what else changes a group. */
async function disturb(world: World): Promise<void> {
  if (world.isQuiet) return;
  const client = world.clients[world.below(world.clients.length)];
  if (client === undefined) return;
  const { crashes, reshapes, clocks } = world.faults;
  if (crashes && world.chance(0.12)) {
    // The client that a shard was meant for may be gone: the allowed idle time starts again.
    world.idleSince.clear();
    if (!client.isRunning) await start(world, client);
    else if (world.chance(0.5)) crash(client);
    else client.pausedUntilMs = world.nowMs + world.below(10_000);
  }
  if (clocks && world.chance(0.1)) setClock(world, client);
  if (reshapes && world.chance(0.08)) await reshapeShards(world);
  if (world.chance(0.3))
    await appendLogGroups(world.node(), groupRef, { groups: [Buffer.alloc(0)], clientIp: '' });
  if (world.chance(0.3)) await save(world, client);
}

/** Splits a shard or merges it with its neighbour. */
async function reshapeShards(world: World): Promise<void> {
  const node = world.node();
  const { shards } = (await readLogstore(node, groupRef)).value;
  if (shards.length > 12) return;
  const id = shards[world.below(shards.length)]?.shardID ?? 0;
  const isSplit = world.chance(0.6);
  const now = await node.nowSeconds(tenant);
  await reshape(node, groupRef, (before) =>
    isSplit ? split(before, id, { count: 2 }, now) : merge(before, id, now),
  ).catch(passSlsError);
}

/** Saves the end of a shard that the client consumes; sometimes sets a checkpoint back. */
async function save(world: World, client: Client): Promise<void> {
  const [shard] = [...client.holds.keys()].filter(() => world.chance(0.5));
  if (shard === undefined || !client.isRunning || client.pausedUntilMs > world.nowMs) return;
  await saveEnd(world, client.name, shard, !world.isOrdered && world.chance(0.1) ? 'beginning' : 'end');
}
