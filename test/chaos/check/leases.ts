/** Leases: never early, and dead once they are over. */
import { type Ending, type Entry, entriesOf, type Renewal } from '../history.ts';
import { type FaultTimes, faultTimes, lateEffectMs, slackMs } from './faults.ts';
import type { Finding } from './verdict.ts';

interface LeaseHistory {
  readonly renewals: Renewal[];
  readonly endings: Ending[];
}

/** A statement of the server about a lease: a read, a refusal, or the event of its expiry. */
interface Statement {
  readonly lease: string;
  readonly isLive: boolean;
  readonly sentMs: number;
  readonly doneMs: number;
  readonly how: string;
}

/** Returns the leases that were dead too early or live too long. */
export function checkLeases(history: readonly Entry[]): Finding[] {
  const leases = new Map<string, LeaseHistory>();
  const of = (lease: string): LeaseHistory => {
    const found = leases.get(lease) ?? { renewals: [], endings: [] };
    leases.set(lease, found);
    return found;
  };
  for (const renewal of entriesOf(history, 'renewal')) of(renewal.lease).renewals.push(renewal);
  for (const ending of entriesOf(history, 'ending')) of(ending.lease).endings.push(ending);
  const times = faultTimes(history);
  return statementsOf(history).flatMap((statement) => {
    const lease = of(statement.lease);
    return statement.isLive ? checkLive(lease, statement, times) : checkDead(lease, statement, times);
  });
}

function statementsOf(history: readonly Entry[]): Statement[] {
  return [
    ...entriesOf(history, 'sighting').map((sighting) => ({
      ...sighting,
      how: sighting.isLive ? 'a read lists it' : 'a reply says that it is dead',
    })),
    ...entriesOf(history, 'lease event').flatMap(({ lease, action, happenedMs }) =>
      action === 'timeout' && happenedMs !== null
        ? [
            {
              lease,
              isLive: false,
              sentMs: happenedMs - clockToleranceMs,
              doneMs: happenedMs + clockToleranceMs,
              how: 'it timed out',
            },
          ]
        : [],
    ),
    ...entriesOf(history, 'renewal')
      .filter(({ isAcknowledged, canGrant }) => isAcknowledged && !canGrant)
      .map(({ lease, sentMs, doneMs }) => ({ lease, isLive: true, sentMs, doneMs, how: 'it was renewed' })),
  ];
}

/** Wall clock and steady clock of one machine differ by less. */
const clockToleranceMs = 100;

/** The time until which a request may still take effect. */
function effectEndMs({ isAcknowledged, doneMs }: Renewal | Ending): number {
  return isAcknowledged ? doneMs : doneMs + lateEffectMs;
}

function checkDead({ renewals, endings }: LeaseHistory, statement: Statement, times: FaultTimes): Finding[] {
  const { lease, sentMs, doneMs, how } = statement;
  const last = renewals.findLast((one) => one.isAcknowledged && one.doneMs <= sentMs && one.sentMs < sentMs);
  if (last === undefined) return [];
  const earliestEndMs = last.sentMs + last.ttlMs - times.earlyMs(last.sentMs, doneMs);
  if (doneMs >= earliestEndMs) return [];
  const isEnded = endings.some((one) => one.sentMs <= doneMs && effectEndMs(one) >= last.sentMs);
  if (isEnded) return [];
  const early = Math.round(earliestEndMs - doneMs);
  return [
    {
      rule: 'lease expired early',
      what: `${lease}: ${how}, ${early} ms or more before its end`,
      fromMs: last.sentMs,
      toMs: doneMs,
    },
  ];
}

function checkLive({ renewals, endings }: LeaseHistory, statement: Statement, times: FaultTimes): Finding[] {
  const { lease, sentMs, doneMs, how } = statement;
  // A renewal does not vouch for itself.
  const earlier = renewals.filter((one) => one.sentMs < doneMs && !isSame(one, statement));
  const latestEndMs = Math.max(0, ...earlier.map((one) => effectEndMs(one) + one.ttlMs));
  const lastMs = Math.max(0, ...earlier.map((one) => one.sentMs));
  const findings: Finding[] = [];
  if (sentMs > latestEndMs + times.brokenMs(lastMs, sentMs) + slackMs)
    findings.push({
      rule: 'dead lease answered as live',
      what: `${lease}: ${how}, ${Math.round(sentMs - latestEndMs)} ms after its end`,
      fromMs: lastMs,
      toMs: doneMs,
    });
  const ended = endings.findLast((one) => one.isAcknowledged && one.doneMs <= sentMs);
  const isAskedAgain =
    ended !== undefined && earlier.some((one) => one.canGrant && effectEndMs(one) >= ended.sentMs);
  if (ended !== undefined && !isAskedAgain)
    findings.push({
      rule: 'ended lease answered as live',
      what: `${lease}: ${how}, after its end was acknowledged`,
      fromMs: ended.sentMs,
      toMs: doneMs,
    });
  return findings;
}

const isSame = (renewal: Renewal, statement: Statement): boolean =>
  renewal.sentMs === statement.sentMs && renewal.doneMs === statement.doneMs;
