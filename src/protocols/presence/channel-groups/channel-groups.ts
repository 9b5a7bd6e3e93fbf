/** Channel groups: named lists of channels, one document each. */
import { Type } from '@sinclair/typebox';
import type { Append, Store, Tenant } from '../../../store/store.ts';
import { documentKind } from '../../kit/documents.ts';
import { retryOnConflict } from '../../kit/retry-on-conflict.ts';
import { channelGroupTopic } from '../messages/topics.ts';
import type { Names } from '../wire/decode/names.ts';
import { errors } from '../wire/errors.ts';

const channelGroups = documentKind('channel-groups', Type.Array(Type.String()));

/** The vendor allows 2 000 channels in a group, and some thousand groups of a keyset. */
const maxChannels = 2_000;
const maxGroups = 10_000;

/** Wakes held polls on a group. */
const changeOf = (group: string): Append => ({
  topic: channelGroupTopic(group),
  payload: new Uint8Array(),
  keepEntries: 1,
  idleMs: 20 * 60_000,
});

/** Returns the channels of each group, in the order of the groups; an unknown group has none. */
export async function channelsOfGroups(
  store: Store,
  tenant: Tenant,
  groups: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const found = await channelGroups.readMany(store, tenant, groups);
  return found.map((document) => document?.value ?? []);
}

/** Returns the channels of a group, sorted as the real service lists them, whatever order they were added in. */
export async function listChannels(store: Store, tenant: Tenant, group: string): Promise<readonly string[]> {
  const [channels = []] = await channelsOfGroups(store, tenant, [group]);
  return [...channels].sort();
}

/** Channels to add to and to remove from a group. */
export interface GroupChange {
  readonly add: Names;
  readonly remove: Names;
}

/** Adds channels to a group and removes others, in one step. A group without channels ceases to exist. */
export async function changeGroup(
  store: Store,
  tenant: Tenant,
  group: string,
  { add, remove }: GroupChange,
): Promise<void> {
  await retryOnConflict(async () => {
    const current = await channelGroups.read(store, tenant, group);
    const channels = new Set(current?.value);
    for (const channel of add.names) channels.add(channel);
    for (const channel of remove.names) channels.delete(channel);
    const isNew = current === undefined && channels.size > 0;
    if (channels.size > maxChannels || (isNew && (await listGroups(store, tenant)).length >= maxGroups))
      throw errors.tooManyGroups();
    const value = channels.size === 0 ? null : [...channels];
    const write = channelGroups.write(group, value, { version: current?.version ?? 0 });
    const { committed } = await store.commit({ tenant, writes: [write], appends: [changeOf(group)] });
    return committed ? true : undefined;
  });
}

/** Deletes a group, if there is one. */
export async function deleteGroup(store: Store, tenant: Tenant, group: string): Promise<void> {
  await store.commit({
    tenant,
    writes: [channelGroups.write(group, null)],
    appends: [changeOf(group)],
  });
}

/** Returns the groups of a keyset, sorted. */
export async function listGroups(store: Store, tenant: Tenant): Promise<readonly string[]> {
  const documents = await store.listDocuments({ tenant, collection: channelGroups.collection });
  return documents.map(({ key }) => key);
}
