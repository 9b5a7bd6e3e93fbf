/** What a chaos run found, as a table for people and as JSON. Pure. */
import { checkHistory } from './check/check.ts';
import type { Finding } from './check/verdict.ts';
import { type Entry, entriesOf, type FaultEntry } from './history.ts';
import type { RunResult } from './run.ts';

/** Recovery after one kind of fault. */
interface FaultRow {
  readonly name: string;
  readonly count: number;
  readonly medianMs: number | null;
  readonly longestMs: number | null;
  readonly notRecovered: number;
}

/** The result of one store. */
export interface StoreReport {
  readonly store: string;
  readonly operations: number;
  readonly failed: number;
  readonly faults: number;
  /** For how long the machine was too busy for times to mean anything, s. */
  readonly strainedSeconds: number;
  readonly recoveries: readonly FaultRow[];
  readonly skipped: readonly string[];
  readonly violations: readonly Finding[];
  readonly statedLosses: Readonly<Record<string, number>>;
  /** When each fault was at work, and what the servers logged, to explain violations. */
  readonly evidence: { readonly faults: readonly FaultEntry[]; readonly log: readonly string[] };
}

/** Checks the history of a run, and sums it up. */
export function summarise(run: RunResult): StoreReport {
  const { store, operations, failed, faults, skipped, history } = run;
  const verdict = checkHistory(history);
  const byName = Object.groupBy(faults, ({ name }) => name);
  return {
    store,
    operations,
    failed,
    faults: faults.length,
    strainedSeconds: strainedSeconds(history),
    recoveries: Object.entries(byName)
      .map(([name, some = []]) => rowOf(name, some))
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
    skipped,
    violations: verdict.violations,
    statedLosses: countByRule(verdict.statedLosses),
    evidence: { faults, log: run.log },
  };
}

/** Strains overlap: each counts from the end of the one before. */
function strainedSeconds(history: readonly Entry[]): number {
  let untilMs = 0;
  let sumMs = 0;
  for (const { startMs, endMs } of entriesOf(history, 'strain')) {
    sumMs += Math.max(0, endMs - Math.max(startMs, untilMs));
    untilMs = Math.max(untilMs, endMs);
  }
  return Math.round(sumMs / 1_000);
}

function rowOf(name: string, faults: readonly FaultEntry[]): FaultRow {
  const times = faults
    .flatMap(({ healedMs, recoveredMs }) =>
      recoveredMs === null ? [] : [Math.round(recoveredMs - healedMs)],
    )
    .sort((a, b) => a - b);
  return {
    name,
    count: faults.length,
    medianMs: times[Math.floor(times.length / 2)] ?? null,
    longestMs: times.at(-1) ?? null,
    notRecovered: faults.length - times.length,
  };
}

function countByRule(findings: readonly Finding[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(Object.groupBy(findings, ({ rule }) => rule)).map(([rule, some = []]) => [
      rule,
      some.length,
    ]),
  );
}

const shown = 20;

/** Returns the table of a store, in Markdown. */
export function tableOf(report: StoreReport): string {
  const { store, operations, failed, faults, violations, statedLosses, skipped } = report;
  const losses = Object.entries(statedLosses).map(([rule, count]) => `${count} ${rule}`);
  return [
    `### ${store}`,
    '',
    `${operations} operations (${failed} of them refused or without a reply), ${faults} faults, ${violations.length} violations.`,
    ...(losses.length > 0 ? [`Where the documentation states a possible loss: ${losses.join(', ')}.`] : []),
    ...(report.strainedSeconds > 0
      ? [`The machine was too busy for ${report.strainedSeconds} s: what was late then is excused.`]
      : []),
    ...skipped.map((what) => `Skipped: ${what}.`),
    '',
    '| fault | times | served again after, median ms | longest ms |',
    '| --- | --- | --- | --- |',
    ...report.recoveries.map(
      ({ name, count, medianMs, longestMs, notRecovered }) =>
        `| ${name} | ${count} | ${medianMs ?? '-'} | ${notRecovered > 0 ? `not in ${notRecovered} of them` : (longestMs ?? '-')} |`,
    ),
    ...(violations.length > 0
      ? ['', `Violations${violations.length > shown ? `, the first ${shown}` : ''}:`]
      : []),
    ...violations
      .slice(0, shown)
      .map(
        ({ rule, what, fromMs, toMs }) =>
          `- ${rule}: ${what} (${Math.round(fromMs)} to ${Math.round(toMs)} ms)`,
      ),
    '',
  ].join('\n');
}
