/** Channel groups: named lists of channels, one document each. */
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { Store, Tenant } from '../../../store/store.ts';
import { errors } from '../errors.ts';
import { groupTopic } from '../messages/topics.ts';
import type { Names } from '../wire/request.ts';

const collection = 'channel-groups';
/** The vendor allows 2 000 channels in a group and some thousand groups of a key. */
const maxChannels = 2_000;
const maxGroups = 10_000;
const maxAttempts = 16;

/** Held polls on the group hear of its change by this. */
const changeOf = (group: string) => ({
  topic: groupTopic(group),
  payload: new Uint8Array(),
  keepEntries: 1,
  idleMs: 20 * 60_000,
});

const Channels = Type.Array(Type.String());

function channelsIn(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const channels: unknown = JSON.parse(value);
  return Value.Check(Channels, channels) ? channels : [];
}

/** The channels of each group, in the order of the groups; a group that nobody made has none. */
export async function channelsOfGroups(
  store: Store,
  tenant: Tenant,
  groups: readonly string[],
): Promise<readonly (readonly string[])[]> {
  if (groups.length === 0) return [];
  const documents = await store.readDocuments({
    tenant,
    documents: groups.map((key) => ({ collection, key })),
  });
  return documents.map((document) => channelsIn(document?.value));
}

/** Adds and removes channels; a group without channels is no group. */
export async function changeGroup(
  store: Store,
  tenant: Tenant,
  group: string,
  add: Names,
  remove: Names,
): Promise<void> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const [document] = await store.readDocuments({ tenant, documents: [{ collection, key: group }] });
    const channels = new Set(channelsIn(document?.value));
    for (const channel of add.names) channels.add(channel);
    for (const channel of remove.names) channels.delete(channel);
    if (channels.size > maxChannels) throw errors.tooManyGroups();
    if (document === null && channels.size > 0 && (await listGroups(store, tenant)).length >= maxGroups) {
      throw errors.tooManyGroups();
    }
    const value = channels.size === 0 ? null : JSON.stringify([...channels]);
    const version = document?.version ?? 0;
    const { committed } = await store.commit({
      tenant,
      writes: [{ collection, key: group, version, value }],
      appends: [changeOf(group)],
    });
    if (committed) return;
  }
  throw new Error('a channel group kept changing under a change of it');
}

export async function deleteGroup(store: Store, tenant: Tenant, group: string): Promise<void> {
  await store.commit({
    tenant,
    writes: [{ collection, key: group, value: null }],
    appends: [changeOf(group)],
  });
}

export async function listGroups(store: Store, tenant: Tenant): Promise<readonly string[]> {
  return (await store.listDocuments({ tenant, collection })).map(({ key }) => key);
}
