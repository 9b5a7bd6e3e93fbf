/** Sums of the changes in busy channels, by channel and interval, kept until their event is emitted. */
import { type Static, Type } from '@sinclair/typebox';
import type { Tenant } from '../../../../store/store.ts';

/** What one node summed up of a channel in one interval. */
export const Sum = Type.Object({
  tenant: Type.String(),
  channel: Type.String(),
  endMs: Type.Number({ description: "the tenant's date, ms since 1970" }),
  occupancy: Type.Number(),
  joined: Type.Number(),
  left: Type.Number(),
  timedOut: Type.Number(),
});
export type Sum = Static<typeof Sum>;

/** Until when intervals of a tenant are over. */
export const Due = Type.Object({ tenant: Type.String(), dateMs: Type.Number() });
export type Due = Static<typeof Due>;

export type Sums = ReturnType<typeof keepSums>;

/** Makes the sums of a node, at first none. */
export function keepSums() {
  const byChannel = new Map<Tenant, Map<string, Sum>>();
  /** Of earlier intervals of channels that are in a further one. */
  let over: Sum[] = [];
  let size = 0;
  /** The channels of the tenant that was asked for last, as many changes of one tenant come together. */
  let recent: { readonly tenant: Tenant; readonly channels: Map<string, Sum> | undefined } | undefined;

  const remove = ({ tenant, channel }: Sum): void => {
    recent = undefined;
    const channels = byChannel.get(tenant);
    if (channels?.delete(channel) === true) size -= 1;
    if (channels?.size === 0) byChannel.delete(tenant);
  };
  const presentOf = (tenant: Tenant): ReadonlyMap<string, Sum> | undefined => {
    if (recent?.tenant !== tenant) recent = { tenant, channels: byChannel.get(tenant) };
    return recent.channels;
  };
  const all = (tenant: Tenant): readonly Sum[] => [
    ...over.filter((sum) => sum.tenant === tenant),
    ...(byChannel.get(tenant)?.values() ?? []),
  ];
  return {
    get size() {
      return size + over.length;
    },
    tenants: () => [...new Set([...byChannel.keys(), ...over.map(({ tenant }) => tenant)])],
    /** The sums of the newest interval of each channel. */
    presentOf,
    all,
    /** Adds the sum of a channel that has none in the present interval. */
    begin(sum: Sum): Sum {
      recent = undefined;
      size += 1;
      const channels = byChannel.get(sum.tenant) ?? new Map<string, Sum>();
      byChannel.set(sum.tenant, channels.set(sum.channel, sum));
      return sum;
    },
    /** Keeps the sum of an interval aside, as its channel is in the next. */
    setAside(sum: Sum): void {
      remove(sum);
      over.push(sum);
    },
    /** Removes and returns the sums of intervals that are over, at most `limit`. */
    take({ tenant, dateMs }: Due, limit = Number.POSITIVE_INFINITY): readonly Sum[] {
      const ended = all(tenant)
        .filter(({ endMs }) => endMs <= dateMs)
        .slice(0, limit);
      const taken = new Set(ended);
      over = over.filter((sum) => !taken.has(sum));
      for (const sum of ended) if (byChannel.get(tenant)?.get(sum.channel) === sum) remove(sum);
      return ended;
    },
    /** Forgets those of a tenant. */
    reset(tenant: Tenant): void {
      over = over.filter((sum) => sum.tenant !== tenant);
      for (const sum of [...(byChannel.get(tenant)?.values() ?? [])]) remove(sum);
    },
    clear(): void {
      recent = undefined;
      size = 0;
      over = [];
      byChannel.clear();
    },
  };
}

/** Returns one sum for each channel and interval, of those that nodes made. */
export function joinSums(sums: readonly Sum[]): readonly Sum[] {
  const joined = new Map<string, Sum>();
  for (const sum of sums) {
    const key = JSON.stringify([sum.tenant, sum.channel, sum.endMs]);
    const before = joined.get(key);
    if (before === undefined) joined.set(key, { ...sum });
    else for (const count of ['joined', 'left', 'timedOut'] as const) before[count] += sum[count];
  }
  return [...joined.values()];
}
