/** All clients of a run together, and what is read of the server in quiet. */
import { watchStrain } from '../strain.ts';
import { type Bench, openBench, parse, type Surroundings, ttlMs } from './bench.ts';
import { runApplication, runReporter } from './pbx.ts';
import {
  channels,
  hereNow,
  leaseOf,
  type Occupant,
  runOccupant,
  runPublisher,
  runReader,
  runSubscriber,
} from './presence.ts';
import {
  type Consumer,
  callSls,
  logTopic,
  runConsumer,
  runProducer,
  setUpSls,
  shardCount,
  slsGroup,
} from './sls.ts';

export interface Crowd {
  readonly bench: Bench;
  /**
   * Lets everything settle without changes, reads what the server says, and lets clients change things again. Resolves with false, and reads
   * nothing, if the machine is too busy for anything to settle.
   */
  quiet(): Promise<boolean>;
  /** Resolves when all clients have ended; the signal of the surroundings must have stopped them. */
  ended(): Promise<void>;
}

export interface CrowdOptions extends Surroundings {
  readonly hasTrueClock: () => boolean;
  /** How long a quiet time is before it is read; default: longer than a lease, a hand-over and a held poll together. */
  readonly settleMs?: number;
}

const defaultSettleMs = Math.max(...Object.values(ttlMs)) + 6_000;

/** How long a quiet time waits for a machine that is busy otherwise, ms. */
const strainBoundMs = 60_000;

/** Enough for what was published last to arrive, ms. */
const silenceMs = 3_000;

/** Starts all clients; the nodes must be served. */
export async function startCrowd(options: CrowdOptions): Promise<Crowd> {
  const bench = openBench(options);
  const strain = watchStrain(options.record, (ms) => bench.pause(ms));
  await setUpSls(bench);
  const { hasTrueClock, settleMs = defaultSettleMs } = options;
  // Before anybody joins: what it receives is complete.
  const subscribers = await Promise.all(
    ['first', 'second'].map((reader) => runSubscriber(bench, { reader, hasTrueClock })),
  );
  const occupants = channels.flatMap((channel) =>
    [1, 2, 3, 4, 5, 6].map((at) => runOccupant(bench, { name: `${channel}${at}`, channel })),
  );
  const consumers = ['c1', 'c2', 'c3', 'c4', 'c5'].map((name, at) => ({
    name,
    ...runConsumer(bench, { consumer: name, afterMs: at * 1_000 }),
  }));
  const applications = await Promise.all(
    ['a1', 'a2', 'a3'].map((application) =>
      runApplication(bench, { application, isSteady: application === 'a1' }),
    ),
  );
  const all = [...subscribers, ...occupants, ...consumers, ...applications].map(({ ended }) => ended);
  all.push(runProducer(bench), runPublisher(bench), runReader(bench, occupants), runReporter(bench));
  return {
    bench,
    async quiet() {
      bench.isQuiet = true;
      const fromMs = bench.now();
      const isCalm = await strain.calm(settleMs, strainBoundMs);
      if (isCalm)
        bench.record({ kind: 'quiet', fromMs: Math.max(fromMs, bench.now() - settleMs), toMs: bench.now() });
      bench.isSilent = true;
      await bench.pause(silenceMs);
      if (isCalm) {
        await readOccupancy(bench, occupants);
        readShards(bench, consumers);
        await readCheckpoints(bench);
        await readLogs(bench);
      }
      bench.isQuiet = false;
      bench.isSilent = false;
      return isCalm;
    },
    async ended() {
      strain.stop();
      await Promise.all(all);
      await bench.close();
    },
  };
}

const maxReads = 20;
const readAgainMs = 500;

/** Reads again while there is no reply: on a busy machine it may come too late. Returns undefined after many attempts. */
async function readUntil<T>(bench: Bench, read: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await read();
    if (found !== undefined || attempt === maxReads || bench.stopped.aborted) return found;
    await bench.pause(readAgainMs);
  }
}

async function readOccupancy(bench: Bench, occupants: readonly Occupant[]): Promise<void> {
  for (const channel of channels)
    for (let node = 0; node < bench.nodes; node += 1) {
      const read = await readUntil(bench, () => hereNow(bench, channel, node));
      if (read === undefined) {
        bench.wonder(`${channel} cannot be read in quiet`);
        continue;
      }
      const kept = occupants
        .filter((one) => one.channel === channel)
        .flatMap((one) => one.kept() ?? [])
        .map((uuid) => leaseOf(channel, uuid));
      const { sentMs, doneMs, occupancy } = read;
      const listed = read.uuids.map((uuid) => leaseOf(channel, uuid));
      bench.record({ kind: 'quiet occupancy', channel, kept, listed, occupancy, sentMs, doneMs });
    }
}

function readShards(bench: Bench, consumers: readonly (Consumer & { readonly name: string })[]): void {
  const holds: Record<string, readonly number[]> = {};
  for (const consumer of consumers) {
    const held = consumer.holds();
    if (held !== undefined) holds[consumer.name] = held;
  }
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  bench.record({ kind: 'quiet shards', group: slsGroup, holds, shards, atMs: bench.now() });
}

async function readCheckpoints(bench: Bench): Promise<void> {
  let last = '';
  const read = await readUntil(bench, async () => {
    const { status, text, sentMs, doneMs } = await callSls(bench, 'GET', slsGroup);
    const rows = parse<{ shard: number; checkpoint: string }[]>(text);
    last = `${status} ${text}`;
    return status === 200 && rows !== undefined ? { rows, sentMs, doneMs } : undefined;
  });
  if (read === undefined) return bench.wonder(`checkpoints in quiet: ${last}`);
  const { rows, sentMs, doneMs } = read;
  for (let shard = 0; shard < shardCount; shard += 1) {
    const value = rows.find((row) => row.shard === shard)?.checkpoint || null;
    bench.record({ kind: 'load', register: `checkpoint ${shard}`, value, sentMs, doneMs });
  }
}

async function readLogs(bench: Bench): Promise<void> {
  const ids: string[] = [];
  const sentMs = bench.now();
  for (let shard = 0; shard < shardCount; shard += 1) {
    const path = `/_heartbeatd/sls/logs?project=chaos&logstore=logs&limit=10000&shard=${shard}`;
    let last = '';
    const read = await readUntil(bench, async () => {
      const { status, text } = await bench.send({ method: 'GET', path, timeoutMs: 10_000 });
      last = `${status} ${text.slice(0, 200)}`;
      const found = parse<{ logs: { contents: { id: string } }[]; isComplete: boolean }>(text);
      return status === 200 && found?.isComplete === true ? found : undefined;
    });
    if (read === undefined) return bench.wonder(`logs in quiet: ${last}`);
    ids.push(...read.logs.map(({ contents }) => contents.id));
  }
  bench.record({ kind: 'full read', topic: logTopic, ids, sentMs, doneMs: bench.now() });
}
