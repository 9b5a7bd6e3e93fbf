/**
 * Reports as operators read them: what happened to each report at each application, with its attempts. Assembled from the logged
 * attempts, the retries, the dead letters and the queues, all of which are bounded.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { PbxContext } from '../api/context.ts';
import { bodyOf, type LoggedAttempt, listAttempts } from '../queues/attempts.ts';
import { listDeadLetters } from '../queues/dead-letters.ts';
import { listRetries, type Retry, retryKey, writeRetry } from '../queues/retries.ts';
import { byQueue, listQueues, type StoredQueue } from '../queues/stored-queue.ts';
import { type Report, renderReport } from '../reports/catalog.ts';
import { wakeDelivery } from '../reports/report-queue.ts';
import { makeReportWindow } from '../reports/report-window.ts';
import { shapeOf } from '../reports/shape-of.ts';
import { type ActiveToken, listTokens } from '../tokens/token.ts';

export const reportStates = ['waiting', 'retrying', 'delivered', 'dead', 'dropped'] as const;
export type ReportState = (typeof reportStates)[number];

const Attempt = Type.Object({
  at: Type.String({ description: 'wall time of its end, ISO 8601' }),
  token: Type.String({ description: 'live when the attempt was made' }),
  url: Type.String(),
  address: Type.Optional(Type.String({ description: 'that the host of the URL resolved to' })),
  outcome: Type.String({ description: 'such as "status 500" or "unreachable: ECONNREFUSED"' }),
  verdict: Type.String({
    description:
      'delivered; declined: this report is sent again beside the others; troubled or unreached: all reports of the application wait',
  }),
  status: Type.Optional(Type.Integer({ description: 'HTTP status of the reply' })),
  reply: Type.Optional(Type.String({ description: 'the beginning of the body of the reply' })),
});

export const ReportEntry = Type.Object({
  id: Type.String({ description: 'sorts in the order in which the reports happened' }),
  state: Type.Union(
    reportStates.map((state) => Type.Literal(state)),
    {
      description:
        'waiting: in the queue of its application; retrying: declined, and sent again beside the queue; dropped: its token ended first, or too many waited',
    },
  ),
  tenant: Type.String(),
  user: Type.String(),
  token: Type.String({
    description: 'of the latest attempt; before the first: the newest of the application',
  }),
  url: Type.String(),
  report: Type.String({ description: 'name of the report' }),
  position: Type.Integer({ description: 'place in the order of all reports' }),
  at: Type.String({ description: 'wall time at which it happened, ISO 8601' }),
  body: Type.String({ description: 'JSON in the shape of the application' }),
  attempts: Type.Array(Attempt, { description: 'the latest ones, oldest first' }),
  nextInMs: Type.Optional(
    Type.Number({ description: 'pause before the next attempt, ms of the lease clock; 0: at once' }),
  ),
});
export type ReportEntry = Static<typeof ReportEntry>;

export interface ReportFilter {
  readonly user?: string;
  readonly token?: string;
  readonly state?: ReportState;
}

/** Returns all known reports in the order in which they happened. Rejects with StoreUnavailable. */
export async function listReports(context: PbxContext, filter: ReportFilter = {}): Promise<ReportEntry[]> {
  const { store } = context;
  const [attempts, retries, dead, waiting, { leaseMs }] = await Promise.all([
    listAttempts(store),
    listRetries(store),
    listDeadLetters(store),
    listWaiting(context),
    store.now({ tenant: store.tenant }),
  ]);
  const stateOf = (id: string): ReportState => {
    if (dead.has(id)) return 'dead';
    if (retries.has(id)) return 'retrying';
    if (waiting.has(id)) return 'waiting';
    return attempts.get(id)?.at(-1)?.verdict === 'delivered' ? 'delivered' : 'dropped';
  };
  const ids = new Set([...attempts.keys(), ...retries.keys(), ...dead.keys(), ...waiting.keys()]);
  const entries: ReportEntry[] = [];
  for (const id of [...ids].sort()) {
    const logged = attempts.get(id) ?? [];
    const known = waiting.get(id) ?? retries.get(id) ?? dead.get(id) ?? logged.at(-1);
    if (known === undefined) continue;
    const retryMs = retries.get(id)?.notBeforeMs;
    const nextInMs = retryMs === undefined ? waiting.get(id)?.nextInMs : Math.max(0, retryMs - leaseMs);
    const entry = entryOf(store.tenant, { id, state: stateOf(id), known, logged, nextInMs });
    if (isWanted(entry, filter)) entries.push(entry);
  }
  return entries;
}

function isWanted(entry: ReportEntry, { user, token, state }: ReportFilter): boolean {
  if (user !== undefined && entry.user !== user) return false;
  if (state !== undefined && entry.state !== state) return false;
  return token === undefined || entry.token === token || entry.attempts.some((one) => one.token === token);
}

/** What a retry, a dead letter, a logged attempt and a waiting report have in common. */
interface KnownReport {
  readonly user: string;
  readonly token: string;
  readonly url: string;
  readonly position: number;
  readonly report: Report;
  readonly serial: string;
  readonly reportedAtMs: number;
  readonly version?: string;
}

interface EntryParts {
  readonly id: string;
  readonly state: ReportState;
  readonly known: KnownReport;
  readonly logged: readonly LoggedAttempt[];
  readonly nextInMs: number | undefined;
}

function entryOf(tenant: string, { id, state, known, logged, nextInMs }: EntryParts): ReportEntry {
  const { user, url, position, report, serial, reportedAtMs, version = '' } = known;
  const last = logged.at(-1);
  const body = last === undefined ? renderReport(report, shapeOf(version), serial) : bodyOf(last);
  return {
    ...{ id, state, tenant, user, token: last?.token ?? known.token, url: last?.url ?? url },
    ...{ report: report.report, position, at: isoOf(reportedAtMs), body: body ?? '' },
    attempts: logged.map(({ atMs, token, url: sentTo, address, outcome, verdict, status, reply }) => ({
      ...{ at: isoOf(atMs), token, url: sentTo, outcome, verdict },
      ...(address === undefined ? {} : { address }),
      ...(status === undefined ? {} : { status }),
      ...(reply === undefined ? {} : { reply }),
    })),
    ...(nextInMs === undefined ? {} : { nextInMs }),
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

interface WaitingReport extends KnownReport {
  readonly nextInMs: number;
}

/** Returns the reports that wait in the queues of live tokens, by id. */
async function listWaiting({ store, settings, access }: PbxContext): Promise<Map<string, WaitingReport>> {
  const window = makeReportWindow(store, settings.pbxReportQueue);
  const [tokens, queues, { leaseMs }] = await Promise.all([
    listTokens(store),
    listQueues(store),
    store.now({ tenant: store.tenant }),
    window.read(),
  ]);
  const waiting = new Map<string, WaitingReport>();
  for (const [key, [newest, ...others]] of byQueue(tokens)) {
    if (newest === undefined || newest.callback.refusal !== undefined) continue;
    if (!access.hasPermission(newest.user, 'reports')) continue;
    const queue = queues.get(key);
    const nextInMs = Math.max(0, (queue?.notBeforeMs ?? 0) - leaseMs);
    for (let position = firstWaiting([newest, ...others], queue); position <= window.newest; position += 1) {
      const queued = window.at(position);
      const { user, token, callback } = newest;
      if (queued === undefined) continue;
      const { report, serial, atMs: reportedAtMs } = queued;
      if (renderReport(report, shapeOf(callback.version), serial) === undefined) continue;
      const subject = { user, token, url: callback.callback, version: callback.version, position };
      // Bounded: what a page does not show is not worth listing for each of many applications.
      if (waiting.size >= maxWaiting) return waiting;
      waiting.set(retryKey(subject), { ...subject, report, serial, reportedAtMs, nextInMs });
    }
  }
  return waiting;
}

const maxWaiting = 10_000;

function firstWaiting(tokens: readonly ActiveToken[], queue: StoredQueue | undefined): number {
  const since = Math.min(...tokens.map(({ callback }) => callback.since ?? 0));
  return Math.max(queue?.cursor ?? 0, since) + 1;
}

/**
 * Has a report delivered again, to where its application is now, or to another of its user. Returns why not, if it cannot be.
 * Rejects with StoreUnavailable.
 */
export async function replayReport(
  context: PbxContext,
  id: string,
): Promise<'replayed' | 'unknown' | 'waiting' | 'no-token'> {
  const { store } = context;
  const [attempts, retries, dead, waiting] = await Promise.all([
    listAttempts(store),
    listRetries(store),
    listDeadLetters(store),
    listWaiting(context),
  ]);
  if (retries.has(id) || waiting.has(id)) return 'waiting';
  const known = dead.get(id) ?? attempts.get(id)?.at(-1);
  if (known === undefined) return 'unknown';
  const { user, token, url, position, report, serial, reportedAtMs } = known;
  const [live = 0] = await store.count({ tenant: store.tenant, groups: [user] });
  if (live === 0) return 'no-token';
  const retry: Retry = {
    ...{ user, token, url, position, report, serial, reportedAtMs },
    ...{ attempts: 0, isReplay: true },
  };
  const { committed } = await store.commit({
    tenant: store.tenant,
    writes: [{ collection: 'deadLetters', key: id, value: null }, writeRetry(id, retry, { version: 0 })],
    appends: [wakeDelivery],
  });
  return committed ? 'replayed' : 'waiting';
}
