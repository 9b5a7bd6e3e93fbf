/** Says in sentences which consumer owns which shard, and why another does not. Pure. */
import { spoken } from '../../../../spoken.ts';
import { named } from '../../../kit/explain.ts';
import type { Shard } from '../rebalance/consumer-group.ts';

/** A live consumer. */
export interface Member {
  readonly holder: string;
  readonly ttlMs: number;
  readonly remainingMs: number;
  /** Shards of its last heartbeat; undefined if the journal does not have it. */
  readonly reported?: readonly number[] | undefined;
}

export type ShardSituation = Pick<Shard, 'id' | 'state' | 'owner' | 'next' | 'since'> & {
  /** Ancestors that are not consumed to their end. */
  readonly unfinished: readonly number[];
};

/** A consumer group as its next heartbeat would find it. */
export interface GroupSituation {
  /** `<logstore>/<group>`. */
  readonly group: string;
  readonly timeoutSeconds: number;
  readonly order: boolean;
  readonly members: readonly Member[];
  readonly shards: readonly ShardSituation[];
}

/** What is known of a consumer that has no lease. */
export interface FormerMember {
  readonly holder: string;
  readonly ended?: { readonly type: 'released' | 'expired'; readonly agoMs: number } | undefined;
  /** Its last heartbeat, if the journal has it. */
  readonly last?:
    | { readonly errorCode: string | undefined; readonly reported: readonly number[] }
    | undefined;
}

/** Waiting shards that one explanation describes. */
const maxDescribed = 20;

/** Returns the sentences about a group: its consumers, and every shard that waits. */
export function explainGroup(situation: GroupSituation): string[] {
  const { group, members, shards, timeoutSeconds } = situation;
  const waiting = shards.filter(isWaiting);
  const others = waiting.slice(maxDescribed).map(({ id }) => id);
  return [
    members.length === 0
      ? `${group} has no live consumer: none sent a heartbeat within the last ${timeoutSeconds} s, so no shard is assigned.`
      : `${group} has ${members.length} live ${members.length === 1 ? 'consumer' : 'consumers'} for ${shards.length} ${shards.length === 1 ? 'shard' : 'shards'}.`,
    ...members.slice(0, maxDescribed).map((member) => ownership(situation, member.holder)),
    ...waiting.slice(0, maxDescribed).map((shard) => explainShard(situation, shard)),
    ...(others.length === 0 ? [] : [`So do ${named('shard', others)}.`]),
    ...(members.length > 0 && waiting.length === 0 ? ['No shard waits.'] : []),
  ];
}

/** Returns the sentences about a live consumer. */
export function explainMember(situation: GroupSituation, member: Member): string[] {
  const { group, shards } = situation;
  const { holder, ttlMs, remainingMs } = member;
  const about = shards.filter(
    (shard) =>
      isWaiting(shard) && (shard.owner === holder || shard.next === holder || shard.state === 'wait'),
  );
  return [
    `${holder} is a member of ${group}: its last heartbeat was ${spoken(ttlMs - remainingMs)} ago, and its lease ends in ${spoken(remainingMs)} unless another arrives.`,
    ownership(situation, holder),
    ...about.slice(0, maxDescribed).map((shard) => explainShard(situation, shard)),
    ...spareReason(situation, holder),
  ];
}

/** Returns the sentences about a consumer without a lease. */
export function explainFormer(situation: GroupSituation, { holder, ended, last }: FormerMember): string[] {
  const { group, timeoutSeconds } = situation;
  const ending =
    ended === undefined
      ? 'no lease of it is known'
      : ended.type === 'expired'
        ? `its lease expired ${spoken(ended.agoMs)} ago, because no heartbeat arrived for the timeout of the group (now ${timeoutSeconds} s)`
        : `its lease was released ${spoken(ended.agoMs)} ago, by an operator or because the group has too many consumers`;
  const reported = last?.reported ?? [];
  const taken = reported.flatMap((id) => {
    const owner = situation.shards.find((shard) => shard.id === id)?.owner;
    return owner === undefined || owner === null ? [] : [`Shard ${id} is owned by ${owner} now.`];
  });
  return [
    `${holder} is not a member of ${group}: ${ending}.`,
    last?.errorCode === 'NotExistConsumerWithBody'
      ? `Its heartbeats are refused with NotExistConsumerWithBody because they still report ${named('shard', reported)}, which may belong to another consumer by now.`
      : last?.errorCode !== undefined
        ? `Its last heartbeat was refused with ${last.errorCode}.`
        : 'A heartbeat of it that reports shards would be refused with NotExistConsumerWithBody, because they may belong to another consumer by now.',
    `${holder} joins again with a heartbeat that reports no shard.`,
    ...taken,
  ];
}

/** Returns the sentence about one shard. */
export function explainShard({ members }: GroupSituation, shard: ShardSituation): string {
  const { id, state, owner, next, unfinished } = shard;
  const holder = members.find((member) => member.holder === owner);
  const ends =
    holder === undefined ? '' : `, or in ${spoken(holder.remainingMs)} when the lease of ${owner} ends`;
  switch (state) {
    case 'transfer':
      return `Shard ${id} is in transfer from ${owner} to ${next}: it has left the replies to ${owner}, ${lastReport(id, holder)}; ${next} receives it after a heartbeat of ${owner} that no longer reports it${ends}.`;
    case 'wait':
      return unfinished.length === 0
        ? `Shard ${id} waited for the shards that it came from, which are consumed; the next heartbeat of the group assigns it.`
        : `Shard ${id} waits for its parent: the group keeps order, and ${named('shard', unfinished)} ${unfinished.length === 1 ? 'is' : 'are'} not consumed to the end; a checkpoint at the end of ${unfinished.length === 1 ? 'it' : 'each'} releases shard ${id}.`;
    case 'over':
      return owner === null
        ? `Shard ${id} is over: it is read-only and consumed to its end, so no consumer receives it.`
        : `Shard ${id} is over: it is read-only and consumed to its end; ${owner} releases it with a heartbeat that no longer reports it${ends}.`;
    case 'not_alloc':
      return `Shard ${id} has no owner: it is assigned to the first consumer that sends a heartbeat.`;
    case 'already_alloc':
      return shard.since === null
        ? `Shard ${id} is assigned to ${owner}, which receives it in the reply to its next heartbeat.`
        : `Shard ${id} is owned by ${owner}.`;
  }
}

function isWaiting({ state, owner, since }: ShardSituation): boolean {
  if (state === 'already_alloc') return since === null;
  return state !== 'over' || owner !== null;
}

function lastReport(id: number, member: Member | undefined): string {
  if (member === undefined) return 'whose lease ended';
  const ago = spoken(member.ttlMs - member.remainingMs);
  if (member.reported === undefined) return `whose last heartbeat was ${ago} ago`;
  return member.reported.includes(id)
    ? `which last reported it ${ago} ago`
    : `whose heartbeat ${ago} ago did not report it`;
}

/** What a consumer owns; one in transfer is not owned any more as far as its replies tell. */
function ownership({ shards }: GroupSituation, holder: string): string {
  const owned = shards.filter(
    ({ owner, state, since }) => owner === holder && state === 'already_alloc' && since !== null,
  );
  const coming = shards.some(
    ({ owner, next, since }) => next === holder || (owner === holder && since === null),
  );
  if (owned.length > 0)
    return `${holder} owns ${named(
      'shard',
      owned.map(({ id }) => id),
    )}.`;
  return coming ? `${holder} owns nothing yet.` : `${holder} owns no shard, and none is on the way to it.`;
}

/** Why a consumer without shards gets none. */
function spareReason({ shards, members }: GroupSituation, holder: string): string[] {
  if (shards.some(({ owner, next }) => owner === holder || next === holder)) return [];
  const consumable = shards.filter(({ state }) => state !== 'over' && state !== 'wait');
  if (shards.length === 0) return ['The logstore has no shard.'];
  if (consumable.length === 0) return ['No shard can be consumed at present.'];
  if (members.length > consumable.length)
    return [
      `There are ${members.length} consumers for ${consumable.length} ${consumable.length === 1 ? 'shard' : 'shards'}, and a shard has one owner: ${holder} takes over when another consumer ends, or when the logstore gets more shards.`,
    ];
  return [`The assignment is computed again with the next heartbeat of ${holder}.`];
}
