/** The state of a uuid in channels: data of its leases, or kept apart while it is absent. */
import type { Store, Tenant } from '../../../../store/store.ts';
import { readAbsentState, writeAbsentState } from './absent-state.ts';

/** A state to set. */
export interface StateChange {
  readonly uuid: string;
  readonly channels: readonly string[];
  /** JSON text. */
  readonly state: string;
  /** For how long the state is kept where the uuid is absent; 0: it is dropped there. */
  readonly absentTtlMs: number;
}

/** Sets the state of a uuid in channels. */
export async function writeState(
  store: Store,
  tenant: Tenant,
  { uuid, channels, state, absentTtlMs }: StateChange,
): Promise<void> {
  await Promise.all(
    channels.map(async (channel) => {
      const { live } = await store.setData({ tenant, group: channel, holder: uuid, data: state });
      if (live || absentTtlMs === 0) return;
      await writeAbsentState(store, tenant, { uuid, channel, state, ttlMs: absentTtlMs });
    }),
  );
}

/** Returns the state of a uuid in each channel, as JSON text; null where there is none. */
export async function readState(
  store: Store,
  tenant: Tenant,
  uuid: string,
  channels: readonly string[],
): Promise<readonly (string | null)[]> {
  const [leases, absent] = await Promise.all([
    Promise.all(channels.map((channel) => store.read({ tenant, group: channel, holder: uuid }))),
    readAbsentState(store, tenant, uuid, channels),
  ]);
  return channels.map((_, at) => leases[at]?.data ?? absent[at] ?? null);
}
