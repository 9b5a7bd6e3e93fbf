/**
 * The shards of a logstore: who takes which hash key, and what splitting and merging makes of them ("SplitShard",
 * "MergeShards"). Pure.
 */
import { type Static, Type } from '@sinclair/typebox';
import { errors } from '../../wire/errors.ts';

export const LogstoreShard = Type.Object({
  shardID: Type.Integer(),
  status: Type.Union([Type.Literal('readwrite'), Type.Literal('readonly')]),
  inclusiveBeginKey: Type.String(),
  exclusiveEndKey: Type.String(),
  /** Seconds since 1970. */
  createTime: Type.Integer(),
  /** What it came from: those have to be consumed first where order counts. */
  parents: Type.Array(Type.Integer()),
});
export type LogstoreShard = Static<typeof LogstoreShard>;

/** The shards of a logstore, and the id that comes next: none is ever used twice. */
export interface Shards {
  readonly shards: readonly LogstoreShard[];
  readonly nextShardId: number;
}

const keySpace = 1n << 128n;
const hexKey = /^[0-9a-f]{32}$/;

/** Where the log of a shard is kept. The id tells logstores apart that had the same name one after the other. */
export function topicOf(logstore: { readonly id: string }, { shardID }: LogstoreShard): string {
  return `logs:${logstore.id}/${shardID}`;
}

const keyText = (key: bigint): string =>
  (key === keySpace ? keySpace - 1n : key).toString(16).padStart(32, '0');
const keyNumber = (text: string): bigint => BigInt(`0x${text}`);

/** A border of a key range: 32 hex digits; the end of the last range is all f, as the service shows it. */
function border(begin: bigint, end: bigint, index: number, count: number): string {
  return keyText(begin + ((end - begin) * BigInt(index)) / BigInt(count));
}

/** The shards of a new logstore: the key space in even parts. */
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

/** The shard that takes a hash key of 32 hex digits. */
export function shardForKey(shards: readonly LogstoreShard[], key: string): LogstoreShard {
  const wanted = key.toLowerCase();
  if (!hexKey.test(wanted)) throw errors.parameterInvalid('invalid hash key');
  const found = shards.find(
    ({ status, inclusiveBeginKey, exclusiveEndKey }) =>
      status === 'readwrite' &&
      inclusiveBeginKey <= wanted &&
      // The very last key belongs to the last range, whose end is shown as that key.
      (wanted < exclusiveEndKey || exclusiveEndKey === keyText(keySpace)),
  );
  if (found === undefined) throw errors.logstoreWithoutShard();
  return found;
}

export interface Reshaped extends Shards {
  /** The shards that this was about, as the call answers them. */
  readonly answer: readonly LogstoreShard[];
}

function writable(shards: readonly LogstoreShard[], id: number): LogstoreShard {
  const shard = shards.find(({ shardID }) => shardID === id);
  if (shard === undefined || shard.status === 'readonly') throw errors.parameterInvalid('invalid shard id');
  return shard;
}

const closed = (shard: LogstoreShard): LogstoreShard => ({ ...shard, status: 'readonly' });

function replaced(
  shards: readonly LogstoreShard[],
  changed: readonly LogstoreShard[],
): readonly LogstoreShard[] {
  const byId = new Map(changed.map((shard) => [shard.shardID, shard]));
  return [
    ...shards.map((shard) => byId.get(shard.shardID) ?? shard),
    ...changed.filter(({ shardID }) => !shards.some((shard) => shard.shardID === shardID)),
  ];
}

/** Splits a shard at a key, or into even parts. Throws ParameterInvalid. */
export function split(
  { shards, nextShardId }: Shards,
  id: number,
  at: { readonly key: string } | { readonly count: number },
  createTime: number,
): Reshaped {
  const parent = writable(shards, id);
  const begin = keyNumber(parent.inclusiveBeginKey);
  const isLast = parent.exclusiveEndKey === keyText(keySpace);
  const end = isLast ? keySpace : keyNumber(parent.exclusiveEndKey);
  const borders =
    'key' in at
      ? [parent.inclusiveBeginKey, middleKey(at.key, begin, end), parent.exclusiveEndKey]
      : Array.from({ length: at.count + 1 }, (_, index) => border(begin, end, index, at.count));
  if (new Set(borders).size !== borders.length) throw errors.parameterInvalid('invalid mid hash');
  const children = borders.slice(1).map((exclusiveEndKey, index) => ({
    shardID: nextShardId + index,
    status: 'readwrite' as const,
    inclusiveBeginKey: borders[index] ?? '',
    exclusiveEndKey,
    createTime,
    parents: [id],
  }));
  const answer = [closed(parent), ...children];
  return { shards: replaced(shards, answer), nextShardId: nextShardId + children.length, answer };
}

function middleKey(text: string, begin: bigint, end: bigint): string {
  const key = text.toLowerCase();
  if (!hexKey.test(key) || keyNumber(key) <= begin || keyNumber(key) >= end)
    throw errors.parameterInvalid('invalid mid hash');
  return key;
}

/** Merges a shard with its neighbour to the right. Throws ParameterInvalid. */
export function merge({ shards, nextShardId }: Shards, id: number, createTime: number): Reshaped {
  const left = writable(shards, id);
  const right = shards.find(
    ({ status, inclusiveBeginKey }) =>
      status === 'readwrite' &&
      inclusiveBeginKey === left.exclusiveEndKey &&
      inclusiveBeginKey !== keyText(keySpace),
  );
  if (right === undefined) throw errors.parameterInvalid('can not merge the last shard');
  const child: LogstoreShard = {
    shardID: nextShardId,
    status: 'readwrite',
    inclusiveBeginKey: left.inclusiveBeginKey,
    exclusiveEndKey: right.exclusiveEndKey,
    createTime,
    parents: [left.shardID, right.shardID],
  };
  const answer = [child, closed(left), closed(right)];
  return { shards: replaced(shards, answer), nextShardId: nextShardId + 1, answer };
}

/** Without a shard that takes no more. Throws ParameterInvalid for one that does. */
export function withoutShard({ shards, nextShardId }: Shards, id: number): Shards {
  const shard = shards.find(({ shardID }) => shardID === id);
  if (shard === undefined || shard.status === 'readwrite') throw errors.parameterInvalid('invalid shard id');
  const heirs = (parents: readonly number[]): number[] => [
    ...new Set(parents.flatMap((parent) => (parent === id ? shard.parents : [parent]))),
  ];
  const left = shards.filter((other) => other !== shard);
  return { shards: left.map((other) => ({ ...other, parents: heirs(other.parents) })), nextShardId };
}

/** The parents of a shard, theirs, and so on, as far as they still exist. */
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
