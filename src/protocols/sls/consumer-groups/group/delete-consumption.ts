/** Deletes what belongs to a consumer group that was deleted, for DeleteConsumerGroup and DeleteLogStore. */
import { tenantOf } from '../../resources/projects/project.ts';
import type { GroupContext } from '../context.ts';
import type { ConsumerGroup } from '../rebalance/consumer-group.ts';
import { checkpointDocuments, type GroupRef, leaseGroupOf } from './known-group.ts';

/** Deletes the checkpoints and ends the leases of a group whose document is deleted, so that nothing can be added to them. */
export async function deleteConsumption(
  { store }: GroupContext,
  ref: GroupRef,
  group: ConsumerGroup,
): Promise<void> {
  const tenant = tenantOf(ref.project);
  const { collection } = checkpointDocuments(group);
  const checkpoints = await store.listDocuments({ tenant, collection });
  await store.commit({ tenant, writes: checkpoints.map(({ key }) => ({ collection, key, value: null })) });
  const lease = leaseGroupOf(ref);
  const { leases } = await store.members({
    tenant,
    group: lease,
    offset: 0,
    limit: Number.MAX_SAFE_INTEGER,
  });
  await Promise.all(leases.map(({ holder }) => store.release({ tenant, holder, groups: [lease] })));
}
