/** Shards: never in the replies of two consumers at once. */
import { type Entry, entriesOf, type Renewal } from '../history.ts';
import { faultTimes } from './faults.ts';
import type { Finding } from './verdict.ts';

/** A consumer certainly held a shard from the one time until the other. */
interface Hold {
  readonly group: string;
  readonly consumer: string;
  readonly lease: string;
  readonly shard: number;
  readonly fromMs: number;
  /** When it sent a heartbeat that no longer reports the shard; infinite: never. */
  releasedMs: number;
}

/**
 * Returns the replies that contain a shard which another consumer held during the whole request: it had received it before, had not released
 * it, and its lease could not have ended.
 */
export function checkShards(history: readonly Entry[]): Finding[] {
  const holds = holdsOf(history);
  const renewals = new Map<string, Renewal[]>();
  for (const renewal of entriesOf(history, 'renewal')) {
    if (!renewal.isAcknowledged) continue;
    const known = renewals.get(renewal.lease);
    if (known === undefined) renewals.set(renewal.lease, [renewal]);
    else known.push(renewal);
  }
  const times = faultTimes(history);
  const leaseEndMs = (lease: string, byMs: number): number => {
    const last = renewals.get(lease)?.findLast(({ doneMs }) => doneMs <= byMs);
    return last === undefined ? 0 : last.sentMs + last.ttlMs - times.earlyMs(last.sentMs, byMs);
  };
  const findings: Finding[] = [];
  for (const reply of entriesOf(history, 'assignment')) {
    for (const hold of holds) {
      if (
        hold.group !== reply.group ||
        hold.consumer === reply.consumer ||
        !reply.shards.includes(hold.shard)
      )
        continue;
      if (hold.fromMs > reply.sentMs || hold.releasedMs < reply.doneMs) continue;
      if (leaseEndMs(hold.lease, reply.sentMs) < reply.doneMs) continue;
      findings.push({
        rule: 'shard overlap',
        what: `${reply.group}: shard ${hold.shard} was given to ${reply.consumer} while ${hold.consumer} held it`,
        fromMs: hold.fromMs,
        toMs: reply.doneMs,
      });
    }
  }
  return findings;
}

function holdsOf(history: readonly Entry[]): Hold[] {
  const all: Hold[] = [];
  const open = new Map<string, Hold>();
  const keyOf = (group: string, consumer: string, shard: number): string => `${group} ${consumer} ${shard}`;
  for (const entry of history) {
    if (entry.kind === 'assignment') {
      const { group, consumer, lease, doneMs } = entry;
      for (const shard of entry.shards) {
        const key = keyOf(group, consumer, shard);
        if (open.has(key)) continue;
        const hold: Hold = {
          group,
          consumer,
          lease,
          shard,
          fromMs: doneMs,
          releasedMs: Number.POSITIVE_INFINITY,
        };
        open.set(key, hold);
        all.push(hold);
      }
    } else if (entry.kind === 'release') {
      for (const shard of entry.shards) {
        const key = keyOf(entry.group, entry.consumer, shard);
        const hold = open.get(key);
        if (hold !== undefined) hold.releasedMs = entry.sentMs;
        open.delete(key);
      }
    }
  }
  return all;
}
