/**
 * State that is set for a uuid that is not present. It stays readable (as recordings of the real service show), in a document
 * with a deadline of its own, until the uuid joins or leaves, or the default timeout is over.
 *
 * A document is the state's JSON text itself, whole and as it was set.
 */
import type { BeatGroup, LeaseEvent, Store, Tenant } from '../../../../store/store.ts';
import { eventsKept } from '../../messages/topics.ts';

const collection = 'state-of-absent';

const documentOf = (channel: string, uuid: string): { collection: string; key: string } => ({
  collection,
  key: JSON.stringify([channel, uuid]),
});

/** Returns the state of an absent uuid in each channel, as JSON text; null where there is none. */
export async function readAbsentState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
): Promise<readonly (string | null)[]> {
  const documents = channels.map((channel) => documentOf(channel, uuid));
  return (await store.readDocuments({ tenant, documents })).map((document) => document?.value ?? null);
}

/** State of a uuid in one channel. */
export interface AbsentState {
  readonly uuid: string;
  readonly channel: string;
  /** JSON text. */
  readonly state: string;
  readonly ttlMs: number;
}

/** Writes the state of an absent uuid; a change of it is an event. */
export async function writeAbsentState(
  store: Store,
  tenant: Tenant,
  { uuid, channel, state, ttlMs }: AbsentState,
): Promise<void> {
  const document = documentOf(channel, uuid);
  const [[before], members, { dateMs }] = await Promise.all([
    store.readDocuments({ tenant, documents: [document] }),
    store.members({ tenant, group: channel, offset: 0, limit: 0 }),
    store.now({ tenant }),
  ]);
  const event: LeaseEvent = {
    type: 'changed',
    group: channel,
    holder: uuid,
    epoch: 0,
    revision: members.revision,
    count: members.count,
    atMs: dateMs,
    lateMs: 0,
    data: state,
  };
  const payload = Buffer.from(JSON.stringify(event));
  const isChanged = before?.value !== state;
  await store.commit({
    tenant,
    writes: [{ ...document, value: state, ttlMs }],
    events: isChanged ? [{ group: channel, payload, ...eventsKept }] : [],
  });
}

/** Moves the state that was set while a uuid was absent into the leases that it was granted, without an event (as recorded). */
export async function adoptAbsentState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  granted: readonly BeatGroup[],
): Promise<void> {
  const documents = granted.map(({ group }) => documentOf(group, uuid));
  const found = await store.readDocuments({ tenant, documents });
  const adopted = granted.flatMap(({ group, data }, at) => {
    const absent = found[at];
    return absent === null || absent === undefined ? [] : [{ group, data, absent }];
  });
  if (adopted.length === 0) return;
  await Promise.all(
    adopted
      .filter(({ data }) => data === undefined)
      .map(({ group, absent }) =>
        store.setData({ tenant, group, holder: uuid, data: absent.value, emitEvent: false }),
      ),
  );
  await store.commit({
    tenant,
    writes: adopted.map(({ absent }) => ({ collection, key: absent.key, value: null })),
  });
}

/** Deletes the state of an absent uuid in channels. */
export async function deleteAbsentState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
): Promise<void> {
  const writes = channels.map((channel) => ({ ...documentOf(channel, uuid), value: null }));
  await store.commit({ tenant, writes });
}
