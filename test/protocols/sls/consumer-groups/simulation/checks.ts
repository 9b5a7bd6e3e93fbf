/** What must hold in every history of the simulation. */
import { getCheckpoints } from '../../../../../src/protocols/sls/consumer-groups/get-check-point.ts';
import { encodeCursor } from '../../../../../src/protocols/sls/logs/cursor.ts';
import { endsOf } from '../../../../../src/protocols/sls/logs/shard-log.ts';
import { readLogstore } from '../../../../../src/protocols/sls/resources/logstores/logstore-store.ts';
import { ancestorsOf } from '../../../../../src/protocols/sls/resources/shards/shards.ts';
import { groupRef, intervalMs, project, timeoutMs, Violation, type World } from './world.ts';

/** A shard is held by at most one client whose lease has not ended since the assignment. */
export function checkOwners(world: World): void {
  const owners = new Map<number, string>();
  for (const { name, isRunning, holds } of world.clients) {
    if (!isRunning) continue;
    for (const [id, epoch] of holds) {
      if (world.epochs.get(name) !== epoch) continue;
      const other = owners.get(id);
      if (other !== undefined) world.violate(`shard ${id} is with ${other} and ${name}`);
      owners.set(id, name);
    }
  }
}

/** If every request arrives, no consumable shard is without a client for long. */
export function checkIdle(world: World): void {
  if (world.faults.network || world.faults.reshapes || world.isOrdered || world.faults.clocks) return;
  const held = new Set(
    world.clients.flatMap(({ isRunning, pausedUntilMs, holds }) =>
      isRunning && pausedUntilMs <= world.nowMs ? [...holds.keys()] : [],
    ),
  );
  const anybody = world.clients.some(
    ({ isRunning, pausedUntilMs, lastSuccessMs }) =>
      // A client that ran all the time.
      isRunning && pausedUntilMs === 0 && world.nowMs - lastSuccessMs < intervalMs,
  );
  for (const id of world.seenShards) {
    if (held.has(id) || !anybody || !world.idleSince.has(id)) world.idleSince.set(id, world.nowMs);
    const idleMs = world.nowMs - (world.idleSince.get(id) ?? world.nowMs);
    if (idleMs > timeoutMs + 2 * intervalMs + 200) world.violate(`shard ${id} was idle for ${idleMs} ms`);
  }
  for (const id of held) world.seenShards.add(id);
}

/** In a group with order, no reply contains a shard whose ancestors are not consumed to their ends. */
export async function checkOrder(world: World, answer: readonly number[]): Promise<void> {
  const open = await unfinished(world);
  const { shards } = (await readLogstore(world.node(), groupRef)).value;
  const byId = new Map(shards.map((shard) => [shard.shardID, shard]));
  for (const id of answer) {
    const before = ancestorsOf(byId, id).find((ancestor) => open.has(ancestor));
    if (before !== undefined) world.violate(`shard ${id} was given before ${before} was over`);
  }
}

/** Resolves to the shards that are written to, or are not consumed to their ends. */
async function unfinished(world: World): Promise<Set<number>> {
  const node = world.node();
  const { value } = await readLogstore(node, groupRef);
  const ends = await endsOf(node, { project, logstore: value, shards: value.shards });
  const checkpoints = await getCheckpoints(node, groupRef);
  return new Set(
    value.shards
      .filter(
        ({ shardID, status }, at) =>
          status === 'readwrite' ||
          checkpoints.find(({ shard }) => shard === shardID)?.checkpoint !== encodeCursor(ends[at] ?? 0n),
      )
      .map(({ shardID }) => shardID),
  );
}

/** After a time without faults every consumable shard has one owner, and loads are even. */
export async function checkSettled(world: World): Promise<void> {
  const open = await unfinished(world);
  const { shards } = (await readLogstore(world.node(), groupRef)).value;
  const byId = new Map(shards.map((shard) => [shard.shardID, shard]));
  const consumable = [...open].filter(
    (id) => !world.isOrdered || ancestorsOf(byId, id).every((ancestor) => !open.has(ancestor)),
  );
  const running = world.clients.filter(({ isRunning }) => isRunning);
  const loads = running.map(({ holds }) => holds.size);
  const held = running.flatMap(({ holds }) => [...holds.keys()]).sort((a, b) => a - b);
  const wanted = consumable.sort((a, b) => a - b);
  if (held.join() !== wanted.join()) throw new Violation(`held are ${held}, not ${wanted}`);
  if (Math.max(...loads) - Math.min(...loads) > 1) throw new Violation(`the loads are ${loads}`);
}
