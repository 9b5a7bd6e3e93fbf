/** Channel registration: the calls that make, list and delete channel groups. */
import type { Store } from '../../store/store.ts';
import { changeGroup, channelsOfGroups, deleteGroup, listGroups } from './channel-groups.ts';
import { errors } from './errors.ts';
import { tenantOf } from './occupants.ts';
import { decode, listOf, type Query, subscribeKeyOf } from './request.ts';

const success = { status: 200, service: 'channel-registry', error: false } as const;

function groupOf(segment: string): string {
  const group = decode(segment, errors.reservedCharacter);
  // A comma separates groups, a colon a namespace.
  if (group === '' || /[,:]/.test(group)) throw errors.reservedCharacter();
  return group;
}

/** `GET /v1/channel-registration/sub-key/{sub}/channel-group/{g}`: with `add` or `remove` a change, else a list. */
export async function registerChannels(
  store: Store,
  subscribeKey: string,
  groupSegment: string,
  query: Query,
): Promise<Record<string, unknown>> {
  const tenant = tenantOf(subscribeKeyOf(subscribeKey));
  const group = groupOf(groupSegment);
  const add = listOf(query.add);
  const remove = listOf(query.remove);
  if (add.any || remove.any) {
    await changeGroup(store, tenant, group, add, remove);
    return { ...success, message: 'OK' };
  }
  const [channels] = await channelsOfGroups(store, tenant, [group]);
  return { ...success, payload: { channels, group } };
}

/** `GET …/channel-group/{g}/remove`. Succeeds also where there is none. */
export async function removeGroup(
  store: Store,
  subscribeKey: string,
  groupSegment: string,
): Promise<Record<string, unknown>> {
  await deleteGroup(store, tenantOf(subscribeKeyOf(subscribeKey)), groupOf(groupSegment));
  return { ...success, message: 'OK' };
}

/** `GET …/channel-group`: the groups of a key. */
export async function allGroups(store: Store, subscribeKey: string): Promise<Record<string, unknown>> {
  const groups = await listGroups(store, tenantOf(subscribeKeyOf(subscribeKey)));
  return { ...success, payload: { namespace: '', groups } };
}
