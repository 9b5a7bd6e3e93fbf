/**
 * Joins that a heartbeat made just before its client subscribes. SDKs send both at once, in no order; the real service reports a
 * join 0.1 to 1.4 s later (as recorded), so the client always receives its own. Here it is reported at once: if the events of the
 * channel were recorded then, the first subscribe after it begins before it; else that subscribe records it.
 */
import type { LeaseEvent, Store, Tenant } from '../../../store/store.ts';
import { makeBoundedMap } from '../../kit/bounded-map.ts';

/** Clients whose heartbeat overtook their subscribe at the same time. */
const maxPending = 16_384;
/** Age of a join that a subscribe still begins before, ms: more than the real service delays it. */
const maxAgeMs = 2_000;
const unitsPerMs = 10_000n;
const maxEntries = 1_000;

/** A client of a keyset. */
export interface Occupant {
  readonly tenant: Tenant;
  readonly uuid: string;
}

/** A join of a client. */
export interface OwnJoin {
  /** A number of the store's sequence before the first lease that was granted. */
  readonly since: number;
  /** Wall time, ms since 1970. */
  readonly atMs: number;
}

/** Joins of this process that no subscribe of their client has followed yet. */
export interface OwnJoins {
  /** Adds a join that a heartbeat made. */
  add(occupant: Occupant, join: OwnJoin): void;
  /** Removes the joins of a client; returns the latest if it is recent at a wall time. */
  take(occupant: Occupant, nowMs: number): OwnJoin | undefined;
}

/** Makes an empty set of joins. */
export function makeOwnJoins(): OwnJoins {
  const pending = makeBoundedMap<string, OwnJoin>(maxPending);
  const keyOf = ({ tenant, uuid }: Occupant): string => `${tenant}\n${uuid}`;
  return {
    add: (occupant, join) => pending.set(keyOf(occupant), join),
    take(occupant, nowMs) {
      const key = keyOf(occupant);
      const join = pending.get(key);
      pending.delete(key);
      return join !== undefined && nowMs - join.atMs < maxAgeMs ? join : undefined;
    },
  };
}

/** Returns the timetoken just before the latest joins of a client in topics of events; `now` if they have none that is recent. */
export async function beforeOwnJoins(
  store: Store,
  { tenant, uuid }: Occupant,
  topics: readonly string[],
  now: bigint,
): Promise<bigint> {
  const cursors = topics.map((topic) => ({ topic, after: now - BigInt(maxAgeMs) * unitsPerMs }));
  const latest = new Map<string, bigint>();
  for (const { topic, position, payload } of await store.readTopics({
    tenant,
    topics: cursors,
    limit: maxEntries,
  })) {
    const { type, holder } = JSON.parse(Buffer.from(payload).toString()) as LeaseEvent;
    if (type === 'granted' && holder === uuid) latest.set(topic, position);
  }
  return [...latest.values()].reduce((first, position) => (position <= first ? position - 1n : first), now);
}
