/** Channel registration: the calls that make, list and delete channel groups. */

import { errors } from '../errors.ts';
import type { Call } from '../membership/places.ts';
import { decode, listOf } from '../wire/request.ts';
import { changeGroup, channelsOfGroups, deleteGroup, listGroups } from './channel-groups.ts';

const success = { status: 200, service: 'channel-registry', error: false } as const;

function groupOf(segment: string): string {
  const group = decode(segment, errors.reservedCharacter);
  // A comma separates groups, a colon a namespace.
  if (group === '' || /[,:]/.test(group)) throw errors.reservedCharacter();
  return group;
}

/** `GET /v1/channel-registration/sub-key/{sub}/channel-group/{g}`: with `add` or `remove` a change, else a list. */
export async function registerChannels(
  { store, tenant, query }: Call,
  groupSegment: string,
): Promise<Record<string, unknown>> {
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
  { store, tenant }: Call,
  groupSegment: string,
): Promise<Record<string, unknown>> {
  await deleteGroup(store, tenant, groupOf(groupSegment));
  return { ...success, message: 'OK' };
}

/** `GET …/channel-group`: the groups of a key. */
export async function allGroups({ store, tenant }: Call): Promise<Record<string, unknown>> {
  return { ...success, payload: { namespace: '', groups: await listGroups(store, tenant) } };
}
