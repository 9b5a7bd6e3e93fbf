/** Reads the slot map of a Redis Cluster. */
import type { Redis } from 'ioredis';
import type { Connection, Endpoint } from './connection.ts';
import { afterReading } from './liveness.ts';

/** A range of slots, and the master that serves it. */
export interface SlotRange {
  readonly first: number;
  readonly last: number;
  readonly master: Endpoint;
}

/** Maximum wait for one node's slot map, ms; then another node is queried. */
const maxReplyMs = 500;

/** Returns the slot map of the first usable node that replies, from position `turn` on. Undefined: none replied. */
export async function readSlotMap(
  nodes: readonly Connection[],
  turn: number,
): Promise<readonly SlotRange[] | undefined> {
  const usable = nodes.filter(({ fault }) => fault === undefined);
  for (let at = 0; at < usable.length; at += 1) {
    const node = usable[(turn + at) % usable.length];
    const ranges = node && (await readSlots(node).catch(() => undefined));
    if (ranges !== undefined && ranges.length > 0) return ranges;
  }
  return undefined;
}

/** Rejects if the node does not reply in time. */
function readSlots({ redis, endpoint }: Connection): Promise<SlotRange[]> {
  return new Promise((resolve, reject) => {
    const timer = afterReading(maxReplyMs, () => reject(new Error('no reply')));
    slotsOf(redis, endpoint)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}

/** What `CLUSTER SLOTS` replies for a range; replicas follow. */
type SlotsReply = readonly [
  first: number,
  last: number,
  master: readonly [host: string | null, port: number],
];

async function slotsOf(redis: Redis, node: Endpoint): Promise<SlotRange[]> {
  const reply = (await redis.call('CLUSTER', 'SLOTS')) as readonly SlotsReply[];
  return reply.map(([first, last, [host, port]]) => ({
    first,
    last,
    // A node that does not know its own name is reached at the address of the query.
    master: { host: host === null || host === '' || host === '?' ? node.host : host, port },
  }));
}

/** Returns the hash slot of a key with this hash tag: CRC-16 (XMODEM) of the tag. */
export function hashSlot(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1)
      crc = (crc & 0x8000) === 0 ? (crc << 1) & 0xffff : ((crc << 1) ^ 0x1021) & 0xffff;
  }
  return crc % 16_384;
}
