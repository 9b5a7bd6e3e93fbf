/**
 * A consumer group's state, and what a heartbeat makes of it. Pure. Source: the per-shard state machine in the README of
 * the vendor's Java consumer library.
 *
 * A shard that moves from A to B is handed over in two steps: it leaves A's answers (`transfer`); B gets it only after A
 * sent a heartbeat that no longer lists it, or A's lease ended. Meanwhile nobody is given it.
 *
 * A heartbeat that arrives late lists what its consumer held when it was sent, and must not pass for a release. Heartbeats
 * of one consumer are ordered by arrival, with two exceptions:
 * - One whose `Date` is older than that of a heartbeat processed before is late and releases nothing. Equal and absent dates
 *   are in order. A consumer whose clock was set back seems to send only late ones: what it does not list for a whole
 *   timeout of the group, on the lease clock, is released all the same.
 * - The first heartbeat after the one whose answer assigned a shard may be a copy of that one: a shard that the consumer has
 *   never listed is released by the second heartbeat that does not list it, whatever the dates.
 * `docs/models/hand-over.pml` checks this rule exhaustively.
 */
import { type Static, Type } from '@sinclair/typebox';
import { ancestorsOf } from '../resources/shards/shards.ts';
import { assign } from './assign.ts';

const Shard = Type.Object({
  id: Type.Integer(),
  /**
   * `not_alloc`: may be consumed, nobody has it. `already_alloc`: its owner's. `transfer`: still its owner's, promised to
   * `next`. `wait`: order counts, and an ancestor is not consumed to its end. `over`: takes no more, consumed to its end.
   */
  state: Type.Union([
    Type.Literal('not_alloc'),
    Type.Literal('already_alloc'),
    Type.Literal('transfer'),
    Type.Literal('wait'),
    Type.Literal('over'),
  ]),
  /** Of a shard that is over: who has not let go of it yet. */
  owner: Type.Union([Type.String(), Type.Null()]),
  /** Who gets it after a transfer. */
  next: Type.Union([Type.String(), Type.Null()]),
  /** A heartbeat of the owner was processed after the one whose answer assigned it the shard: the next that omits it releases it. */
  listed: Type.Boolean(),
  /**
   * Null until an answer to the owner contained the shard. Then the newest date (seconds) among the owner's heartbeats that
   * say whether it knew of the shard, 0 if they have none: a heartbeat with an older date is late.
   */
  since: Type.Union([Type.Integer(), Type.Null()]),
  /** Since when, on the lease clock, the owner sends only heartbeats that seem to be late and do not list it. */
  missingMs: Type.Union([Type.Number(), Type.Null()]),
});
export type Shard = Static<typeof Shard>;

export const ConsumerGroup = Type.Object({
  /** Tells groups apart that have the same name one after the other. */
  id: Type.String(),
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
  /** When the consumer sent it, by the consumer's own clock, seconds since 1970; undefined if the request does not say. */
  readonly sentAt: number | undefined;
  /** When it arrived, on the lease clock; needed only where `isUnclear`. */
  readonly leaseMs?: number;
}

/** A shard of the logstore, as far as its consumption is concerned. */
export interface ConsumedShard {
  readonly id: number;
  readonly parents: readonly number[];
  /** It takes no more, and the checkpoint is where it ends. */
  readonly isFinished: boolean;
}

/** What a heartbeat may find changed. */
export interface Situation {
  /** Those who are live now. */
  readonly consumers: readonly string[];
  readonly revision: number;
  readonly logstoreVersion: number;
  readonly shards: readonly ConsumedShard[];
  /** Absent: somebody only looks. */
  readonly heartbeat?: Heartbeat;
}

/** Nobody's: no shard is theirs. */
const noHeartbeat: Heartbeat = { consumer: '', held: [], sentAt: undefined };

/** A revision that no membership has: the next heartbeat computes the assignment anew. */
const outdated = -1;

export function newGroup(id: string, timeout: number, order: boolean): ConsumerGroup {
  return { id, timeout, order, revision: 0, logstoreVersion: 0, shards: [] };
}

/** The group as one whose assignment must be computed anew: its checkpoints or its shards are not what they were. */
export function outdate(group: ConsumerGroup): ConsumerGroup {
  return { ...group, revision: outdated };
}

/** Without order, what waited may be consumed at once; with it, only what comes from later splits and merges will wait. */
export function change(
  group: ConsumerGroup,
  to: { readonly timeout?: number; readonly order?: boolean },
): ConsumerGroup {
  const changed = { ...group, ...to };
  if (changed.order || changed.order === group.order) return changed;
  const shards = group.shards.map((shard) => (shard.state === 'wait' ? free(shard.id) : shard));
  return outdate({ ...changed, shards });
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

/** Whether it takes the time of its arrival to say what a heartbeat means. */
export function isUnclear(group: ConsumerGroup, heartbeat: Heartbeat): boolean {
  return group.shards.some(
    (shard) => isLeaving(shard, heartbeat) && !heartbeat.held.includes(shard.id) && isLate(shard, heartbeat),
  );
}

/** The group after a heartbeat while nobody came or went: targets stay, shards may be let go. The same object if nothing changed. */
export function hear(group: ConsumerGroup, heartbeat: Heartbeat): ConsumerGroup {
  const shards = group.shards.map((shard) => answered(heard(shard, heartbeat, group.timeout), heartbeat));
  return shards.every((shard, at) => shard === group.shards[at]) ? group : { ...group, shards };
}

/** The group after a heartbeat in a new situation: the assignment is computed anew. */
export function reconcile(group: ConsumerGroup, situation: Situation): ConsumerGroup {
  const { heartbeat = noHeartbeat } = situation;
  const live = new Set(situation.consumers);
  const known = new Map(group.shards.map((shard) => [shard.id, shard]));
  const consumed = new Map(situation.shards.map((shard) => [shard.id, shard]));
  const mayBegin = (id: number): boolean =>
    !group.order ||
    ancestorsOf(consumed, id).every((ancestor) => consumed.get(ancestor)?.isFinished === true);

  const shards = [...situation.shards]
    .sort((a, b) => a.id - b.id)
    .map(({ id, isFinished }) => {
      const before = known.get(id);
      if (isFinished) return heard(over(withoutTheDead(before ?? free(id), live)), heartbeat, group.timeout);
      // Who once may be consumed may always be: order counts for shards that are new to the group.
      if (before === undefined || before.state === 'wait') return mayBegin(id) ? free(id) : waiting(id);
      return heard(withoutTheDead(consumable(before), live), heartbeat, group.timeout);
    });
  const balanced = shards.filter(({ state }) => state !== 'wait' && state !== 'over');
  // Against where shards were already going: a rebalance in the middle of a hand-over does not turn it around.
  const targets = assign(new Map(balanced.map((shard) => [shard.id, shard.next ?? shard.owner])), live);
  return {
    ...group,
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
  missingMs: null,
});

const waiting = (id: number): Shard => ({ ...free(id), state: 'wait' });

const given = (id: number, owner: string): Shard => ({ ...free(id), state: 'already_alloc', owner });

/** Called off: the owner keeps the shard. If it let go of it in the meantime, its next heartbeat shows that. */
const kept = (shard: Shard): Shard => ({ ...shard, state: 'already_alloc', next: null, missingMs: null });

/** Consumed to its end. Who has it is told so by the next answer, which leaves it out. */
const over = (shard: Shard): Shard =>
  shard.state === 'over' ? shard : { ...shard, state: 'over', next: null };

/** A checkpoint that was set back makes a shard that was over one to consume again: its owner's, if it has one. */
function consumable(shard: Shard): Shard {
  if (shard.state !== 'over') return shard;
  return shard.owner === null ? free(shard.id) : kept(shard);
}

/** An owner that is gone leaves its shard to whom it was promised; a promise to somebody who is gone is void. */
function withoutTheDead(shard: Shard, live: ReadonlySet<string>): Shard {
  const next = shard.next !== null && live.has(shard.next) ? shard.next : null;
  if (shard.owner === null || !live.has(shard.owner)) {
    if (shard.state === 'over') return shard.owner === null ? shard : over(free(shard.id));
    return next === null ? free(shard.id) : given(shard.id, next);
  }
  return shard.state === 'transfer' && next === null ? kept(shard) : shard;
}

/** Whether its owner is to let go of it. */
function isLeaving({ state, owner }: Shard, { consumer }: Heartbeat): boolean {
  return owner === consumer && (state === 'transfer' || state === 'over');
}

/** Whether the heartbeat is older than one that was processed before. */
function isLate({ since }: Shard, { sentAt }: Heartbeat): boolean {
  return since !== null && sentAt !== undefined && sentAt < since;
}

/** The shard after a heartbeat in order. The same object if nothing changed. */
function noted(shard: Shard, { sentAt = 0 }: Heartbeat, listed: boolean): Shard {
  const since = Math.max(shard.since ?? 0, sentAt);
  return shard.listed === listed && shard.since === since ? shard : { ...shard, listed, since };
}

/** Releases a leaving shard that the heartbeat does not list, unless it is late or the first since the shard was assigned. */
function heard(shard: Shard, heartbeat: Heartbeat, timeoutSeconds: number): Shard {
  if (!isLeaving(shard, heartbeat)) return shard;
  const isHeld = heartbeat.held.includes(shard.id);
  if (isLate(shard, heartbeat)) return isHeld ? present(shard) : missed(shard, heartbeat, timeoutSeconds);
  if (isHeld) return noted(present(shard), heartbeat, true);
  return shard.since === null || shard.listed ? letGo(shard) : noted(shard, heartbeat, true);
}

const present = (shard: Shard): Shard => (shard.missingMs === null ? shard : { ...shard, missingMs: null });

/** The clock of a consumer may have been set back: what it does not list for a whole timeout, it has released. */
function missed(shard: Shard, { leaseMs }: Heartbeat, timeoutSeconds: number): Shard {
  if (leaseMs === undefined) return shard;
  if (shard.missingMs === null) return { ...shard, missingMs: leaseMs };
  return leaseMs - shard.missingMs >= timeoutSeconds * 1_000 ? letGo(shard) : shard;
}

function letGo(shard: Shard): Shard {
  if (shard.state === 'over') return over(free(shard.id));
  return shard.next === null ? free(shard.id) : given(shard.id, shard.next);
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

/** The answer to this heartbeat contains what its consumer owns: whatever it sends after that answer lists it too. */
function answered(shard: Shard, heartbeat: Heartbeat): Shard {
  if (shard.state !== 'already_alloc' || shard.owner !== heartbeat.consumer) return shard;
  if (isLate(shard, heartbeat)) return shard;
  if (!heartbeat.held.includes(shard.id)) return noted(shard, heartbeat, false);
  return shard.listed && shard.since !== null ? shard : noted(shard, heartbeat, true);
}
