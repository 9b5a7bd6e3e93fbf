/** Explains consumer groups and consumers, from the documents and leases that decide what their heartbeats get. */
import {
  distinct,
  type Evidence,
  type Explanation,
  type PastRequest,
  type RefusedMove,
  type ShardMove,
  type UnknownName,
  type WhySubject,
} from '../../../kit/explain.ts';
import { Conflict, retryOnConflict } from '../../../kit/retry-on-conflict.ts';
import { logstoreNames } from '../../resources/logstores/list-logstores.ts';
import { projectOfTenant } from '../../resources/projects/project.ts';
import { ancestorsOf } from '../../resources/shards/shards.ts';
import { SlsError } from '../../wire/error-entry.ts';
import type { GroupContext } from '../context.ts';
import { cacheKeyOf, readGroup, writeGroup } from '../group/group-store.ts';
import { type GroupRef, type KnownGroup, leaseGroupOf } from '../group/known-group.ts';
import { groupNames } from '../list-consumer-group.ts';
import { type ConsumerGroup, retarget } from '../rebalance/consumer-group.ts';
import { reconcileGroup } from '../rebalance/reconcile-group.ts';
import {
  explainFormer,
  explainGroup,
  explainMember,
  explainShard,
  type FormerMember,
  type GroupSituation,
  type Member,
} from './sentences.ts';

/** Groups that the explanation of a project describes. */
const maxGroups = 20;

/** Explains a project's groups, one group, or a consumer. */
export async function explain(
  context: GroupContext,
  subject: WhySubject,
  evidence: Evidence,
): Promise<Explanation | UnknownName> {
  const { tenant, group, holder } = subject;
  const refs = await groupsOf(context, tenant);
  const known = refs.map(leaseGroupOf);
  if (group !== undefined && !known.includes(group)) return { unknown: 'consumer group', name: group, known };
  const wanted = group === undefined ? refs : refs.filter((ref) => leaseGroupOf(ref) === group);
  const found: Explanation[] = [];
  const consumers: string[] = [];
  for (const ref of wanted) {
    if (found.length === maxGroups) break;
    const one = await explainIn(context, ref, { holder, evidence }).catch((error: unknown) => {
      // Deleted while it was read.
      if (error instanceof SlsError) return undefined;
      throw error;
    });
    if (one === undefined) continue;
    if ('unknown' in one) consumers.push(...one.known);
    else found.push(one);
  }
  const [first] = found;
  if (holder !== undefined && first === undefined)
    return { unknown: 'consumer', name: holder, known: distinct(consumers) };
  if (first === undefined)
    return { sentences: [`${tenant} has no consumer group.`], facts: { tenant, groups: [] } };
  if (group !== undefined) return first;
  return {
    sentences: found.flatMap(({ sentences }) => sentences),
    facts: { tenant, groups: found.map(({ facts }) => facts) },
  };
}

/**
 * Gives a shard a new target. Its owner releases it first, as in a rebalance. A later rebalance computes from the new targets: it keeps
 * the shard there as long as the loads of the consumers differ by one at most.
 */
export async function moveShard(
  context: GroupContext,
  { tenant, group, shard: id, to }: ShardMove,
): Promise<Explanation | UnknownName | RefusedMove> {
  const refs = await groupsOf(context, tenant);
  const ref = refs.find((one) => leaseGroupOf(one) === group);
  if (ref === undefined) return { unknown: 'consumer group', name: group, known: refs.map(leaseGroupOf) };
  return context.changes(cacheKeyOf(ref), () =>
    retryOnConflict(() => tryMove(context, ref, id, to)).catch((error: unknown) => {
      if (error instanceof Conflict) return { refused: `${group} changes all the time; try again` };
      if (error instanceof SlsError) return { unknown: 'consumer group', name: group, known: [] };
      throw error;
    }),
  );
}

/** Returns undefined if the group changed in the meantime. */
async function tryMove(
  context: GroupContext,
  ref: GroupRef,
  id: number,
  to: string,
): Promise<Explanation | UnknownName | RefusedMove | undefined> {
  const read = await readGroup(context, ref);
  const known = { ...read, group: await reconcileGroup(context, read) };
  const refused = refusalOf(await situationOf(context, known), id, to);
  if (refused !== undefined) return refused;
  const group = retarget(known.group, id, to);
  if ((await writeGroup(context, read, group)) === undefined) return undefined;
  const after = await situationOf(context, { ...known, group });
  const moved = after.shards.filter((shard) => shard.id === id);
  return {
    sentences: moved.map((shard) => explainShard(after, shard)),
    facts: { tenant: known.tenant, group: known.lease, shard: moved[0] },
  };
}

function refusalOf(
  { shards, members }: GroupSituation,
  id: number,
  to: string,
): UnknownName | RefusedMove | undefined {
  const shard = shards.find((one) => one.id === id);
  if (shard === undefined)
    return { unknown: 'shard', name: String(id), known: shards.map((one) => String(one.id)) };
  if (!members.some(({ holder }) => holder === to))
    return { unknown: 'live consumer', name: to, known: members.map(({ holder }) => holder) };
  if (shard.state === 'over')
    return { refused: `shard ${id} is over: it is consumed to its end, and no consumer receives it` };
  if (shard.state === 'wait')
    return {
      refused: `shard ${id} waits for ${shard.unfinished.join(', ')} to be consumed: the group keeps order`,
    };
  if (shard.next === to) return { refused: `shard ${id} is on the way to ${to} already` };
  if (shard.next === null && shard.owner === to) return { refused: `shard ${id} is owned by ${to} already` };
  return undefined;
}

/** Returns all groups of a project; none for a tenant that is no project. */
async function groupsOf(context: GroupContext, tenant: string): Promise<GroupRef[]> {
  const project = projectOfTenant(tenant);
  const isKnown = (await context.store.tenants()).some((size) => size.tenant === tenant);
  if (project === undefined || !isKnown) return [];
  const refs: GroupRef[] = [];
  try {
    for (const logstore of await logstoreNames(context, project))
      for (const group of await groupNames(context, { project, logstore }))
        refs.push({ project, logstore, group });
  } catch (error) {
    // Deleted while it was read.
    if (!(error instanceof SlsError)) throw error;
  }
  return refs;
}

interface Asked {
  readonly holder: string | undefined;
  readonly evidence: Evidence;
}

async function explainIn(
  context: GroupContext,
  ref: GroupRef,
  { holder, evidence }: Asked,
): Promise<Explanation | UnknownName> {
  const read = await readGroup(context, ref);
  const known = { ...read, group: await reconcileGroup(context, read) };
  const situation = await situationOf(context, known, evidence);
  const { tenant, lease: group } = known;
  const facts = { tenant, ...situation };
  if (holder === undefined) return { sentences: explainGroup(situation), facts };
  const member = situation.members.find((one) => one.holder === holder);
  const request = lastHeartbeat(evidence, { tenant, group, holder });
  const lastRequest = request ?? null;
  if (member !== undefined)
    return { sentences: explainMember(situation, member), facts: { ...facts, holder, member, lastRequest } };
  const { dateMs } = await context.store.readClock(tenant);
  const former = formerMember(holder, { evidence, dateMs, known, request });
  if (former.ended === undefined && former.last === undefined) {
    const before = evidence.leases({ tenant, group }).map((lease) => lease.holder);
    return {
      unknown: 'consumer',
      name: holder,
      known: distinct([...situation.members.map((one) => one.holder), ...before]),
    };
  }
  return {
    sentences: explainFormer(situation, former),
    facts: { ...facts, holder, member: null, ended: former.ended ?? null, lastRequest },
  };
}

interface Past {
  readonly evidence: Evidence;
  /** The tenant's date. */
  readonly dateMs: number;
  readonly known: KnownGroup;
  readonly request: PastRequest | undefined;
}

function formerMember(holder: string, { evidence, dateMs, known, request }: Past): FormerMember {
  const { tenant, lease: group } = known;
  const [newest] = evidence.leases({ tenant, group, holder });
  return {
    holder,
    ended:
      newest === undefined || newest.type === 'granted'
        ? undefined
        : { type: newest.type, agoMs: Math.max(0, dateMs - newest.atMs) },
    last:
      request === undefined
        ? undefined
        : { errorCode: errorCodeOf(request.reply), reported: reportedIn(request.body) },
  };
}

function lastHeartbeat(
  evidence: Evidence,
  { group, ...subject }: { readonly tenant: string; readonly group: string; readonly holder: string },
): PastRequest | undefined {
  return evidence
    .requests({ ...subject, operation: 'ConsumerGroupHeartBeat' })
    .find((request) => request.group === group && request.status !== undefined);
}

const reportedIn = (body: unknown): number[] =>
  Array.isArray(body) ? body.filter((id): id is number => typeof id === 'number') : [];

function errorCodeOf(reply: unknown): string | undefined {
  const { errorCode } = (typeof reply === 'object' ? (reply ?? {}) : {}) as { readonly errorCode?: unknown };
  return typeof errorCode === 'string' ? errorCode : undefined;
}

const noEvidence: Evidence = { leases: () => [], requests: () => [] };

/** Returns the situation of a group whose assignment was computed for its present members. */
async function situationOf(
  { store }: GroupContext,
  { tenant, lease, group, logstore }: KnownGroup & { readonly group: ConsumerGroup },
  evidence = noEvidence,
): Promise<GroupSituation> {
  const { leases } = await store.members({ tenant, group: lease, offset: 0, limit: Number.MAX_SAFE_INTEGER });
  const lineage = new Map(logstore.shards.map(({ shardID, parents }) => [shardID, { parents }]));
  const states = new Map(group.shards.map(({ id, state }) => [id, state]));
  // What consumers reported matters of those that have to release something.
  const leaving = new Set(group.shards.filter(({ state }) => state === 'transfer').map(({ owner }) => owner));
  return {
    group: lease,
    timeoutSeconds: group.timeout,
    order: group.order,
    members: leases.map(({ holder, ttlMs, remainingMs }): Member => {
      const request = leaving.has(holder)
        ? lastHeartbeat(evidence, { tenant, group: lease, holder })
        : undefined;
      return {
        holder,
        ttlMs,
        remainingMs,
        reported: request === undefined ? undefined : reportedIn(request.body),
      };
    }),
    shards: group.shards.map(({ id, state, owner, next, since }) => ({
      id,
      state,
      owner,
      next,
      since,
      unfinished:
        state === 'wait'
          ? ancestorsOf(lineage, id).filter((ancestor) => states.get(ancestor) !== 'over')
          : [],
    })),
  };
}
