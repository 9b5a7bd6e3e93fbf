/**
 * Who is where, as leases: tenant = subscribe key, group = channel, holder = uuid, data = the state as JSON text.
 *
 * State that is set for somebody who is absent is kept all the same (as recordings of the real service show), in a
 * document with a deadline of its own, until they join, leave, or the default timeout is over.
 */
import {
  type BeatGroup,
  type LeaseEvent,
  leaseEventsTopic,
  type Store,
  type Tenant,
} from '../../store/store.ts';
import { eventsKept, eventTopicsOf } from './topics.ts';

const orphans = 'state-of-absent';
const orphanKey = (channel: string, uuid: string): string => JSON.stringify([channel, uuid]);

export function tenantOf(subscribeKey: string): Tenant {
  return `presence/${subscribeKey}`;
}

/** Renews or begins the presence of a uuid in channels. One store operation, but for those who join. */
export async function beat(
  store: Store,
  tenant: Tenant,
  uuid: string,
  groups: readonly BeatGroup[],
  timeoutMs: number | undefined,
  defaultTimeoutMs: number,
): Promise<void> {
  const { leases } = await store.beat({
    tenant,
    holder: uuid,
    groups,
    grant: true,
    returning: 'state',
    defaultTtlMs: defaultTimeoutMs,
    ttlMs: timeoutMs,
  });
  if (!leases.some(({ state }) => state === 'granted')) return;
  await adoptState(
    store,
    tenant,
    uuid,
    groups.filter((_, at) => leases[at]?.state === 'granted'),
  );
}

/**
 * The beat of a poll that was held since a timetoken: as any other, except that it does not bring a uuid back where it
 * left meanwhile. SDKs that cannot cancel a request leave while their poll is still held, and its answer would be a ghost.
 */
export async function beatAfterHold(
  store: Store,
  tenant: Tenant,
  uuid: string,
  groups: readonly BeatGroup[],
  timeoutMs: number | undefined,
  defaultTimeoutMs: number,
  heldSince: bigint,
): Promise<void> {
  const { leases } = await store.beat({
    tenant,
    holder: uuid,
    groups,
    grant: false,
    returning: 'state',
    ttlMs: timeoutMs,
  });
  const absent = new Set(leases.filter(({ state }) => state === 'absent').map(({ group }) => group));
  if (absent.size === 0) return;
  const entries = await store.readTopics({
    tenant,
    topics: [...absent].map((group) => ({ topic: leaseEventsTopic(group), after: heldSince })),
    limit: absent.size * eventsKept.keepEntries,
  });
  for (const { payload } of entries) {
    const { type, holder, group } = JSON.parse(Buffer.from(payload).toString()) as LeaseEvent;
    if (type === 'released' && holder === uuid) absent.delete(group);
  }
  const back = groups.filter(({ group }) => absent.has(group));
  if (back.length > 0) await beat(store, tenant, uuid, back, timeoutMs, defaultTimeoutMs);
}

/** Gives those who just joined the state that was set while they were absent, without an event (as recorded). */
async function adoptState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  joined: readonly BeatGroup[],
): Promise<void> {
  const documents = joined.map(({ group }) => ({ collection: orphans, key: orphanKey(group, uuid) }));
  const found = await store.readDocuments({ tenant, documents });
  const adopted = joined.flatMap(({ group, data }, at) => {
    const orphan = found[at];
    return orphan === null || orphan === undefined ? [] : [{ group, data, orphan }];
  });
  if (adopted.length === 0) return;
  await Promise.all(
    adopted
      .filter(({ data }) => data === undefined)
      .map(({ group, orphan }) =>
        store.setData({ tenant, group, holder: uuid, data: orphan.value, emitEvent: false }),
      ),
  );
  await store.commit({
    tenant,
    writes: adopted.map(({ orphan }) => ({ collection: orphans, key: orphan.key, value: null })),
  });
}

/** Ends the presence of a uuid in channels, and forgets its state there. */
export async function leave(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
): Promise<void> {
  if (channels.length === 0) return;
  await Promise.all([
    store.release({ tenant, holder: uuid, groups: channels }),
    store.commit({
      tenant,
      writes: channels.map((channel) => ({
        collection: orphans,
        key: orphanKey(channel, uuid),
        value: null,
      })),
    }),
  ]);
}

/**
 * Sets the state of a uuid in channels. `state` is JSON text; where the uuid is not there it is kept for `keptForMs`, and
 * dropped if that is 0.
 */
export async function setState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
  state: string,
  keptForMs: number,
): Promise<void> {
  await Promise.all(
    channels.map(async (channel) => {
      const { live } = await store.setData({ tenant, group: channel, holder: uuid, data: state });
      if (!live && keptForMs > 0) await setStateOfAbsent(store, tenant, uuid, channel, state, keptForMs);
    }),
  );
}

async function setStateOfAbsent(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channel: string,
  state: string,
  keptForMs: number,
): Promise<void> {
  const key = orphanKey(channel, uuid);
  const [[before], members, { wallMs }] = await Promise.all([
    store.readDocuments({ tenant, documents: [{ collection: orphans, key }] }),
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
    atMs: wallMs,
    lateMs: 0,
    data: state,
  };
  const isNew = before?.value !== state;
  await store.commit({
    tenant,
    writes: [{ collection: orphans, key, value: state, ttlMs: keptForMs }],
    appends: isNew
      ? [{ ...eventTopicsOf(channel), payload: Buffer.from(JSON.stringify(event)), ...eventsKept }]
      : [],
  });
}

/** The state of a uuid in each channel, as JSON text; null where there is none. */
export async function getState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
): Promise<readonly (string | null)[]> {
  const [leases, documents] = await Promise.all([
    Promise.all(channels.map((channel) => store.read({ tenant, group: channel, holder: uuid }))),
    store.readDocuments({
      tenant,
      documents: channels.map((channel) => ({ collection: orphans, key: orphanKey(channel, uuid) })),
    }),
  ]);
  return channels.map((_, at) => leases[at]?.data ?? documents[at]?.value ?? null);
}
