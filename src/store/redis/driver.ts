/**
 * The Redis driver: one Redis, Sentinel or Redis Cluster. Every step is one script on one partition, whose keys share a
 * hash tag, so the same code runs on all of them.
 */
import { crc32 } from 'node:zlib';
import { Cluster, type Redis, ReplyError } from 'ioredis';
import { type Log, silentLog } from '../../settings/log.ts';
import type { Command, CommandName, Result } from '../commands.ts';
import {
  type ClockReading,
  type Driver,
  defaultEventRetention,
  type EventRetention,
  type Outcome,
  StoreUnavailable,
} from '../driver.ts';
import type { Tenant } from '../leases.ts';
import type { Codec } from './codecs/codec.ts';
import { codecs } from './codecs/codecs.ts';
import { replyEvents } from './codecs/events.ts';
import { connect, parseRedisUrl, RedisUrlError } from './connect.ts';
import { defineScripts, type Reply, runScript, type ScriptArgument, type ScriptName } from './scripts.ts';
import { asStoreError } from './store-error.ts';

export interface RedisOptions {
  readonly url: string;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
  /** Must be the same on all nodes, for ever. */
  readonly partitions?: number;
  readonly events?: EventRetention;
  readonly log?: Log;
}

const defaultPartitions = 64;
const maxKnownTenants = 10_000;
/** A call of its own costs Redis about as much as two renewals. */
const earlyFlushSize = 32;

/**
 * Opens the driver. Redis may still be away: commands then fail fast until it is there. Throws RedisUrlError for a URL
 * that cannot be understood, or names a database that this Redis does not have.
 */
export async function openRedisDriver(options: RedisOptions): Promise<Driver> {
  const target = parseRedisUrl(options.url);
  const {
    timeoutMs,
    partitions = defaultPartitions,
    log = silentLog,
    events = defaultEventRetention,
  } = options;
  const keeping: readonly ScriptArgument[] = [events.keepEntries, events.idleMs];
  const redis = connect(target, timeoutMs);
  const subscriber = connect(target, timeoutMs);
  const clockKeys = Array.from({ length: partitions }, (_, partition) => `{hb:${partition}}:clock`);
  let appendListener: (tenant: Tenant, topic: string) => void = () => {};
  let gapListener: () => void = () => {};
  let closed = false;

  defineScripts(redis);
  let away: string | undefined;
  redis.on('error', (error: Error) => {
    if (away === undefined && !closed) log.warn({ store: target.description, err: error }, 'store is away');
    away ??= error.message;
  });
  /** Whether the connection is on the database that was asked for, where another one was than the first. */
  let onDatabase: Promise<unknown> | undefined;
  redis.on('ready', () => {
    // Where there is no such database ioredis goes on with the first, which is somebody else's.
    onDatabase = target.db === 0 || redis instanceof Cluster ? undefined : redis.select(target.db);
    Promise.resolve(onDatabase)
      .then(() => {
        if (away !== undefined) log.info({ store: target.description }, 'store is back');
        away = undefined;
        return warnOfSettings(redis, log);
      })
      .catch(() => {});
  });
  const listening = listen(
    subscriber,
    partitions,
    (tenant, topic) => appendListener(tenant, topic),
    () => gapListener(),
  );

  const run = async (
    name: ScriptName,
    partition: number,
    args: readonly ScriptArgument[],
    raw = false,
  ): Promise<Reply> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new StoreUnavailable(`${target.description} did not answer within ${timeoutMs} ms`));
        // Whatever else was sent on a connection that does not answer would wait as long: start over.
        if (!closed) reconnect(redis);
      }, timeoutMs);
    });
    try {
      const send = (): Promise<Reply> => runScript(redis, name, clockKeys[partition] ?? '', args, raw);
      return await Promise.race([onDatabase === undefined ? send() : onDatabase.then(send), late]);
    } catch (error) {
      throw asStoreError(error as Error);
    } finally {
      clearTimeout(timer);
    }
  };

  /** Commands of one kind, in one call. */
  const runKind = async (
    partition: number,
    name: CommandName,
    commands: readonly Command[],
  ): Promise<Outcome[]> => {
    // Which codec belongs to which command is known by name only.
    const codec = codecs[name] as unknown as Codec<'beat'>;
    const args: ScriptArgument[] = codec.changesLeases === true ? [...keeping] : [];
    const asks = commands.map(({ input }) => input) as never[];
    try {
      if (codec.encodeBatch === undefined) for (const ask of asks) codec.encode(ask, args);
      else codec.encodeBatch(asks, args);
      const reply = (await run(
        name,
        partition,
        args,
        codec.raw === true || codec.changesLeases === true,
      )) as readonly Reply[];
      const replies = codec.changesLeases === true ? reply[0] : reply;
      const answers: Result<CommandName>[] =
        codec.decodeBatch?.(replies as Buffer, asks) ??
        asks.map((ask, at) => codec.decode((replies as readonly Reply[])[at] ?? null, ask));
      const outcomes: Outcome[] = answers.map((result) => ({ result }));
      const made = codec.changesLeases === true ? replyEvents(reply, 1) : [];
      const [first] = answers;
      if (made.length > 0 && first !== undefined) outcomes[0] = { result: first, events: made };
      return outcomes;
    } catch (error) {
      return commands.map(() => ({ error: error as Error }));
    }
  };

  const close = (): void => {
    closed = true;
    for (const connection of [redis, subscriber]) {
      connection.removeAllListeners('error');
      connection.on('error', () => {});
      connection.disconnect();
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
    const [leaseMs, wallMs, frozen] = (await run('clock', partition, args)) as readonly Reply[];
    return { leaseMs: Number(leaseMs), wallMs: Number(wallMs), frozen: frozen === 1 };
  };

  await Promise.race([
    Promise.all([new Promise((resolve) => redis.once('ready', resolve)), listening]),
    new Promise((resolve) => setTimeout(resolve, timeoutMs).unref()),
  ]);

  try {
    await onDatabase;
  } catch (error) {
    if (error instanceof ReplyError) {
      close();
      throw new RedisUrlError(`names database ${target.db}: ${(error as Error).message}`);
    }
  }

  return {
    description: target.description,
    partitions,
    earlyFlushSize,
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
      const reply = (await run('sweep', partition, [...keeping, owner, budget], true)) as readonly Reply[];
      const expired = replyEvents(reply, 2).sort((a, b) => b.lateMs - a.lateMs);
      const nextInMs = Number(reply[1]);
      return { expired, more: reply[0] === 1, nextInMs: nextInMs < 0 ? null : nextInMs };
    },
    async claimSweep(partition, owner, forMs) {
      await readClock(partition, [0, '', owner, forMs, '']);
    },
    readClock: (partition) => readClock(partition, [0, '', '', 0, '']),
    async watchAppends(partition, forMs) {
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
      const [leases, documents, topics] = ((await run('tenants', partition, [])) as readonly Reply[]).map(
        (counts) => new Map(pairs(counts)),
      );
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
    async ping() {
      await readClock(0, [0, '', '', 0, '']);
    },
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

function reconnect(redis: Redis | Cluster): void {
  for (const connection of redis instanceof Cluster ? redis.nodes('master') : [redis]) {
    if (connection.status === 'ready') connection.disconnect(true);
  }
}

/** Hears of appends on all partitions; each time it begins anew, something may have been missed. Resolves at the first. */
function listen(
  subscriber: Redis | Cluster,
  partitions: number,
  onAppend: (tenant: Tenant, topic: string) => void,
  onGap: () => void,
): Promise<void> {
  const channels = Array.from({ length: partitions }, (_, partition) => `{hb:${partition}}:appends`);
  subscriber.on('error', () => {});
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  subscriber.on('ready', () => {
    subscriber.subscribe(...channels).then(
      () => {
        resolve();
        onGap();
      },
      () => {},
    );
  });
  subscriber.on('message', (_channel: string, message: string) => {
    const colon = message.indexOf(':');
    // The length counts bytes, as Lua does.
    const bytes = Buffer.from(message.slice(colon + 1));
    const length = Number(message.slice(0, colon));
    onAppend(bytes.toString('utf8', 0, length), bytes.toString('utf8', length));
  });
  return listening;
}

/** Tells whoever runs this what would lose leases. */
async function warnOfSettings(redis: Redis | Cluster, log: Log): Promise<void> {
  const node = redis instanceof Cluster ? redis.nodes('master')[0] : redis;
  if (node === undefined) return;
  const read = async (name: string): Promise<string> =>
    ((await node.config('GET', name)) as string[])[1] ?? '';
  const [policy, appendOnly, save] = await Promise.all(['maxmemory-policy', 'appendonly', 'save'].map(read));
  if (policy !== 'noeviction')
    log.warn(
      { policy },
      'Redis evicts keys when its memory is full: leases may be lost; set maxmemory-policy noeviction',
    );
  if (appendOnly === 'no' && save === '')
    log.warn({}, 'Redis writes nothing to disk: leases are lost when it stops; set appendonly yes');
}
