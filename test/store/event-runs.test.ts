import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countEvents, eventAt, eventsOf, runsOf } from '../../src/store/event-runs.ts';
import type { TenantEvent } from '../../src/store/leases.ts';

const event = fc.record<TenantEvent>({
  tenant: fc.constantFrom('a/1', 'a/2'),
  type: fc.constantFrom('granted', 'expired'),
  group: fc.string(),
  holder: fc.string(),
  epoch: fc.nat(),
  revision: fc.nat(),
  count: fc.nat(),
  atMs: fc.constantFrom(1_000, 1_001),
  lateMs: fc.constantFrom(0, 1),
  data: fc.option(fc.string()),
});

it('runs of events have all events in order, and as few runs as that allows', () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const runs = runsOf(events);
      expect(runs.flatMap(eventsOf)).toEqual(events);
      expect(countEvents(runs)).toBe(events.length);
      const kinds = runs.map(({ tenant, type, atMs, lateMs }) => [tenant, type, atMs, lateMs].join());
      expect(kinds.some((kind, at) => kind === kinds[at - 1])).toBe(false);
    }),
  );
});

it('an event that a run does not have is an error', () => {
  const [run] = runsOf(fc.sample(event, 1));
  if (run === undefined) throw new Error('there is no run');
  expect(() => eventAt(run, 1)).toThrow(RangeError);
});
