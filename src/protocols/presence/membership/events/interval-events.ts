/**
 * Tells operators of interval events: at the end of each interval of a busy channel in which changes were summed up, whether or not a
 * subscriber reads that. Each node sums up the changes that it made, and one tells of those of all.
 */
import type { EventRun, Store, Tenant } from '../../../../store/store.ts';
import type { GatherFromNodes, ProtocolEvent, ProtocolTime } from '../../../kit/protocol.ts';
import { makeSerialQueue } from '../../../kit/serial-queue.ts';
import { subscribeKeyOf } from '../../wire/decode/values.ts';
import { makeCollectSums } from './collect-sums.ts';
import { type Due, keepSums, type Sum, type Sums } from './interval-sums.ts';

export interface IntervalEventsOptions {
  readonly store: Pick<Store, 'observeRuns' | 'observeResets' | 'readClock' | 'count'>;
  /** Occupants up to which each change is announced. */
  readonly announceMax: number;
  readonly intervalMs: number;
  emit(event: ProtocolEvent): void;
  /** Asks the other nodes; absent: there are none. */
  readonly gather?: GatherFromNodes | undefined;
  /** Distinguishes this node from all others. */
  readonly nodeId: string;
}

export interface IntervalEvents extends Required<Pick<ProtocolTime, 'tenants' | 'nextMs' | 'settle'>> {
  /** Stops observing the store. */
  close(): void;
}

/** Channels that are busy at the same time, of all tenants; further ones are not told of. */
const maxSums = 10_000;
/** Maximum pause between two looks at the clocks, ms: they may be frozen, or moved by another node. */
const maxPauseMs = 1_000;

/** Observes the changes of membership from now on. */
export function makeIntervalEvents(options: IntervalEventsOptions): IntervalEvents {
  const { store, announceMax, intervalMs, emit } = options;
  const sums = keepSums();
  /** By how much the dates of a tenant are ahead of its lease clock, ms, as last read. */
  const aheadMs = new Map<Tenant, number>();
  let timer: NodeJS.Timeout | undefined;

  const serially = makeSerialQueue();
  const collect = makeCollectSums({ ...options, sums });

  const tell = (ended: Sum): void => {
    const { endMs: _, channel: group, ...sum } = ended;
    emit({ type: 'presence.interval', group, ...sum });
  };
  const tellEnded = (): Promise<void> =>
    serially('tell', async () => {
      const due: Due[] = [];
      const tenants = sums.tenants();
      aheadMs.clear();
      for (const tenant of tenants) {
        const { dateMs, leaseMs } = await store.readClock(tenant);
        aheadMs.set(tenant, dateMs - leaseMs);
        if (sums.all(tenant).some(({ endMs }) => endMs <= dateMs)) due.push({ tenant, dateMs });
      }
      if (due.length === 0) return;
      for (const sum of await collect(due)) tell(sum);
    });
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
    store.observeRuns(makeAddRun({ sums, announceMax, intervalMs, plan })),
    store.observeResets((tenant) => {
      sums.reset(tenant);
    }),
  ];
  return {
    tenants: sums.tenants,
    nextMs(tenant) {
      const ahead = aheadMs.get(tenant);
      if (ahead === undefined) return undefined;
      const ends = sums.all(tenant).map(({ endMs }) => endMs - ahead);
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

interface Adding extends Pick<IntervalEventsOptions, 'announceMax' | 'intervalMs'> {
  readonly sums: Sums;
  /** Has the sums whose interval is over looked for after a pause, ms. */
  plan(pauseMs: number): void;
}

/** Makes what adds the changes of a run to the sums of their channels, and begins those of channels that become busy. */
function makeAddRun({ sums, announceMax, intervalMs, plan }: Adding): (run: EventRun) => void {
  const add = ({ tenant, type, atMs }: EventRun, endMs: number, group: string, count: number): void => {
    const before = sums.presentOf(tenant)?.get(group);
    if (before !== undefined && before.endMs !== endMs) {
      sums.setAside(before);
      plan(1);
    }
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
  return (run) => {
    if (run.type === 'changed') return;
    const endMs = (Math.floor(run.atMs / intervalMs) + 1) * intervalMs;
    if (sums.size === 0 && run.counts.every((count) => count <= announceMax)) return;
    for (let at = 0; at < run.groups.length; at += 1)
      add(run, endMs, run.groups[at] ?? '', run.counts[at] ?? 0);
  };
}
