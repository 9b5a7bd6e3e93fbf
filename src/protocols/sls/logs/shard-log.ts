/**
 * The log of a shard: one topic with consecutive positions. An entry is the second in which the server received the log group, as four
 * bytes, followed by the log group as received.
 */
import type { TopicEntry } from '../../../store/store.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import type { ResourceContext } from '../resources/context.ts';
import type { Logstore, LogstoreRef } from '../resources/logstores/logstore.ts';
import { knownLogstore, readLogstore } from '../resources/logstores/logstore-store.ts';
import { tenantOf } from '../resources/projects/project.ts';
import { originOf } from '../resources/shards/origin.ts';
import { type LogstoreShard, topicOf } from '../resources/shards/shards.ts';
import { errors } from '../wire/errors.ts';
import type { LogContext } from './context.ts';
import { decodeCursor } from './cursor.ts';

/** Names a shard; calls on one have these members. */
export interface ShardRef extends LogstoreRef {
  readonly shard: string;
}

export interface ShardTopic {
  readonly tenant: string;
  readonly topic: string;
}

export interface ShardLog extends ShardTopic {
  /** Position of the oldest stored log group; the first position of the shard if there is none. */
  readonly begin: bigint;
  /** Position of the next log group; fixed for a read-only shard. */
  readonly end: bigint;
  /** Whether log groups can still be appended. */
  readonly isWritable: boolean;
}

/** A shard's log, and what was read together with it. */
export interface OpenedLog<T> extends ShardLog {
  readonly read: T;
}

const timeBytes = 4;

/** Returns an entry of the topic. `time`: seconds since 1970; `tags`: encoded tags that the group gets in addition. */
export function encodeEntry(time: number, group: Uint8Array, tags: Uint8Array): Buffer {
  const prefix = Buffer.alloc(timeBytes);
  prefix.writeUInt32BE(time);
  return Buffer.concat([prefix, group, tags]);
}

/** Returns when the log group of an entry was received, seconds since 1970; 0 for the entry that ends a deleted log. */
export function receivedAt({ buffer, byteOffset, byteLength }: Uint8Array): number {
  if (byteLength < timeBytes) return 0;
  return new DataView(buffer, byteOffset, timeBytes).getUint32(0);
}

/** Returns the log group of an entry. */
export function logGroupOf(payload: Uint8Array): Uint8Array {
  return payload.subarray(timeBytes);
}

/**
 * Returns the current log of a shard. The topic is that of the logstore as this process last read it, and the logstore is read again at
 * the same time, so that most calls take one round trip to the store. `read`: reads the topic in that same round trip. Throws
 * ProjectNotExist, LogStoreNotExist and ShardNotExist.
 */
export async function openShard<T = undefined>(
  context: LogContext,
  ref: ShardRef,
  read?: (topic: ShardTopic) => Promise<T>,
): Promise<OpenedLog<T | undefined>> {
  const tenant = tenantOf(ref.project);
  let known = await knownLogstore(context, ref);
  return retryOnConflict(async () => {
    const shard = known.value.shards.find(({ shardID }) => String(shardID) === ref.shard);
    const topic = shard === undefined ? '' : topicOf(known.value, shard);
    const [current, bounds, result] = await Promise.all([
      readLogstore(context, ref),
      shard === undefined ? undefined : context.store.topicBounds({ tenant, topics: [topic] }),
      shard === undefined ? undefined : read?.({ tenant, topic }),
    ]);
    const isCurrent = current.version === known.version;
    known = current;
    if (!isCurrent) return undefined;
    if (shard === undefined) throw errors.ShardNotExist(ref.shard);
    const { oldest = 0n, newest = 0n, entries = 0 } = bounds?.[0] ?? {};
    const origin = originOf(shard);
    const [begin, end] = entries === 0 ? [origin, origin] : [oldest, newest + 1n];
    return { tenant, topic, begin, end, isWritable: shard.status === 'readwrite', read: result };
  });
}

/** Returns the first entry at or after a position. */
export async function readEntry(
  { store }: Pick<LogContext, 'store'>,
  { tenant, topic }: ShardTopic,
  position: bigint,
): Promise<TopicEntry | undefined> {
  const [entry] = await store.readTopics({ tenant, topics: [{ topic, after: position - 1n }], limit: 1 });
  return entry;
}

/** Parses a cursor of a shard. Throws ParameterInvalid for text that is no cursor, InvalidCursor for one outside the shard. */
export function parseCursor({ begin, end }: ShardLog, text: string): bigint {
  const cursor = decodeCursor(text);
  if (cursor === undefined) throw errors.ParameterInvalid(`Invalid cursor ${text}.`);
  if (cursor < begin || cursor > end) throw errors.InvalidCursor();
  return cursor;
}

/** Shards of one logstore, as read. */
export interface ShardsOfLogstore {
  readonly project: string;
  readonly logstore: Logstore;
  readonly shards: readonly LogstoreShard[];
}

/** Returns the logs of shards, in their order. */
export async function logsOf(
  { store }: Pick<ResourceContext, 'store'>,
  { project, logstore, shards }: ShardsOfLogstore,
): Promise<readonly ShardLog[]> {
  if (shards.length === 0) return [];
  const tenant = tenantOf(project);
  const topics = shards.map((shard) => topicOf(logstore, shard));
  const bounds = await store.topicBounds({ tenant, topics });
  return shards.map((shard, at) => {
    const { oldest = 0n, newest = 0n, entries = 0 } = bounds[at] ?? {};
    const origin = originOf(shard);
    const [begin, end] = entries === 0 ? [origin, origin] : [oldest, newest + 1n];
    return { tenant, topic: topics[at] ?? '', begin, end, isWritable: shard.status === 'readwrite' };
  });
}

/** Returns the end positions of shards, in their order. */
export async function endsOf(
  context: Pick<ResourceContext, 'store'>,
  shards: ShardsOfLogstore,
): Promise<readonly bigint[]> {
  return (await logsOf(context, shards)).map(({ end }) => end);
}

/**
 * Deletes the logs of shards that no longer exist. The store drops a topic that was idle for as long as its last entry says: this appends
 * an empty entry that says 1 ms.
 */
export async function deleteLogs(
  { store }: ResourceContext,
  { project, logstore, shards }: ShardsOfLogstore,
): Promise<void> {
  const tenant = tenantOf(project);
  const topics = shards.map((shard) => topicOf(logstore, shard));
  const bounds = await store.topicBounds({ tenant, topics });
  const appends = topics
    .filter((_, at) => (bounds[at]?.entries ?? 0) > 0)
    .map((topic) => ({ topic, payload: Buffer.alloc(0), after: 0n, keepEntries: 1, idleMs: 1 }));
  if (appends.length > 0) await store.commit({ tenant, appends, isExempt: true });
}
