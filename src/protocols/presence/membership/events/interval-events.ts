/**
 * Tells operators of interval events: at the end of each interval of a busy channel in which changes were summed up, whether or not a
 * subscriber reads that. Each node tells of the changes that it made.
 */
import type { Store, Tenant, TenantEvent } from '../../../../store/store.ts';
import type { ProtocolEvent, ProtocolTime } from '../../../kit/protocol.ts';
import { subscribeKeyOf } from '../../wire/decode/values.ts';

export interface IntervalEventsOptions {
  readonly store: Pick<Store, 'observeAll' | 'observeResets' | 'readClock'>;
  /** Occupants up to which each change is announced. */
  readonly announceMax: number;
  readonly intervalMs: number;
  emit(event: ProtocolEvent): void;
}

export interface IntervalEvents extends Required<Pick<ProtocolTime, 'tenants' | 'nextMs' | 'settle'>> {
  /** Stops observing the store. */
  close(): void;
}

/** What was summed up of a channel in the interval that is not over. */
interface Sum {
  readonly tenant: Tenant;
  readonly channel: string;
  /** As the tenant's clients see time, ms since 1970. */
  readonly endMs: number;
  occupancy: number;
  joined: number;
  left: number;
  timedOut: number;
}

/** Channels that are busy at the same time, of all tenants; further ones are not told of. */
const maxSums = 10_000;
/** Maximum pause between two looks at the clocks, ms: they may be frozen, or moved by another node. */
const maxPauseMs = 1_000;

/** The sums of the present intervals, by channel of a tenant. */
function keepSums() {
  const byChannel = new Map<Tenant, Map<string, Sum>>();
  let size = 0;
  /** The channels of the tenant that was asked for last, as many changes of one tenant come together. */
  let recent: { readonly tenant: Tenant; readonly channels: Map<string, Sum> | undefined } | undefined;
  return {
    get size() {
      return size;
    },
    tenants: () => [...byChannel.keys()],
    of(tenant: Tenant): ReadonlyMap<string, Sum> | undefined {
      if (recent?.tenant !== tenant) recent = { tenant, channels: byChannel.get(tenant) };
      return recent.channels;
    },
    /** Adds the sum of a channel that has none. */
    begin(sum: Sum): Sum {
      recent = undefined;
      size += 1;
      const channels = byChannel.get(sum.tenant) ?? new Map<string, Sum>();
      byChannel.set(sum.tenant, channels.set(sum.channel, sum));
      return sum;
    },
    forget({ tenant, channel }: Sum): void {
      recent = undefined;
      const channels = byChannel.get(tenant);
      if (channels?.delete(channel) === true) size -= 1;
      if (channels?.size === 0) byChannel.delete(tenant);
    },
    clear(): void {
      recent = undefined;
      size = 0;
      byChannel.clear();
    },
  };
}

/** Observes the changes of membership from now on. */
export function makeIntervalEvents(options: IntervalEventsOptions): IntervalEvents {
  const { store, announceMax, intervalMs, emit } = options;
  const sums = keepSums();
  /** By how much the dates of a tenant are ahead of its lease clock, ms, as last read. */
  const aheadMs = new Map<Tenant, number>();
  let timer: NodeJS.Timeout | undefined;

  const tell = (ended: Sum): void => {
    sums.forget(ended);
    const { endMs: _, channel: group, ...sum } = ended;
    emit({ type: 'presence.interval', group, ...sum });
  };
  const add = ({ tenant, group, type, count, atMs }: TenantEvent): void => {
    if ((count <= announceMax && sums.size === 0) || type === 'changed') return;
    const endMs = (Math.floor(atMs / intervalMs) + 1) * intervalMs;
    const before = sums.of(tenant)?.get(group);
    if (before !== undefined && before.endMs !== endMs) tell(before);
    let sum = before?.endMs === endMs ? before : undefined;
    if (sum === undefined) {
      const isBusy = count > announceMax && sums.size < maxSums && subscribeKeyOf(tenant) !== undefined;
      if (!isBusy) return;
      sum = sums.begin({ tenant, channel: group, endMs, occupancy: count, joined: 0, left: 0, timedOut: 0 });
      plan(Math.max(1, endMs - atMs));
    }
    sum.occupancy = count;
    // Those below the limit were announced one by one.
    if (count <= announceMax) return;
    if (type === 'granted') sum.joined += 1;
    else if (type === 'expired') sum.timedOut += 1;
    else sum.left += 1;
  };
  const tellEnded = async (): Promise<void> => {
    const tenants = sums.tenants();
    aheadMs.clear();
    for (const tenant of tenants) {
      const { dateMs, leaseMs } = await store.readClock(tenant);
      aheadMs.set(tenant, dateMs - leaseMs);
      for (const sum of sums.of(tenant)?.values() ?? []) if (sum.endMs <= dateMs) tell(sum);
    }
  };
  const plan = (pauseMs: number): void => {
    if (timer !== undefined) return;
    timer = setTimeout(
      async () => {
        // While the store is away there is nothing to tell.
        await tellEnded().catch(() => {});
        timer = undefined;
        if (sums.size > 0) plan(maxPauseMs);
      },
      Math.min(pauseMs, maxPauseMs),
    );
    timer.unref();
  };
  const stops = [
    store.observeAll((events) => {
      for (const event of events) add(event);
    }),
    store.observeResets((tenant) => {
      for (const sum of sums.of(tenant)?.values() ?? []) sums.forget(sum);
    }),
  ];
  return {
    tenants: sums.tenants,
    nextMs(tenant) {
      const ahead = aheadMs.get(tenant);
      if (ahead === undefined) return undefined;
      const ends = [...(sums.of(tenant)?.values() ?? [])].map(({ endMs }) => endMs - ahead);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    settle: tellEnded,
    close() {
      for (const stop of stops) stop();
      clearTimeout(timer);
      sums.clear();
    },
  };
}
