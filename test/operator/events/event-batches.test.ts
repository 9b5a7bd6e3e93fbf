import { expect, it } from 'vitest';
import { makeEvents } from '../../../src/operator/events/events.ts';
import { recordLeases } from '../../../src/operator/events/record-leases.ts';
import { makeHistogram } from '../../../src/operator/metrics/histogram.ts';
import { makeLateness } from '../../../src/operator/overview/lateness.ts';
import { type EventRun, runsOf } from '../../../src/store/event-runs.ts';
import type { Store, TenantEvent } from '../../../src/store/store.ts';

const expiry = (holder: string, tenant = 'beacon/t'): TenantEvent => ({
  ...{ type: 'expired', tenant, group: 'g', holder, epoch: 1, revision: 1, count: 1 },
  ...{ atMs: 0, lateMs: 0, data: null },
});

function recorded() {
  let publish: (run: EventRun) => void = () => {};
  const store: Pick<Store, 'observeRuns'> = {
    observeRuns(listener) {
      publish = listener;
      return () => {};
    },
  };
  const events = makeEvents(() => 0, { max: 5 });
  recordLeases({
    ...{ store, events, onChanges: () => {} },
    readerOf: (protocol) =>
      protocol === 'beacon' ? ({ meaning: {}, eventOf: () => 'ship.lost' } as never) : undefined,
  });
  return {
    events,
    publish: (changes: readonly TenantEvent[]) => {
      for (const run of runsOf(changes)) publish(run);
    },
  };
}

const told = (events: ReturnType<typeof makeEvents>) =>
  events.read(0, 100).map(({ seq, type, holder }) => [seq, type, holder]);

it('of expiries that come together the last ones are kept, with the numbers that they have among all', () => {
  const { events, publish } = recorded();
  publish([...['a', 'b', 'c', 'd'].map((holder) => expiry(holder)), expiry('e', 'other/t')]);
  expect(events.newest).toBe(9);
  expect(told(events)).toEqual([
    [5, 'lease.expired', 'c'],
    [6, 'ship.lost', 'c'],
    [7, 'lease.expired', 'd'],
    [8, 'ship.lost', 'd'],
    [9, 'lease.expired', 'e'],
  ]);
});

it('a listener reads all expiries that come together, also those that the later ones drop', () => {
  const { events, publish } = recorded();
  const read: unknown[] = [];
  let cursor = 0;
  events.onAppend(() => {
    for (const { seq, type, holder } of events.read(cursor, 100)) {
      if (type === 'lease.expired') read.push(holder);
      cursor = seq;
    }
  });
  const holders = Array.from({ length: 23 }, (_, at) => `h${at}`);
  publish(holders.map((holder) => expiry(holder)));
  expect(read).toEqual(holders);
});

it('values that are counted together count as often as one by one', async () => {
  const lateness = makeLateness();
  lateness.add(1);
  lateness.add(7, 2_000);
  expect(lateness.p99()).toBe(7);
  for (let at = 0; at < 1_000; at += 1) lateness.add(2);
  expect(lateness.p99()).toBe(2);
  let metric: { get(): Promise<{ values: { value: number }[] }> } | undefined;
  const registers = [{ registerMetric: (one: unknown) => (metric = one as typeof metric) }];
  const series = makeHistogram({ name: 'x', help: 'x', buckets: [5], registers: registers as never })({});
  series.observe(1, 3);
  series.observe(9);
  expect((await metric?.get())?.values.map(({ value }) => value)).toEqual([3, 4, 12, 4]);
});
