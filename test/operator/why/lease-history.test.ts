/** Ended leases that `why` remembers. */
import { describe, expect, it } from 'vitest';
import { makeLeaseHistory } from '../../../src/operator/why/lease-history.ts';
import { runsOf } from '../../../src/store/event-runs.ts';
import type { TenantEvent } from '../../../src/store/store.ts';

describe('the history of leases', () => {
  const event = (holder: string, changes: Partial<TenantEvent> = {}): TenantEvent => ({
    ...{ type: 'granted', tenant: 't', group: 'g', holder, epoch: 1, revision: 1, count: 1 },
    ...{ atMs: 0, lateMs: 0, data: 'large', ...changes },
  });

  it('keeps the newest, finds them newest first, and forgets a tenant', () => {
    const history = makeLeaseHistory(3);
    const record = (events: readonly TenantEvent[]) => {
      for (const run of runsOf(events)) history.record(run);
    };
    for (const holder of ['a', 'b', 'c', 'd']) record([event(holder)]);
    record([event('d', { type: 'changed' })]);
    record([event('e', { tenant: 'u' })]);
    const holders = (tenant: string) => history.find({ tenant }).map(({ holder }) => holder);
    expect(holders('t')).toEqual(['d', 'c']);
    expect(history.find({ tenant: 't', holder: 'c' })[0]).not.toHaveProperty('data');
    history.forget('t');
    expect([holders('t'), holders('u')]).toEqual([[], ['e']]);
    for (const holder of ['f', 'g', 'h']) record([event(holder)]);
    expect([holders('t'), holders('u')]).toEqual([['h', 'g', 'f'], []]);
    history.forget();
    expect(holders('t')).toEqual([]);
  });

  it('keeps the newest of each run of many, and of runs that together are too many', () => {
    const history = makeLeaseHistory(3);
    const found = () => history.find({ tenant: 't' }).map(({ holder }) => holder);
    const recordTogether = (holders: readonly string[]) => {
      for (const run of runsOf(holders.map((holder) => event(holder, { type: 'expired' }))))
        history.record(run);
    };
    recordTogether(['a', 'b', 'c', 'd', 'e']);
    expect(found()).toEqual(['e', 'd', 'c']);
    recordTogether(['f', 'g']);
    expect(found()).toEqual(['g', 'f', 'e']);
    for (const holder of ['h', 'i', 'j', 'k', 'l', 'm']) recordTogether([holder]);
    expect(found()).toEqual(['m', 'l', 'k']);
  });
});
