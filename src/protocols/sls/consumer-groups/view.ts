/** What the operator sees of consumer groups: every shard with its state, owner, next owner and checkpoint. */
import type { Tenant } from '../../../store/store.ts';
import type { GroupView } from '../../kit/protocol.ts';
import { listLogstores, projectOfTenant } from '../resources/logstores/logstores.ts';
import { SlsError } from '../wire/errors.ts';
import { getCheckpoints } from './checkpoints.ts';
import { type GroupContext, knownGroup } from './group-store.ts';
import { groupNames } from './groups.ts';
import { currentGroup } from './heartbeat.ts';

export async function viewGroups(
  context: GroupContext,
  tenant: Tenant,
  limit: number,
): Promise<readonly GroupView[]> {
  const project = projectOfTenant(tenant);
  if (project === undefined) return [];
  const views: GroupView[] = [];
  try {
    for (const logstore of await listLogstores(context, project)) {
      for (const name of await groupNames(context, project, logstore)) {
        if (views.length >= limit) return views;
        views.push(await viewGroup(context, project, logstore, name));
      }
    }
  } catch (error) {
    // Deleted while it was looked at: what was seen before is what there is to say.
    if (!(error instanceof SlsError)) throw error;
  }
  return views;
}

async function viewGroup(
  context: GroupContext,
  project: string,
  logstore: string,
  name: string,
): Promise<GroupView> {
  const known = await knownGroup(context, project, logstore, name, true);
  const { timeout, order, shards } = await currentGroup(context, known);
  const entries = await getCheckpoints(context, project, logstore, name, undefined);
  const checkpoints = new Map(entries.map((entry) => [entry.shard, entry]));
  return {
    group: known.lease,
    state: {
      timeout,
      order,
      shards: shards.map(({ id, state, owner, next }) => {
        const { checkpoint = '', updateTime = 0 } = checkpoints.get(id) ?? {};
        return { id, state, owner, next, checkpoint, updateTime };
      }),
    },
  };
}
