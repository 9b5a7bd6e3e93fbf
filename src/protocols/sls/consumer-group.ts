/**
 * A consumer group's state, and what a heartbeat makes of it. Pure. Source: the per-shard state machine in the README of
 * the vendor's Java consumer library.
 *
 * A shard that moves from A to B is handed over in two steps: it leaves A's answers (`transfer`); B gets it only after A
 * sent a heartbeat that no longer lists it, or A's lease ended. Meanwhile nobody is given it.
 *
 * A heartbeat that is late, or comes twice, lists what its consumer held when it was sent. It must not pass for a letting
 * go, so heartbeats are ordered by the time at which the client says it sent them: a client that was told of a shard by
 * the answer to one heartbeat lists the shard in every later one, until it has let go.
 */
import { type Static, Type } from '@sinclair/typebox';
import { assign } from './assign.ts';

const Shard = Type.Object({
  id: Type.Integer(),
  state: Type.Union([Type.Literal('not_alloc'), Type.Literal('already_alloc'), Type.Literal('transfer')]),
  owner: Type.Union([Type.String(), Type.Null()]),
  /** Who gets it after a transfer. */
  next: Type.Union([Type.String(), Type.Null()]),
  /** The owner has listed it since it was last given it. */
  listed: Type.Boolean(),
  /** When the last heartbeat was sent that did not list the shard and was answered with it; null if none was. */
  since: Type.Union([Type.Integer(), Type.Null()]),
});
export type Shard = Static<typeof Shard>;

export const ConsumerGroup = Type.Object({
  /** Seconds without a heartbeat after which a consumer is gone. */
  timeout: Type.Integer(),
  order: Type.Boolean(),
  /** The membership that the assignment was computed for: any heartbeat that finds another one computes it anew. */
  revision: Type.Integer(),
  /** The version of the logstore whose shards these are. */
  logstoreVersion: Type.Integer(),
  shards: Type.Array(Shard),
});
export type ConsumerGroup = Static<typeof ConsumerGroup>;

export interface Heartbeat {
  readonly consumer: string;
  /** Shards that the consumer says it is consuming. */
  readonly held: readonly number[];
  /** When the consumer sent it, by the consumer's own clock, seconds. */
  readonly sentAt: number;
}

/** What a heartbeat may find changed. */
export interface Situation {
  /** Those who are live now. */
  readonly consumers: readonly string[];
  readonly revision: number;
  readonly logstoreVersion: number;
  /** Shards that may be consumed. */
  readonly shardIds: readonly number[];
  readonly heartbeat: Heartbeat;
}

export function newGroup(timeout: number, order: boolean): ConsumerGroup {
  return { timeout, order, revision: 0, logstoreVersion: 0, shards: [] };
}

/** The shards that a consumer is told are its own, ascending. */
export function shardsOf(group: ConsumerGroup, consumer: string): number[] {
  return group.shards
    .filter(({ state, owner }) => state === 'already_alloc' && owner === consumer)
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}

/** Whether heartbeats of a consumer that list all it owns change nothing, as long as nobody comes or goes. */
export function isSettled(group: ConsumerGroup, consumer: string): boolean {
  return group.shards.every(
    ({ owner, state, listed }) => owner !== consumer || (state === 'already_alloc' && listed),
  );
}

/** The group after a heartbeat while nobody came or went: targets stay, shards may be let go. The same object if nothing changed. */
export function hear(group: ConsumerGroup, heartbeat: Heartbeat): ConsumerGroup {
  const shards = group.shards.map((shard) => answered(heard(shard, heartbeat), heartbeat));
  return shards.every((shard, at) => shard === group.shards[at]) ? group : { ...group, shards };
}

/** The group after a heartbeat in a new situation: the assignment is computed anew. */
export function reconcile(group: ConsumerGroup, situation: Situation): ConsumerGroup {
  const { heartbeat } = situation;
  const live = new Set(situation.consumers);
  const known = new Map(group.shards.map((shard) => [shard.id, shard]));
  const shards = [...situation.shardIds]
    .sort((a, b) => a - b)
    .map((id) => heard(withoutTheDead(known.get(id) ?? free(id), live), heartbeat));
  // Against where shards were already going: a rebalance in the middle of a hand-over does not turn it around.
  const targets = assign(new Map(shards.map((shard) => [shard.id, shard.next ?? shard.owner])), live);
  return {
    timeout: group.timeout,
    order: group.order,
    revision: situation.revision,
    logstoreVersion: situation.logstoreVersion,
    shards: shards.map((shard) => answered(aimed(shard, targets.get(shard.id) ?? null), heartbeat)),
  };
}

const free = (id: number): Shard => ({
  id,
  state: 'not_alloc',
  owner: null,
  next: null,
  listed: false,
  since: null,
});

const given = (id: number, owner: string): Shard => ({ ...free(id), state: 'already_alloc', owner });

/** Called off: the owner keeps the shard. If it let go of it in the meantime, its next heartbeat shows that. */
const kept = (shard: Shard): Shard => ({ ...shard, state: 'already_alloc', next: null });

/** An owner that is gone leaves its shard to whom it was promised; a promise to somebody who is gone is void. */
function withoutTheDead(shard: Shard, live: ReadonlySet<string>): Shard {
  const next = shard.next !== null && live.has(shard.next) ? shard.next : null;
  if (shard.owner === null || !live.has(shard.owner))
    return next === null ? free(shard.id) : given(shard.id, next);
  return shard.state === 'transfer' && next === null ? kept(shard) : shard;
}

/** What a consumer was told of before it sent this heartbeat, and does not list, it has let go. */
function heard(shard: Shard, { consumer, held, sentAt }: Heartbeat): Shard {
  if (shard.state !== 'transfer' || shard.owner !== consumer || shard.next === null) return shard;
  const isLetGo = !held.includes(shard.id) && (shard.since === null || sentAt > shard.since);
  return isLetGo ? given(shard.id, shard.next) : shard;
}

/** Moves a shard towards its target. */
function aimed(shard: Shard, target: string | null): Shard {
  if (target === null) return shard;
  // Nobody was ever told that it is theirs: nobody has to let go.
  if (shard.owner === null || shard.since === null)
    return shard.owner === target ? shard : given(shard.id, target);
  if (shard.owner === target) return shard.state === 'transfer' ? kept(shard) : shard;
  return shard.next === target ? shard : { ...shard, state: 'transfer', next: target };
}

/** The answer to this heartbeat lists what its consumer owns: whatever it sends from now on lists that too. */
function answered(shard: Shard, { consumer, held, sentAt }: Heartbeat): Shard {
  if (shard.state !== 'already_alloc' || shard.owner !== consumer) return shard;
  if (held.includes(shard.id)) return shard.listed ? shard : { ...shard, listed: true };
  return shard.since === null || sentAt > shard.since ? { ...shard, listed: false, since: sentAt } : shard;
}
