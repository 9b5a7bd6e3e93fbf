/**
 * The state of a consumer group, and how heartbeats change it. Pure. Source: the per-shard state machine in the README of the vendor's
 * Java consumer library.
 *
 * A shard that moves from A to B is handed over in two phases: it leaves the replies to A (`transfer`), and B receives it only after a
 * heartbeat of A that no longer reports it, or after A's lease ended. In between, no consumer receives it.
 *
 * A heartbeat that arrives late reports what its consumer held when it was sent, and must not pass for a release. Heartbeats of one consumer
 * are ordered by arrival, with two exceptions:
 * - One whose `Date` is older than that of a heartbeat processed before is late and releases nothing. Equal and absent dates are in order. A
 *   consumer whose clock was set back seems to send only late ones: what it does not report for a whole timeout of the group, on the lease
 *   clock, is released all the same.
 * - The first heartbeat after the one whose reply assigned a shard may be a copy of that one: a shard that the consumer has never reported is
 *   released by the second heartbeat that does not report it, whatever the dates.
 * `docs/models/hand-over.pml` checks this rule exhaustively.
 */
import { type Static, Type } from '@sinclair/typebox';
import { ancestorsOf } from '../../resources/shards/shards.ts';
import { Overwrites } from '../group/overwrites.ts';
import { assign } from './assign.ts';

const Shard = Type.Object({
  id: Type.Integer(),
  /**
   * `not_alloc`: consumable, without an owner. `already_alloc`: assigned to its owner. `transfer`: still the owner's, to be released to
   * `next`. `wait`: the group has `order` and an ancestor is not consumed to its end. `over`: read-only and consumed to its end.
   */
  state: Type.Union([
    Type.Literal('not_alloc'),
    Type.Literal('already_alloc'),
    Type.Literal('transfer'),
    Type.Literal('wait'),
    Type.Literal('over'),
  ]),
  /** Of a shard that is over: the consumer that has not released it yet. */
  owner: Type.Union([Type.String(), Type.Null()]),
  /** The consumer that owns the shard after a transfer. */
  next: Type.Union([Type.String(), Type.Null()]),
  /** A heartbeat of the owner was processed after the one whose reply assigned the shard: the next that omits it releases it. */
  listed: Type.Boolean(),
  /**
   * Null until a reply to the owner contained the shard. Then the newest date (seconds) among the owner's heartbeats that show whether it
   * knew of the shard, 0 if they have none: a heartbeat with an older date is late.
   */
  since: Type.Union([Type.Integer(), Type.Null()]),
  /** Since when, on the lease clock, the owner sends only heartbeats that seem to be late and do not report the shard. */
  missingMs: Type.Union([Type.Number(), Type.Null()]),
});
export type Shard = Static<typeof Shard>;

export const ConsumerGroup = Type.Object({
  /** Distinguishes groups that had the same name one after the other. */
  id: Type.String(),
  /** Seconds without a heartbeat after which a consumer's lease ends. */
  timeout: Type.Integer(),
  order: Type.Boolean(),
  /** Membership revision that the assignment was computed for: a heartbeat that finds another one computes it again. */
  revision: Type.Integer(),
  /** Version of the logstore that the shards were read from. */
  logstoreVersion: Type.Integer(),
  shards: Type.Array(Shard),
  overwrites: Type.Optional(Overwrites),
});
export type ConsumerGroup = Static<typeof ConsumerGroup>;

export interface Heartbeat {
  readonly consumer: string;
  /** Shards that the consumer reports as held. */
  readonly held: readonly number[];
  /** When the consumer sent it, by the consumer's own clock, seconds since 1970; undefined if the request does not say. */
  readonly sentAt: number | undefined;
  /** When it arrived, on the lease clock; needed only if `needsArrivalTime`. */
  readonly leaseMs?: number;
}

/** A shard of the logstore, as far as its consumption is concerned. */
export interface ConsumedShard {
  readonly id: number;
  readonly parents: readonly number[];
  /** It is read-only, and the checkpoint is at its end. */
  readonly isFinished: boolean;
}

/** What an assignment is computed from. */
export interface Situation {
  /** Live consumers. */
  readonly consumers: readonly string[];
  readonly revision: number;
  readonly logstoreVersion: number;
  readonly shards: readonly ConsumedShard[];
  /** Absent if no heartbeat causes the computation. */
  readonly heartbeat?: Heartbeat;
}

/** A heartbeat of no consumer. */
const noHeartbeat: Heartbeat = { consumer: '', held: [], sentAt: undefined };

/** A revision that no membership has. */
const staleRevision = -1;

/** Returns a group without shards; the first heartbeat computes the assignment. */
export function newGroup(id: string, timeout: number, order: boolean): ConsumerGroup {
  return { id, timeout, order, revision: 0, logstoreVersion: 0, shards: [] };
}

/** Returns the group with an assignment that the next heartbeat computes again, because checkpoints or shards changed. */
export function markStale(group: ConsumerGroup): ConsumerGroup {
  return { ...group, revision: staleRevision };
}

/** Returns the group with other settings. Without `order`, waiting shards become consumable; with it, only shards new to the group wait. */
export function changeSettings(
  group: ConsumerGroup,
  settings: { readonly timeout?: number; readonly order?: boolean },
): ConsumerGroup {
  const changed = { ...group, ...settings };
  if (changed.order || changed.order === group.order) return changed;
  const shards = group.shards.map((shard) => (shard.state === 'wait' ? unassigned(shard.id) : shard));
  return markStale({ ...changed, shards });
}

/** Returns the shards that replies to a consumer contain, ascending. */
export function ownedShards(group: ConsumerGroup, consumer: string): number[] {
  return group.shards
    .filter(({ state, owner }) => state === 'already_alloc' && owner === consumer)
    .map(({ id }) => id)
    .sort((a, b) => a - b);
}

/** Whether heartbeats of a consumer that report all it owns change nothing, as long as the membership stays the same. */
export function isSettled(group: ConsumerGroup, consumer: string): boolean {
  return group.shards.every(
    ({ owner, state, listed }) => owner !== consumer || (state === 'already_alloc' && listed),
  );
}

/** Whether the effect of a heartbeat depends on the time of its arrival. */
export function needsArrivalTime(group: ConsumerGroup, heartbeat: Heartbeat): boolean {
  return group.shards.some(
    (shard) => isLeaving(shard, heartbeat) && !heartbeat.held.includes(shard.id) && isLate(shard, heartbeat),
  );
}

/**
 * Returns the group after a heartbeat while the membership is the same: targets stay, shards may be released. Returns the same object if
 * nothing changed.
 */
export function applyHeartbeat(group: ConsumerGroup, heartbeat: Heartbeat): ConsumerGroup {
  const shards = group.shards.map((shard) =>
    recordReply(releaseUnreported(shard, heartbeat, group.timeout), heartbeat),
  );
  return shards.every((shard, at) => shard === group.shards[at]) ? group : { ...group, shards };
}

/** Returns the group after a change of its members or shards, and after a heartbeat: the assignment is computed again. */
export function reconcile(group: ConsumerGroup, situation: Situation): ConsumerGroup {
  const { heartbeat = noHeartbeat } = situation;
  const live = new Set(situation.consumers);
  const known = new Map(group.shards.map((shard) => [shard.id, shard]));
  const consumed = new Map(situation.shards.map((shard) => [shard.id, shard]));
  const isConsumable = (id: number): boolean =>
    !group.order ||
    ancestorsOf(consumed, id).every((ancestor) => consumed.get(ancestor)?.isFinished === true);

  const shards = [...situation.shards]
    .sort((a, b) => a.id - b.id)
    .map(({ id, isFinished }) => {
      const before = known.get(id);
      if (isFinished) {
        const finished = finish(removeExpired(before ?? unassigned(id), live));
        return releaseUnreported(finished, heartbeat, group.timeout);
      }
      // A consumable shard stays consumable: `order` applies to shards that are new to the group.
      if (before === undefined || before.state === 'wait')
        return isConsumable(id) ? unassigned(id) : waiting(id);
      return releaseUnreported(removeExpired(resume(before), live), heartbeat, group.timeout);
    });
  const assignable = shards.filter(({ state }) => state !== 'wait' && state !== 'over');
  // Computed against the previous targets: a rebalance during a hand-over does not reverse it.
  const targets = assign(new Map(assignable.map((shard) => [shard.id, shard.next ?? shard.owner])), live);
  return {
    ...group,
    revision: situation.revision,
    logstoreVersion: situation.logstoreVersion,
    shards: shards.map((shard) =>
      recordReply(moveTowardsTarget(shard, targets.get(shard.id) ?? null), heartbeat),
    ),
  };
}

/** Returns the group with a shard on its way to another consumer; a later rebalance moves it on only if the loads would differ by two. */
export function retarget(group: ConsumerGroup, id: number, to: string): ConsumerGroup {
  return { ...group, shards: group.shards.map((one) => (one.id === id ? moveTowardsTarget(one, to) : one)) };
}

const unassigned = (id: number): Shard => ({
  id,
  state: 'not_alloc',
  owner: null,
  next: null,
  listed: false,
  since: null,
  missingMs: null,
});

const waiting = (id: number): Shard => ({ ...unassigned(id), state: 'wait' });

const assignTo = (id: number, owner: string): Shard => ({ ...unassigned(id), state: 'already_alloc', owner });

/** The owner keeps the shard. If it released the shard in the meantime, its next heartbeat shows that. */
const cancelTransfer = (shard: Shard): Shard => ({
  ...shard,
  state: 'already_alloc',
  next: null,
  missingMs: null,
});

/** The shard is consumed to its end. The next reply to its owner leaves it out. */
const finish = (shard: Shard): Shard =>
  shard.state === 'over' ? shard : { ...shard, state: 'over', next: null };

/** Makes a shard that was over consumable again, because its checkpoint was set back; its owner keeps it. */
function resume(shard: Shard): Shard {
  if (shard.state !== 'over') return shard;
  return shard.owner === null ? unassigned(shard.id) : cancelTransfer(shard);
}

/** Passes the shard of an expired owner to the next one, and cancels a transfer to an expired consumer. */
function removeExpired(shard: Shard, live: ReadonlySet<string>): Shard {
  const next = shard.next !== null && live.has(shard.next) ? shard.next : null;
  if (shard.owner === null || !live.has(shard.owner)) {
    if (shard.state === 'over') return shard.owner === null ? shard : finish(unassigned(shard.id));
    return next === null ? unassigned(shard.id) : assignTo(shard.id, next);
  }
  return shard.state === 'transfer' && next === null ? cancelTransfer(shard) : shard;
}

/** Whether the heartbeat is that of the owner, which has to release the shard. */
function isLeaving({ state, owner }: Shard, { consumer }: Heartbeat): boolean {
  return owner === consumer && (state === 'transfer' || state === 'over');
}

/** Whether the heartbeat is older than one that was processed before. */
function isLate({ since }: Shard, { sentAt }: Heartbeat): boolean {
  return since !== null && sentAt !== undefined && sentAt < since;
}

/** Records a heartbeat in order. Returns the same object if nothing changed. */
function recordHeartbeat(shard: Shard, { sentAt = 0 }: Heartbeat, { listed }: Pick<Shard, 'listed'>): Shard {
  const since = Math.max(shard.since ?? 0, sentAt);
  return shard.listed === listed && shard.since === since ? shard : { ...shard, listed, since };
}

/** Releases a leaving shard that the heartbeat does not report, unless it is late or the first since the shard was assigned. */
function releaseUnreported(shard: Shard, heartbeat: Heartbeat, timeoutSeconds: number): Shard {
  if (!isLeaving(shard, heartbeat)) return shard;
  const isHeld = heartbeat.held.includes(shard.id);
  if (isLate(shard, heartbeat))
    return isHeld ? clearMissing(shard) : releaseLongMissing(shard, heartbeat, timeoutSeconds);
  if (isHeld) return recordHeartbeat(clearMissing(shard), heartbeat, { listed: true });
  return shard.since === null || shard.listed
    ? release(shard)
    : recordHeartbeat(shard, heartbeat, { listed: true });
}

const clearMissing = (shard: Shard): Shard =>
  shard.missingMs === null ? shard : { ...shard, missingMs: null };

/** Releases a shard that was not reported for a whole timeout: the clock of its consumer may have been set back. */
function releaseLongMissing(shard: Shard, { leaseMs }: Heartbeat, timeoutSeconds: number): Shard {
  if (leaseMs === undefined) return shard;
  if (shard.missingMs === null) return { ...shard, missingMs: leaseMs };
  return leaseMs - shard.missingMs >= timeoutSeconds * 1_000 ? release(shard) : shard;
}

function release(shard: Shard): Shard {
  if (shard.state === 'over') return finish(unassigned(shard.id));
  return shard.next === null ? unassigned(shard.id) : assignTo(shard.id, shard.next);
}

/** Assigns a shard to its target, or begins the transfer to it. */
function moveTowardsTarget(shard: Shard, target: string | null): Shard {
  if (target === null) return shard;
  // No reply contained the shard: no consumer has to release it.
  if (shard.owner === null || shard.since === null)
    return shard.owner === target ? shard : assignTo(shard.id, target);
  if (shard.owner === target) return shard.state === 'transfer' ? cancelTransfer(shard) : shard;
  return shard.next === target ? shard : { ...shard, state: 'transfer', next: target };
}

/** Records that the reply to this heartbeat contains the shards its consumer owns: what the consumer sends after it reports them. */
function recordReply(shard: Shard, heartbeat: Heartbeat): Shard {
  if (shard.state !== 'already_alloc' || shard.owner !== heartbeat.consumer) return shard;
  if (isLate(shard, heartbeat)) return shard;
  if (!heartbeat.held.includes(shard.id)) return recordHeartbeat(shard, heartbeat, { listed: false });
  return shard.listed && shard.since !== null ? shard : recordHeartbeat(shard, heartbeat, { listed: true });
}
