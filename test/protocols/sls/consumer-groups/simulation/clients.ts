/** Clients of the simulation: each sends heartbeats, holds shards and shuts them down as the vendor's libraries do. */
import { updateCheckpoint } from '../../../../../src/protocols/sls/consumer-groups/consumer-group-update-check-point.ts';
import { heartbeat } from '../../../../../src/protocols/sls/consumer-groups/heartbeat.ts';
import { encodeCursor } from '../../../../../src/protocols/sls/logs/cursor.ts';
import { endsOf } from '../../../../../src/protocols/sls/logs/shard-log.ts';
import { readLogstore } from '../../../../../src/protocols/sls/resources/logstores/logstore-store.ts';
import { checkOrder } from './checks.ts';
import {
  type Client,
  groupRef,
  intervalMs,
  passSlsError,
  project,
  startMs,
  stormMs,
  timeoutMs,
  type World,
} from './world.ts';

/** Long enough for the longest paused client to return, give up, rejoin, and for every hand-over that follows to complete. */
const quietMs = 30_000;
const maxDelayMs = 1_500;
/** Short enough for copies whose date does not tell the order to arrive before the next heartbeat. */
const maxCopyDelayMs = { own: 3 * intervalMs, equal: 1_300, absent: 1_300 };
/** How long a client waits for a reply. */
const replyTimeoutMs = 1_900;

/** Sets a clock back only while no request of the client is on its way: that one would seem to be sent later. */
export function setClock(world: World, client: Client): void {
  const byMs = (world.below(41) - 20) * 1_000;
  if (byMs > 0 || client.underWay === 0) client.clockOffsetMs += byMs;
}

/** Returns the date of a client's next heartbeat. */
function dateOf(world: World, { clockOffsetMs }: Client): number | undefined {
  const { dates } = world.faults;
  if (dates === 'absent') return undefined;
  return Math.floor((startMs + (dates === 'own' ? world.nowMs + clockOffsetMs : 0)) / 1_000);
}

/** Starts a client that does not run. */
export async function start(world: World, client: Client): Promise<void> {
  if (client.isRunning) return;
  if (world.faults.dates !== 'own' && client.underWay > 0) {
    // Requests of its earlier life would overtake the new ones.
    world.at(100, () => start(world, client));
    return;
  }
  client.isRunning = true;
  client.life += 1;
  client.pausedUntilMs = 0;
  client.granted = new Set();
  client.holds.clear();
  client.closing.clear();
  client.lastSuccessMs = world.nowMs;
  await beat(world, client, client.life);
}

/** Ends a client without a word. */
export function crash(client: Client): void {
  client.isRunning = false;
  client.life += 1;
  client.holds.clear();
  client.closing.clear();
}

/** Saves the end of a shard, or its beginning. */
export async function saveEnd(
  world: World,
  consumer: string,
  shard: number,
  place: 'end' | 'beginning',
): Promise<void> {
  const node = world.node();
  const { value } = await readLogstore(node, groupRef);
  const found = value.shards.find(({ shardID }) => shardID === shard);
  if (found === undefined) return;
  const [end = 0n] = await endsOf(node, { project, logstore: value, shards: [found] });
  const checkpoint = place === 'beginning' ? 'MQ==' : encodeCursor(end);
  const isForced = world.chance(0.7);
  await updateCheckpoint(node, groupRef, { shard, checkpoint, consumer, isForced }).catch(passSlsError);
}

/** Sends a heartbeat of a client and schedules the next one. */
async function beat(world: World, client: Client, life: number): Promise<void> {
  if (client.life !== life || !client.isRunning) return;
  if (client.pausedUntilMs > world.nowMs) {
    world.at(client.pausedUntilMs - world.nowMs, () => beat(world, client, life));
    return;
  }
  if (world.isQuiet && world.nowMs > stormMs + quietMs) return;
  giveUpIfForgotten(world, client);
  client.beat += 1;
  const { beat: number } = client;
  const held = [...client.holds.keys()];
  const sentAt = dateOf(world, client);
  const network = world.faults.network && !world.isQuiet;
  const delay = (): number => (network && world.chance(0.2) ? world.below(maxDelayMs) : 0);
  const isLost = network && world.chance(0.1);
  const isAnswerLost = network && world.chance(0.1);
  const deliver = async (answer: readonly number[] | undefined, epoch: number): Promise<void> => {
    // A client that stopped waiting ignores the reply.
    if (client.life !== life || client.beat !== number || !client.isRunning) return;
    if (answer !== undefined) listen(world, client, answer, epoch);
  };
  const send = (delayMs: number, { isHeard }: { readonly isHeard: boolean }): void => {
    client.underWay += 1;
    const arrive = async (): Promise<void> => {
      client.underWay -= 1;
      const answer = await serve(world, client.name, held, sentAt);
      const epoch = world.epochs.get(client.name) ?? 0;
      if (!isHeard || isAnswerLost) return;
      const backMs = delay();
      if (delayMs + backMs >= replyTimeoutMs) return;
      if (backMs === 0) await deliver(answer, epoch);
      else world.at(backMs, () => deliver(answer, epoch));
    };
    if (delayMs === 0) world.inThisStep.push(arrive());
    else world.at(delayMs, arrive);
  };
  if (!isLost) send(delay(), { isHeard: true });
  if (network && world.chance(0.1))
    send(500 + world.below(maxCopyDelayMs[world.faults.dates]), { isHeard: false });
  world.at(intervalMs, () => beat(world, client, life));
  await Promise.all(world.inThisStep.splice(0));
}

/** Returns the shards of the reply; undefined if the heartbeat was refused. */
async function serve(
  world: World,
  consumer: string,
  held: readonly number[],
  sentAt: number | undefined,
): Promise<readonly number[] | undefined> {
  world.result.heartbeats += 1;
  const heardMs = world.nowMs;
  try {
    const text = await heartbeat(world.node(), groupRef, { consumer, held, sentAt });
    world.lastHeardMs.set(consumer, heardMs);
    const answer = JSON.parse(text) as number[];
    if (world.isOrdered) await checkOrder(world, answer);
    return answer;
  } catch (error) {
    passSlsError(error as Error);
    return undefined;
  }
}

/** Takes the shards of a reply over, and shuts down those that it no longer contains. */
function listen(world: World, client: Client, answer: readonly number[], epoch: number): void {
  client.lastSuccessMs = world.nowMs;
  client.granted = new Set(answer);
  for (const id of answer) {
    if (!client.holds.has(id)) world.result.grants += 1;
    // Assigned again, even while it is shutting the shard down.
    client.holds.set(id, epoch);
  }
  closeOthers(world, client);
}

/** Shuts down shards that the reply no longer contains, which takes a while. */
function closeOthers(world: World, client: Client): void {
  const { life } = client;
  for (const id of client.holds.keys()) {
    if (client.granted.has(id) || client.closing.has(id)) continue;
    client.closing.add(id);
    const close = async (): Promise<void> => {
      if (client.life !== life) return;
      if (client.pausedUntilMs > world.nowMs) {
        world.at(client.pausedUntilMs - world.nowMs, close);
        return;
      }
      client.closing.delete(id);
      if (client.granted.has(id)) return;
      if (world.chance(0.5)) await saveEnd(world, client.name, id, 'end');
      if (client.granted.has(id) || client.life !== life) return;
      world.result.handOvers += 1;
      client.holds.delete(id);
    };
    world.at(100 + world.below(1_500), close);
  }
}

/** Gives all shards up after a time without replies, as the libraries do: they may belong to another client by now. */
function giveUpIfForgotten(world: World, client: Client): void {
  if (
    world.nowMs - client.lastSuccessMs <= timeoutMs + intervalMs ||
    client.granted.size + client.holds.size === 0
  )
    return;
  client.granted = new Set();
  closeOthers(world, client);
}
