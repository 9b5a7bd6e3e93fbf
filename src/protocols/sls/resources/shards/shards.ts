/** The shards of a logstore: their ranges of hash keys, splits and merges ("SplitShard", "MergeShards"). Pure. */
import { type Static, Type } from '@sinclair/typebox';
import { errors } from '../../wire/errors.ts';

export const LogstoreShard = Type.Object({
  shardID: Type.Integer(),
  status: Type.Union([Type.Literal('readwrite'), Type.Literal('readonly')]),
  inclusiveBeginKey: Type.String(),
  exclusiveEndKey: Type.String(),
  /** Seconds since 1970. */
  createTime: Type.Integer(),
  /** First cursor, decimal; see `origin.ts`. */
  origin: Type.Optional(Type.String({ pattern: '^\\d{1,19}$' })),
  /** The shards it was split or merged from; a group with `order` consumes those first. */
  parents: Type.Array(Type.Integer()),
});
export type LogstoreShard = Static<typeof LogstoreShard>;

/** The shards of a logstore, and the next id: no id is used twice. */
export interface Shards {
  readonly shards: readonly LogstoreShard[];
  readonly nextShardId: number;
}

const keySpace = 1n << 128n;
const keyDigits = 32;
const hexKey = /^[0-9a-f]{32}$/;

/** Returns the topic of a shard's log. The id distinguishes logstores that had the same name one after the other. */
export function topicOf(logstore: { readonly id: string }, { shardID }: LogstoreShard): string {
  return `logs:${logstore.id}/${shardID}`;
}

const formatKey = (key: bigint): string =>
  (key === keySpace ? keySpace - 1n : key).toString(16).padStart(32, '0');
const parseKey = (text: string): bigint => BigInt(`0x${text}`);

/** Returns a border of a key range as 32 hexadecimal digits; the end of the last range is all f, as the service shows it. */
function border(begin: bigint, end: bigint, index: number, count: number): string {
  return formatKey(begin + ((end - begin) * BigInt(index)) / BigInt(count));
}

/** Returns the shards of a new logstore: the key space in even parts. */
export function newShards(count: number, createTime: number): Shards {
  const shards = Array.from({ length: count }, (_, shardID) => ({
    shardID,
    status: 'readwrite' as const,
    inclusiveBeginKey: border(0n, keySpace, shardID, count),
    exclusiveEndKey: border(0n, keySpace, shardID + 1, count),
    createTime,
    parents: [],
  }));
  return { shards, nextShardId: count };
}

/** Returns the writable shard for a hash key: hexadecimal digits, of which absent ones at the end are zeros. Throws ParameterInvalid and LogStoreWithoutShard. */
export function shardForKey(shards: readonly LogstoreShard[], key: string): LogstoreShard {
  const wanted = key.toLowerCase().padEnd(keyDigits, '0');
  if (key === '' || !hexKey.test(wanted)) throw errors.ParameterInvalid('invalid hash key');
  const found = shards.find(
    ({ status, inclusiveBeginKey, exclusiveEndKey }) =>
      status === 'readwrite' &&
      inclusiveBeginKey <= wanted &&
      // The last range includes the last key, which is shown as its end.
      (wanted < exclusiveEndKey || exclusiveEndKey === formatKey(keySpace)),
  );
  if (found === undefined) throw errors.LogStoreWithoutShard();
  return found;
}

/** Shards after a split or merge. */
export interface Reshaped extends Shards {
  /** The changed and the new shards, in the order in which the call returns them. */
  readonly affected: readonly LogstoreShard[];
}

function findWritable(shards: readonly LogstoreShard[], id: number): LogstoreShard {
  const shard = shards.find(({ shardID }) => shardID === id);
  if (shard === undefined || shard.status === 'readonly') throw errors.ParameterInvalid('invalid shard id');
  return shard;
}

const toReadonly = (shard: LogstoreShard): LogstoreShard => ({ ...shard, status: 'readonly' });

function replaceShards(
  shards: readonly LogstoreShard[],
  changed: readonly LogstoreShard[],
): readonly LogstoreShard[] {
  const byId = new Map(changed.map((shard) => [shard.shardID, shard]));
  return [
    ...shards.map((shard) => byId.get(shard.shardID) ?? shard),
    ...changed.filter(({ shardID }) => !shards.some((shard) => shard.shardID === shardID)),
  ];
}

/** Where a shard is split: at a key, or into even parts. */
export type SplitPoint = { readonly key: string } | { readonly count: number };

/** Splits a shard. Throws ParameterInvalid. */
export function split(
  { shards, nextShardId }: Shards,
  id: number,
  at: SplitPoint,
  createTime: number,
): Reshaped {
  const parent = findWritable(shards, id);
  const begin = parseKey(parent.inclusiveBeginKey);
  const isLast = parent.exclusiveEndKey === formatKey(keySpace);
  const end = isLast ? keySpace : parseKey(parent.exclusiveEndKey);
  const borders =
    'key' in at
      ? [parent.inclusiveBeginKey, middleKey(at.key, begin, end), parent.exclusiveEndKey]
      : Array.from({ length: at.count + 1 }, (_, index) => border(begin, end, index, at.count));
  if (new Set(borders).size !== borders.length) throw errors.ParameterInvalid('invalid mid hash');
  const children = borders.slice(1).map((exclusiveEndKey, index) => ({
    shardID: nextShardId + index,
    status: 'readwrite' as const,
    inclusiveBeginKey: borders[index] ?? '',
    exclusiveEndKey,
    createTime,
    parents: [id],
  }));
  const affected = [toReadonly(parent), ...children];
  return { shards: replaceShards(shards, affected), nextShardId: nextShardId + children.length, affected };
}

function middleKey(text: string, begin: bigint, end: bigint): string {
  const key = text.toLowerCase();
  if (!hexKey.test(key) || parseKey(key) <= begin || parseKey(key) >= end)
    throw errors.ParameterInvalid('invalid mid hash');
  return key;
}

/** Merges a shard with its neighbour to the right. Throws ParameterInvalid. */
export function merge({ shards, nextShardId }: Shards, id: number, createTime: number): Reshaped {
  const left = findWritable(shards, id);
  const right = shards.find(
    ({ status, inclusiveBeginKey }) =>
      status === 'readwrite' &&
      inclusiveBeginKey === left.exclusiveEndKey &&
      inclusiveBeginKey !== formatKey(keySpace),
  );
  if (right === undefined) throw errors.ParameterInvalid('can not merge the last shard');
  const child: LogstoreShard = {
    shardID: nextShardId,
    status: 'readwrite',
    inclusiveBeginKey: left.inclusiveBeginKey,
    exclusiveEndKey: right.exclusiveEndKey,
    createTime,
    parents: [left.shardID, right.shardID],
  };
  const affected = [child, toReadonly(left), toReadonly(right)];
  return { shards: replaceShards(shards, affected), nextShardId: nextShardId + 1, affected };
}

/** Returns the shards without a read-only one, whose parents become those of its children. Throws ParameterInvalid. */
export function withoutShard({ shards, nextShardId }: Shards, id: number): Shards {
  const shard = shards.find(({ shardID }) => shardID === id);
  if (shard === undefined || shard.status === 'readwrite') throw errors.ParameterInvalid('invalid shard id');
  const inherit = (parents: readonly number[]): number[] => [
    ...new Set(parents.flatMap((parent) => (parent === id ? shard.parents : [parent]))),
  ];
  const left = shards.filter((other) => other !== shard);
  return { shards: left.map((other) => ({ ...other, parents: inherit(other.parents) })), nextShardId };
}

/** Returns all ancestors of a shard that still exist. */
export function ancestorsOf(
  shards: ReadonlyMap<number, { readonly parents: readonly number[] }>,
  id: number,
): readonly number[] {
  const found = new Set<number>();
  const open = [...(shards.get(id)?.parents ?? [])];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    const shard = shards.get(parent);
    if (shard === undefined || found.has(parent)) continue;
    found.add(parent);
    open.push(...shard.parents);
  }
  return [...found];
}
