/** Reads a shard to its end as a consumer does, and saves where it is. */
import type { ConsumerCalls } from './consumer-calls.ts';

/** A shard that a simulated consumer reports. */
export interface HeldShard {
  /** Log groups read. */
  logs: number;
  /** Where it reads next; undefined: it did not begin. */
  cursor: string | undefined;
  /** As last saved. */
  checkpoint: string | undefined;
  /** Since when a reply did not list it, on the lease clock, and in how many replies in a row. */
  revoked?: { readonly sinceMs: number; readonly beats: number } | undefined;
}

/** Maximum replies that are read from one shard in a turn. */
const maxPulls = 10;

/** Returns why a call was refused. A lost reply ends the turn; the next one continues. */
export async function readShard(
  calls: ConsumerCalls,
  id: number,
  shard: HeldShard,
  from: 'begin' | 'end',
): Promise<string | undefined> {
  if (shard.cursor === undefined) {
    const start = await calls.startOf(id, from);
    if (start === undefined) return undefined;
    if ('refusal' in start) return start.refusal;
    shard.cursor = start.cursor;
  }
  for (let pulls = 0; pulls < maxPulls; pulls += 1) {
    const pulled = await calls.pull(id, shard.cursor);
    if (pulled === undefined) return undefined;
    if ('refusal' in pulled) return pulled.refusal;
    shard.logs += pulled.count;
    shard.cursor = pulled.next;
    if (pulled.count === 0) break;
  }
  if (shard.checkpoint === shard.cursor) return undefined;
  const refused = await calls.save(id, shard.cursor);
  if (refused !== undefined) return refused.refusal;
  shard.checkpoint = shard.cursor;
  return undefined;
}
