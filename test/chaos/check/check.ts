/** Reads a history and returns what contradicts docs/guarantees.md. Pure: it knows no server, no time and no randomness. */
import { type Entry, entriesOf } from '../history.ts';
import { checkDelays, checkLeaseEvents, checkPublications } from './events.ts';
import { checkLeases } from './leases.ts';
import { checkQuiet } from './quiet.ts';
import { checkRegisters } from './registers.ts';
import { checkReports } from './reports.ts';
import { checkShards } from './shards.ts';
import type { Finding, Verdict } from './verdict.ts';

/**
 * Returns the violations, and apart from them what was lost where the documentation states that it may be. The history must end in quiet: what
 * was acknowledged must have arrived by then.
 */
export function checkHistory(history: readonly Entry[]): Verdict {
  const findings: Finding[] = [
    ...checkLeases(history),
    ...checkShards(history),
    ...checkPublications(history),
    ...checkDelays(history),
    ...checkLeaseEvents(history),
    ...checkReports(history),
    ...checkRegisters(history),
    ...checkQuiet(history),
    ...entriesOf(history, 'oddity').map(({ what, atMs }) => ({
      rule: 'unexpected reply' as const,
      what,
      fromMs: atMs,
      toMs: atMs,
    })),
    ...entriesOf(history, 'fault').flatMap((fault) =>
      fault.recoveredMs === null
        ? [
            {
              rule: 'not recovered' as const,
              what: fault.name,
              fromMs: fault.healedMs,
              toMs: fault.healedMs,
            },
          ]
        : [],
    ),
  ];
  const lossy = entriesOf(history, 'fault').filter(({ isLossy }) => isLossy);
  const isStated = ({ rule, fromMs, toMs }: Finding): boolean =>
    rule !== 'not recovered' &&
    rule !== 'unexpected reply' &&
    lossy.some(
      (fault) =>
        fault.startMs - unreplicatedMs <= toMs &&
        fromMs <= (fault.recoveredMs ?? fault.healedMs) + lossSpreadMs,
    );
  return {
    violations: findings.filter((finding) => !isStated(finding)),
    statedLosses: findings.filter(isStated),
  };
}

/** A write that is lost with a master shows up as late as the longest lease ends. */
const lossSpreadMs = 10_000;

/** What was acknowledged this long before a master failed may not have reached its replica. */
const unreplicatedMs = 1_000;
