/** The checker of chaos histories, on histories made by hand. */
import { describe, expect, it } from 'vitest';
import type { Assignment, Entry } from '../history.ts';
import { checkHistory } from './check.ts';
import { reportTopic } from './reports.ts';
import { at, ending, event, fault, lease, published, received, renewal, sighting } from './sample-entries.ts';
import type { Rule } from './verdict.ts';

const found = (history: readonly Entry[]): Rule[] => checkHistory(history).violations.map(({ rule }) => rule);

describe('a lease', () => {
  it('may be dead from its end on, and live until shortly after', () => {
    expect(found([renewal(1_000), sighting(6_000, true), sighting(7_100, false)])).toEqual([]);
  });

  it('must not be dead before its end', () => {
    expect(found([renewal(1_000), sighting(6_900, false)])).toEqual(['lease expired early']);
    expect(found([renewal(1_000), event(1_100, 'join', 1), event(5_000, 'timeout', 0)])).toEqual([
      'lease expired early',
    ]);
  });

  it('may be dead early if a renewal was not acknowledged, or an end may have taken effect', () => {
    expect(found([renewal(1_000, { isAcknowledged: false }), sighting(2_000, false)])).toEqual([]);
    expect(found([renewal(1_000), ending(2_000, false), sighting(3_000, false)])).toEqual([]);
    // An end that was sent before the renewal, and waited somewhere.
    expect(found([ending(500, false), renewal(1_000), sighting(3_000, false)])).toEqual([]);
  });

  it('may lose one step of the lease clock for each clock that was set forward', () => {
    const history = [renewal(1_000), fault(2_000, 3_000, { forwardSteps: 1 })];
    expect(found([...history, sighting(5_100, false)])).toEqual([]);
    expect(found([...history, sighting(4_800, false)])).toEqual(['lease expired early']);
  });

  it('must not be live long after its end, except for the time of faults', () => {
    expect(found([renewal(1_000), sighting(11_000, true)])).toEqual(['dead lease answered as live']);
    expect(found([renewal(1_000), fault(5_000, 9_000), sighting(11_000, true)])).toEqual([]);
    const harmless = fault(5_000, 9_000, { keepsTime: true });
    expect(found([renewal(1_000), harmless, sighting(11_000, true)])).toEqual([
      'dead lease answered as live',
    ]);
    expect(found([renewal(1_000), renewal(20_000, { canGrant: false })])).toEqual([
      'dead lease answered as live',
    ]);
  });

  it('must not be live after its end was acknowledged', () => {
    expect(found([renewal(1_000), ending(2_000), sighting(2_100, true)])).toEqual([
      'ended lease answered as live',
    ]);
    expect(found([renewal(1_000), ending(2_000), renewal(3_000), sighting(3_100, true)])).toEqual([]);
  });
});

describe('a shard', () => {
  const assignment = (consumer: string, sentMs: number, shards = [1]): Entry[] => [
    renewal(sentMs, { lease: consumer }),
    {
      kind: 'assignment',
      group: 'cg',
      consumer,
      lease: consumer,
      shards,
      ...at(sentMs),
    } satisfies Assignment,
  ];
  const release = (consumer: string, sentMs: number): Entry => ({
    kind: 'release',
    group: 'cg',
    consumer,
    shards: [1],
    sentMs,
  });

  it('must not be given to a second consumer while the first holds it', () => {
    expect(found([...assignment('a', 1_000), ...assignment('b', 2_000)])).toEqual(['shard overlap']);
    // Also not while the owner shuts it down: its replies no longer contain the shard, and it still reports it.
    expect(
      found([...assignment('a', 1_000), ...assignment('a', 2_000, []), ...assignment('b', 3_000)]),
    ).toEqual(['shard overlap']);
  });

  it('may be given on after a release was sent, or after the lease', () => {
    expect(found([...assignment('a', 1_000), release('a', 1_500), ...assignment('b', 2_000)])).toEqual([]);
    expect(found([...assignment('a', 1_000), ...assignment('b', 7_000)])).toEqual([]);
    // The release may have been read while the other heartbeat was on its way.
    expect(found([...assignment('a', 1_000), release('a', 2_005), ...assignment('b', 2_000)])).toEqual([]);
  });

  it('has one owner after quiet, and loads are even', () => {
    const quiet = (holds: Record<string, number[]>): Entry => ({
      kind: 'quiet shards',
      group: 'cg',
      holds,
      shards: [0, 1],
      atMs: 1,
    });
    expect(found([quiet({ a: [0], b: [1] })])).toEqual([]);
    for (const holds of [
      { a: [0, 1], b: [] },
      { a: [0], b: [] },
      { a: [0], b: [0, 1] },
    ])
      expect(found([quiet(holds)])).toEqual(['shards differ after quiet']);
  });
});

describe('an event', () => {
  it('must arrive once if it was acknowledged', () => {
    const history = [published('1', 10), published('2', 20, { isAcknowledged: false }), received('0', 5)];
    expect(found([...history, received('1', 30)])).toEqual([]);
    expect(found(history)).toEqual(['event lost']);
    expect(found([...history, received('1', 30), received('1', 40)])).toEqual(['event duplicated']);
  });

  it('must not wait in quiet', () => {
    const history: Entry[] = [published('1', 20_000), { kind: 'quiet', fromMs: 10_000, toMs: 22_000 }];
    expect(found([...history, received('1', 20_100)])).toEqual([]);
    expect(found([...history, received('1', 24_000)])).toEqual(['event late']);
    expect(found([published('1', 20_000), received('1', 24_000)])).toEqual([]);
  });

  it('of a lease follows from those before', () => {
    expect(found([event(1, 'join', 1), event(2, 'leave', 0), event(3, 'join', 1)])).toEqual([]);
    expect(found([event(1, 'join', 1), event(2, 'leave', 0), event(3, 'leave', 0)])).toEqual([
      'expiry twice',
    ]);
    expect(found([event(1, 'join', 1), event(2, 'join', 1)])).toEqual(['expiry lost']);
    expect(found([event(1, 'join', 1), event(2, 'join', 3, 'bob')])).toEqual(['event lost']);
  });

  it('of a lease is there for everything that a read shows', () => {
    const quiet = (listed: string[]): Entry => ({
      kind: 'quiet occupancy',
      channel: 'red',
      kept: listed,
      listed,
      occupancy: listed.length,
      ...at(100),
    });
    expect(found([event(1, 'join', 1), quiet([lease])])).toEqual([]);
    expect(found([event(1, 'join', 1), quiet([])])).toEqual(['expiry lost']);
    expect(found([event(1, 'join', 1), quiet([lease, 'bob'])])).toEqual(['event lost']);
  });
});

describe('a report', () => {
  const subscription: Entry = { kind: 'report subscription', application: 'a', lease: 'token', atMs: 0 };
  const report = (id: string, sentMs: number) => published(id, sentMs, { topic: reportTopic });
  const arrived = (id: string, atMs: number, isAccepted = true): Entry => ({
    kind: 'report',
    application: 'a',
    id,
    isAccepted,
    atMs,
  });

  it('must be accepted by an application that stays logged in', () => {
    expect(found([subscription, report('1', 10), arrived('1', 20, false), arrived('1', 30)])).toEqual([]);
    expect(found([subscription, report('1', 10), arrived('1', 20, false)])).toEqual(['report lost']);
    const dead: Entry = { kind: 'sighting', lease: 'token', isLive: false, ...at(9_000) };
    expect(found([subscription, report('1', 10), dead])).toEqual([]);
  });

  it('arrives first in the order in which reports were acknowledged', () => {
    const history = [subscription, report('1', 10), report('2', 100)];
    expect(found([...history, arrived('1', 110), arrived('2', 120), arrived('1', 130)])).toEqual([]);
    expect(found([...history, arrived('2', 110), arrived('1', 120)])).toEqual(['report out of order']);
  });
});

describe('a write', () => {
  const save = (value: string, sentMs: number, isAcknowledged = true): Entry => ({
    kind: 'save',
    register: 'c',
    value,
    isAcknowledged,
    ...at(sentMs),
  });
  const load = (value: string | null, sentMs: number): Entry => ({
    kind: 'load',
    register: 'c',
    value,
    ...at(sentMs),
  });

  it('is there once it was acknowledged, until another one may have replaced it', () => {
    expect(found([save('1', 10), load('1', 100)])).toEqual([]);
    expect(found([save('1', 10), save('2', 50, false), load('2', 100), load('1', 200)])).toEqual([]);
    // At the same time: either may be the last.
    expect(found([save('1', 10), save('2', 15), load('1', 100)])).toEqual([]);
    expect(found([save('1', 10), load(null, 100)])).toEqual(['acknowledged write lost']);
    expect(found([save('1', 10), save('2', 50), load('1', 100)])).toEqual(['acknowledged write lost']);
  });

  it('to a log is there exactly once', () => {
    const read = (ids: string[]): Entry => ({ kind: 'full read', topic: 'red', ids, ...at(100) });
    expect(found([published('1', 10), published('2', 20, { isAcknowledged: false }), read(['1'])])).toEqual(
      [],
    );
    expect(found([published('1', 10), read([])])).toEqual(['acknowledged write lost']);
    expect(found([published('1', 10), read(['1', '1'])])).toEqual(['write duplicated']);
  });
});

describe('occupancy after quiet', () => {
  it.each([
    ['a uuid that its client keeps alive is missing', ['ann'], [], 0],
    ['a uuid is listed that no client keeps alive', [], ['ann'], 1],
    ['the number is not that of the list', ['ann'], ['ann'], 2],
  ])('differs if %s', (_what, kept, listed, occupancy) => {
    expect(found([{ kind: 'quiet occupancy', channel: 'red', kept, listed, occupancy, ...at(1) }])).toEqual([
      'occupancy differs after quiet',
    ]);
  });
});

it('what is lost around a fault for which a loss is stated is counted apart', () => {
  const history: Entry[] = [renewal(1_000), sighting(3_000, false)];
  const lossy = fault(1_500, 2_500, { isLossy: true });
  const { violations, statedLosses } = checkHistory([...history, lossy]);
  expect(violations).toEqual([]);
  expect(statedLosses.map(({ rule }) => rule)).toEqual(['lease expired early']);
  expect(found([...history, fault(1_500, 2_500)])).toEqual(['lease expired early']);
  expect(found([renewal(31_000), sighting(33_000, false), lossy])).toEqual(['lease expired early']);
});

it('while the machine was busy otherwise, nothing is expected to be in time', () => {
  const strain: Entry = { kind: 'strain', startMs: 5_000, endMs: 20_000 };
  expect(found([renewal(1_000), strain, sighting(15_000, true)])).toEqual([]);
  const lost = [published('0', 10), received('0', 15), published('1', 30_000)];
  expect(found([...lost, strain])).toEqual([]);
  expect(found([...lost, strain, { kind: 'quiet', fromMs: 30_000, toMs: 40_000 }])).toEqual(['event lost']);
});

it('a world that is not served again, and a reply that nothing explains, are violations even then', () => {
  expect(found([fault(1, 2, { recoveredMs: null, isLossy: true })])).toEqual(['not recovered']);
  expect(found([{ kind: 'oddity', what: '500', atMs: 2 }, fault(1, 3, { isLossy: true })])).toEqual([
    'unexpected reply',
  ]);
});
