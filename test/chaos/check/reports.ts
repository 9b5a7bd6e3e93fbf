/** Reports: each arrives at every application that stays logged in, its first time in order. */
import { type Entry, entriesOf, type Publication, type ReportReceipt } from '../history.ts';
import { settledUntilMs } from './faults.ts';
import type { Finding } from './verdict.ts';

/** The topic of reports in a history. */
export const reportTopic = 'reports';

/** Returns the reports that an application lacks at the end although its token lived on, and those that overtook another one. */
export function checkReports(history: readonly Entry[]): Finding[] {
  const reports = entriesOf(history, 'publication').filter(({ topic }) => topic === reportTopic);
  const ended = endedLeases(history);
  const dueMs = settledUntilMs(history);
  const arrived = new Map<string, ReportReceipt[]>();
  for (const receipt of entriesOf(history, 'report'))
    arrived.set(receipt.application, [...(arrived.get(receipt.application) ?? []), receipt]);
  return entriesOf(history, 'report subscription').flatMap(({ application, lease, atMs }) => {
    if (ended.has(lease)) return [];
    const due = reports.filter(({ sentMs, doneMs }) => sentMs > atMs && doneMs <= dueMs);
    const receipts = arrived.get(application) ?? [];
    return [...missing(application, due, receipts), ...overtaken(application, due, receipts)];
  });
}

function missing(
  application: string,
  due: readonly Publication[],
  receipts: readonly ReportReceipt[],
): Finding[] {
  const accepted = new Set(receipts.filter(({ isAccepted }) => isAccepted).map(({ id }) => id));
  return due
    .filter(({ isAcknowledged, id }) => isAcknowledged && !accepted.has(id))
    .map(({ id, sentMs, doneMs }) => ({
      rule: 'report lost',
      what: `report ${id} was queued and did not arrive at ${application}`,
      fromMs: sentMs,
      toMs: doneMs,
    }));
}

function overtaken(
  application: string,
  due: readonly Publication[],
  receipts: readonly ReportReceipt[],
): Finding[] {
  const byId = new Map(due.map((report) => [report.id, report]));
  const firsts = new Map<string, number>();
  for (const { id, atMs } of receipts) if (byId.has(id) && !firsts.has(id)) firsts.set(id, atMs);
  const findings: Finding[] = [];
  let latest: Publication | undefined;
  for (const [id, atMs] of firsts) {
    const report = byId.get(id);
    if (report === undefined) continue;
    // Those that were requested at the same time, or were not acknowledged, have no order.
    if (latest !== undefined && report.isAcknowledged && report.doneMs < latest.sentMs)
      findings.push({
        rule: 'report out of order',
        what: `report ${id} arrived at ${application} after ${latest.id}`,
        fromMs: report.sentMs,
        toMs: atMs,
      });
    if (latest === undefined || report.sentMs > latest.sentMs) latest = report;
  }
  return findings;
}

/** Leases that were given up or said to be dead at any time: what was queued for them is gone. */
function endedLeases(history: readonly Entry[]): Set<string> {
  const dead = entriesOf(history, 'sighting').filter(({ isLive }) => !isLive);
  return new Set([...entriesOf(history, 'ending'), ...dead].map(({ lease }) => lease));
}
