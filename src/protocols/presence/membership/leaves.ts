/**
 * Leaves, for the polls that are held meanwhile: SDKs that cannot cancel a request leave while their poll is held, and its reply
 * must not bring them back. A document of its own, because the events of a channel are recorded only while a subscriber watches them.
 */
import type { Store, Tenant } from '../../../store/store.ts';
import type { PresenceSettings } from '../context.ts';

const collection = 'left';

const documentOf = (channel: string, uuid: string): { collection: string; key: string } => ({
  collection,
  key: JSON.stringify([channel, uuid]),
});

/** A poll that is over this long after its time is held no more, ms. */
const graceMs = 60_000;

/** Returns for how long a leave is remembered: no poll is held longer. */
export function rememberedForMs({ presenceHoldSeconds }: PresenceSettings): number {
  return presenceHoldSeconds * 1_000 + graceMs;
}

interface Leave {
  readonly tenant: Tenant;
  readonly uuid: string;
  readonly channels: readonly string[];
  readonly forMs: number;
}

/** Records that a uuid left channels. Only for those that it was present in: a leave of others must not cost memory. */
export async function rememberLeave(store: Store, { tenant, uuid, channels, forMs }: Leave): Promise<void> {
  const writes = channels.map((channel) => ({ ...documentOf(channel, uuid), value: '', ttlMs: forMs }));
  await store.commit({ tenant, writes, isExempt: true });
}

/** Returns those of the channels that the uuid left after `since`, a sequence number of the store. */
export async function channelsLeft(
  store: Store,
  { tenant, uuid, channels, since }: Omit<Leave, 'forMs'> & { readonly since: number },
): Promise<ReadonlySet<string>> {
  const documents = channels.map((channel) => documentOf(channel, uuid));
  const found = await store.readDocuments({ tenant, documents });
  return new Set(channels.filter((_, at) => (found[at]?.version ?? 0) > since));
}
