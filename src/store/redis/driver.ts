/**
 * The Redis driver: one Redis, Sentinel or Redis Cluster. Every step is one script on one partition, whose keys share a
 * hash tag, so the same code runs on all of them.
 */
import { crc32 } from 'node:zlib';
import {
  type Answer,
  type ClockReading,
  type Command,
  type CommandName,
  type Driver,
  defaultEventKeeping,
  type EventKeeping,
  type Outcome,
  type Tenant,
} from '../store.ts';
import { makeCaller } from './caller.ts';
import { type Codec, codecs } from './commands.ts';
import { openConnections } from './connections/connect.ts';
import type { StoreLog } from './connections/connection.ts';
import { checkHealth } from './health.ts';
import type { Reply, ScriptArgument } from './scripts.ts';
import { stepEvents } from './steps.ts';
import { parseRedisUrl, RedisUrlError } from './target.ts';

export interface RedisOptions {
  readonly url: string;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
  /** Must be the same on all nodes, for ever. */
  readonly partitions?: number;
  readonly events?: EventKeeping;
  readonly log?: StoreLog;
}

const defaultPartitions = 64;
const maxKnownTenants = 10_000;
/** A call of its own costs Redis about as much as two renewals. */
const eagerBatch = 32;
const silent = { warn() {}, info() {} };

/**
 * Opens the driver. Redis may still be away: commands then fail fast until it is there. Throws RedisUrlError for a URL
 * that cannot be understood, or names a database that this Redis does not have.
 */
export async function openRedisDriver(options: RedisOptions): Promise<Driver> {
  const target = parseRedisUrl(options.url);
  const { timeoutMs, partitions = defaultPartitions, log = silent, events = defaultEventKeeping } = options;
  const keeping: readonly ScriptArgument[] = [events.keepEntries, events.idleMs];
  let appendListener: (tenant: Tenant, topic: string) => void = () => {};
  let gapListener: () => void = () => {};
  const { topology, opened, close } = openConnections(target, {
    timeoutMs,
    partitions,
    log,
    onAppend: (tenant, topic) => appendListener(tenant, topic),
    onGap: () => gapListener(),
  });
  const call = makeCaller({
    topology,
    keys: Array.from({ length: partitions }, (_, partition) => `{hb:${partition}}:clock`),
    description: target.description,
    timeoutMs,
  });

  /** Commands of one kind, in one call. */
  const runKind = async (
    partition: number,
    name: CommandName,
    commands: readonly Command[],
  ): Promise<Outcome[]> => {
    // Which codec belongs to which command is known by name only.
    const codec = codecs[name] as unknown as Codec<'beat'>;
    const args: ScriptArgument[] = codec.changesLeases === true ? [...keeping] : [];
    const asks = commands.map(({ ask }) => ask) as never[];
    try {
      if (codec.encodeBatch === undefined) for (const ask of asks) codec.encode(ask, args);
      else codec.encodeBatch(asks, args);
      const raw = codec.raw === true || codec.changesLeases === true;
      const reply = (await call({ name, partition, args, raw })) as readonly Reply[];
      const replies = codec.changesLeases === true ? reply[0] : reply;
      const answers: Answer<CommandName>[] =
        codec.decodeBatch?.(replies as Buffer, asks) ??
        asks.map((ask, at) => codec.decode((replies as readonly Reply[])[at] ?? null, ask));
      const outcomes: Outcome[] = answers.map((answer) => ({ answer }));
      const made = codec.changesLeases === true ? stepEvents(reply, 1) : [];
      const [first] = answers;
      if (made.length > 0 && first !== undefined) outcomes[0] = { answer: first, events: made };
      return outcomes;
    } catch (error) {
      return commands.map(() => ({ error: error as Error }));
    }
  };

  // Asked for every command, mostly of the same tenants.
  const partitionsOf = new Map<Tenant, number>();
  const partitionOf = (tenant: Tenant): number => {
    let partition = partitionsOf.get(tenant);
    if (partition === undefined) {
      partition = crc32(tenant) % partitions;
      if (partitionsOf.size >= maxKnownTenants) partitionsOf.clear();
      partitionsOf.set(tenant, partition);
    }
    return partition;
  };

  const readClock = async (partition: number, args: readonly ScriptArgument[]): Promise<ClockReading> => {
    const [leaseMs, wallMs, frozen] = (await call({ name: 'clock', partition, args })) as readonly Reply[];
    return { leaseMs: Number(leaseMs), wallMs: Number(wallMs), frozen: frozen === 1 };
  };

  try {
    await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())]);
  } catch (error) {
    close();
    throw new RedisUrlError((error as Error).message);
  }
  // Later it only shows in the replies.
  opened.catch(() => {});

  return {
    description: target.description,
    partitions,
    eagerBatch,
    partitionOf,
    async execute(partition, commands) {
      const [first] = commands;
      // Mostly all are beats.
      if (first !== undefined && commands.every(({ name }) => name === first.name))
        return runKind(partition, first.name, commands);
      const positions = Map.groupBy(commands.keys(), (at) => commands[at]?.name as CommandName);
      const outcomes: Outcome[] = new Array(commands.length);
      await Promise.all(
        [...positions].map(async ([name, places]) => {
          const ofKind = await runKind(
            partition,
            name,
            places.map((at) => commands[at] as Command),
          );
          for (const [index, at] of places.entries()) outcomes[at] = ofKind[index] as Outcome;
        }),
      );
      return outcomes;
    },
    async sweep(partition, owner, budget) {
      const reply = (await call({
        name: 'sweep',
        partition,
        args: [...keeping, owner, budget],
        raw: true,
      })) as readonly Reply[];
      const expired = stepEvents(reply, 2).sort((a, b) => b.lateMs - a.lateMs);
      const nextInMs = Number(reply[1]);
      return { expired, more: reply[0] === 1, nextInMs: nextInMs < 0 ? null : nextInMs };
    },
    async claimSweep(partition, owner, forMs) {
      await readClock(partition, [0, '', owner, forMs, '']);
    },
    readClock: (partition) => readClock(partition, [0, '', '', 0, '']),
    async attend(partition, forMs) {
      await readClock(partition, [0, '', '', 0, forMs]);
    },
    async setClock(partition, { advanceMs = 0, frozen }) {
      if (!Number.isFinite(advanceMs) || advanceMs < 0) {
        throw new RangeError(`the lease clock cannot advance by ${advanceMs} ms`);
      }
      return readClock(partition, [
        Math.floor(advanceMs),
        frozen === undefined ? '' : frozen ? '1' : '0',
        '',
        0,
        '',
      ]);
    },
    async tenants(partition) {
      const [leases, documents, topics] = (
        (await call({ name: 'tenants', partition, args: [] })) as readonly Reply[]
      ).map((counts) => new Map(pairs(counts)));
      const names = new Set([
        ...(leases?.keys() ?? []),
        ...(documents?.keys() ?? []),
        ...(topics?.keys() ?? []),
      ]);
      return [...names].map((tenant) => ({
        tenant,
        leases: leases?.get(tenant) ?? 0,
        documents: documents?.get(tenant) ?? 0,
        topics: topics?.get(tenant) ?? 0,
      }));
    },
    onAppend(listener) {
      appendListener = listener;
    },
    onGap(listener) {
      gapListener = listener;
    },
    ping: () =>
      checkHealth({
        topology,
        partitions,
        probe: (partition) => readClock(partition, [0, '', '', 0, '']),
      }),
    async close() {
      close();
    },
  };
}

function pairs(reply: Reply): [string, number][] {
  const fields = reply as readonly Reply[];
  return Array.from({ length: fields.length / 2 }, (_, at) => [
    String(fields[2 * at]),
    Number(fields[2 * at + 1]),
  ]);
}
