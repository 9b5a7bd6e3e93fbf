/**
 * Applies heartbeats to consumer groups. A plain one is one store operation, guarded by the versions of the group and logstore that this
 * process knows; one that finds the membership or the shards changed computes the assignment again and writes it.
 */
import { isDebugging } from '../../../settings/log.ts';
import type { Tenant } from '../../../store/store.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { projectOfTenant } from '../resources/projects/project.ts';
import { errors } from '../wire/errors.ts';
import type { GroupContext } from './context.ts';
import {
  cachedGroup,
  cacheKeyOf,
  forgetGroup,
  knownGroup,
  readGroup,
  writeGroup,
} from './group/group-store.ts';
import type { GroupRef, KnownGroup } from './group/known-group.ts';
import {
  applyHeartbeat,
  type Heartbeat,
  isSettled,
  needsArrivalTime,
  ownedShards,
} from './rebalance/consumer-group.ts';
import { reconcileGroup } from './rebalance/reconcile-group.ts';

/**
 * Applies a heartbeat and returns the shards that the consumer owns, as JSON text. Throws ProjectNotExist, LogStoreNotExist,
 * ConsumerGroupNotExist, ExceedQuota, and NotExistConsumerWithBody for a consumer that is not or no longer a member and reports shards.
 */
export async function heartbeat(context: GroupContext, ref: GroupRef, beat: Heartbeat): Promise<string> {
  const reply = await tryHeartbeat(context, ref, beat, 'renew');
  if (reply !== undefined) return reply;
  return context.changes(cacheKeyOf(ref), () =>
    retryOnConflict(() => tryHeartbeat(context, ref, beat, 'change')),
  );
}

/** Applies the heartbeat of a consumer that holds just what the last reply gave it, as one does whose requests are not lost. */
export async function beatAsAnswered(
  context: GroupContext,
  {
    tenant,
    group: lease,
    holder,
  }: { readonly tenant: Tenant; readonly group: string; readonly holder: string },
): Promise<void> {
  const [logstore, group] = lease.split('/');
  const project = projectOfTenant(tenant);
  if (project === undefined || logstore === undefined || group === undefined) return;
  const ref = { project, logstore, group };
  const known = await readGroup(context, ref);
  const held = ownedShards(known.group, holder);
  await heartbeat(context, ref, { consumer: holder, held, sentAt: undefined });
}

/**
 * Returns undefined if what this process knew was out of date, or if the group has to change. `mode`: `renew` leaves the group as it is,
 * `change` writes it.
 */
async function tryHeartbeat(
  context: GroupContext,
  ref: GroupRef,
  beat: Heartbeat,
  mode: 'renew' | 'change',
): Promise<string | undefined> {
  const { store } = context;
  const known = cachedGroup(context, ref) ?? (await knownGroup(context, ref));
  const { group, tenant } = known;
  const renewed = await store.beat({
    tenant,
    holder: beat.consumer,
    groups: [{ group: known.lease }],
    ttlMs: group.timeout * 1_000,
    // A consumer that is not a member may join only if it holds nothing: its shards may belong to another one by now.
    grant: beat.held.length === 0,
    guards: known.guards,
    returning: 'revision',
  });
  if (renewed.stale) {
    forgetGroup(context, known);
    logStep(context, known, beat, 'cached consumer group is out of date');
    return undefined;
  }
  const [lease] = renewed.leases;
  if (lease === undefined || lease.state === 'absent') {
    logStep(context, known, beat, 'heartbeat refused: the consumer is not a member and reports shards');
    throw errors.NotExistConsumerWithBody();
  }
  logStep(context, known, beat, 'consumer lease renewed');
  const isCurrent = lease.revision === group.revision && known.logstoreVersion === group.logstoreVersion;
  if (isCurrent) {
    const settled = known.settled.get(beat.consumer);
    if (settled !== undefined && holdsAll(beat.held, settled.owned)) return settled.text;
    if (applyHeartbeat(group, beat) === group && !needsArrivalTime(group, beat))
      return replyOf(known, beat.consumer);
  }
  return mode === 'renew' ? undefined : changeGroup(context, known, beat, isCurrent);
}

/** Writes the group after a heartbeat. `isCurrent`: neither members nor shards changed. Returns undefined on conflict. */
async function changeGroup(
  context: GroupContext,
  known: KnownGroup,
  beat: Heartbeat,
  isCurrent: boolean,
): Promise<string | undefined> {
  const { group, tenant } = known;
  const dated = needsArrivalTime(group, beat)
    ? { ...beat, leaseMs: (await context.store.now({ tenant })).leaseMs }
    : beat;
  const next = isCurrent ? applyHeartbeat(group, dated) : await reconcileGroup(context, known, dated);
  if (next === group) return replyOf(known, beat.consumer);
  const written = await writeGroup(context, known, next);
  if (written === undefined) {
    logStep(context, known, beat, 'consumer group changed in the meantime; retrying');
    return undefined;
  }
  logStep(context, written, beat, 'consumer group changed by a heartbeat');
  return replyOf(written, beat.consumer);
}

/** Returns whether all shards are among those that are held: most often they are the same list, in the same order. */
function holdsAll(held: readonly number[], owned: readonly number[]): boolean {
  if (held.length === owned.length && owned.every((id, at) => held[at] === id)) return true;
  const among = new Set(held);
  return owned.every((id) => among.has(id));
}

function replyOf(known: KnownGroup, consumer: string): string {
  const owned = ownedShards(known.group, consumer);
  const text = JSON.stringify(owned);
  if (isSettled(known.group, consumer)) known.settled.set(consumer, { owned, text });
  return text;
}

function logStep(
  { log }: GroupContext,
  { tenant, lease, group }: KnownGroup,
  beat: Heartbeat,
  step: string,
): void {
  if (!isDebugging(log)) return;
  const { consumer: holder, held, sentAt } = beat;
  const owned = ownedShards(group, holder);
  log.debug({ tenant, group: lease, holder, held, sentAt, owned, revision: group.revision }, step);
}
