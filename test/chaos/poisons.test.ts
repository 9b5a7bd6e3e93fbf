/** The clients and the checker of the chaos run find nothing wrong with the store, and find each fault that is put into it. */
import { describe, expect, it } from 'vitest';
import type { Rule } from './check/verdict.ts';
import { entriesOf } from './history.ts';
import { runInProcess } from './in-process.ts';
import {
  doublePop,
  earlyPop,
  lostEvent,
  type Poison,
  skippedAppend,
  skippedRenewal,
  skippedWrite,
  staleAssignment,
} from './poisons.ts';

const poisons: readonly (readonly [string, Poison, Rule])[] = [
  ['leases that end early', earlyPop, 'lease expired early'],
  ['renewals that are answered and not made', skippedRenewal, 'lease expired early'],
  ['expiries that are recorded twice', doublePop, 'expiry twice'],
  ['events that are left out', lostEvent, 'event lost'],
  ['shards that are assigned before their owner released them', staleAssignment, 'shard overlap'],
  ['checkpoints that are acknowledged and not written', skippedWrite, 'acknowledged write lost'],
  ['logs that are acknowledged and not written', skippedAppend('logs:'), 'acknowledged write lost'],
  ['reports that are acknowledged and not queued', skippedAppend('reports'), 'report lost'],
  ['messages that are acknowledged and not written', skippedAppend('messages:'), 'event lost'],
];

describe.concurrent('the chaos clients', () => {
  it('find no violation in a store that keeps its promises', { timeout: 120_000 }, async () => {
    const { violations, history } = await runInProcess('sound');
    expect(violations).toEqual([]);
    // They did something.
    const renewed = entriesOf(history, 'renewal').filter(({ isAcknowledged }) => isAcknowledged);
    expect(renewed.length).toBeGreaterThan(50);
    expect(entriesOf(history, 'receipt').length).toBeGreaterThan(20);
    expect(entriesOf(history, 'report').length).toBeGreaterThan(10);
    expect(entriesOf(history, 'quiet shards')).toHaveLength(1);
  });

  it.each(poisons)('find %s', { timeout: 120_000 }, async (_what, poison, rule) => {
    const { violations } = await runInProcess('poisoned', poison);
    expect(violations.map((violation) => violation.rule)).toContain(rule);
  });
});
