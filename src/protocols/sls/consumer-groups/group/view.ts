/** What operators see of consumer groups: each shard with its state, owner, next owner and checkpoint. */
import type { Tenant } from '../../../../store/store.ts';
import type { GroupView } from '../../../kit/protocol.ts';
import { logstoreNames } from '../../resources/logstores/list-logstores.ts';
import { projectOfTenant } from '../../resources/projects/project.ts';
import { SlsError } from '../../wire/error-entry.ts';
import type { GroupContext } from '../context.ts';
import { getCheckpoints } from '../get-check-point.ts';
import { groupNames } from '../list-consumer-group.ts';
import { reconcileGroup } from '../rebalance/reconcile-group.ts';
import { refreshGroup } from './group-store.ts';
import type { GroupRef } from './known-group.ts';

/** Returns at most `limit` groups of a tenant, as the next heartbeat would find them. */
export async function viewGroups(
  context: GroupContext,
  tenant: Tenant,
  limit: number,
): Promise<readonly GroupView[]> {
  const project = projectOfTenant(tenant);
  if (project === undefined) return [];
  const views: GroupView[] = [];
  try {
    for (const logstore of await logstoreNames(context, project)) {
      for (const group of await groupNames(context, { project, logstore })) {
        if (views.length >= limit) return views;
        views.push(await viewGroup(context, { project, logstore, group }));
      }
    }
  } catch (error) {
    // Deleted while it was read: what was read before is returned.
    if (!(error instanceof SlsError)) throw error;
  }
  return views;
}

async function viewGroup(context: GroupContext, ref: GroupRef): Promise<GroupView> {
  const known = await refreshGroup(context, ref);
  const { timeout, order, shards, overwrites = null } = await reconcileGroup(context, known);
  const entries = await getCheckpoints(context, ref);
  const checkpoints = new Map(entries.map((entry) => [entry.shard, entry]));
  return {
    group: known.lease,
    state: {
      timeout,
      order,
      overwrites,
      shards: shards.map(({ id, state, owner, next }) => {
        const { checkpoint = '', updateTime = 0 } = checkpoints.get(id) ?? {};
        return { id, state, owner, next, checkpoint, updateTime };
      }),
    },
  };
}
