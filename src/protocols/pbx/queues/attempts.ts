/**
 * The latest attempts to deliver reports, for operators: a bounded topic, appended to in the same step that stores what an attempt
 * led to. What a session that was abandoned attempted is not in it.
 */
import { type Static, Type } from '@sinclair/typebox';
import type { Commit } from '../../../store/store.ts';
import { guard } from '../../kit/validate.ts';
import type { AttemptResult } from '../callback/attempt-result.ts';
import { type Report, Report as ReportSchema, renderReport } from '../reports/catalog.ts';
import { shapeOf } from '../reports/shape-of.ts';
import type { PbxStore } from '../tenant.ts';
import { retryKey } from './retries.ts';

const topic = 'attempts';
/** The oldest are dropped when there are more. */
const keepEntries = 2_000;
const idleMs = 24 * 3_600_000;
const maxReplyLength = 200;

/** One attempt, as it is stored. */
const LoggedAttempt = Type.Object({
  user: Type.String(),
  token: Type.String(),
  url: Type.String(),
  /** Of the application: selects the shape of the report. */
  version: Type.String(),
  position: Type.Integer(),
  report: ReportSchema,
  serial: Type.String(),
  reportedAtMs: Type.Number(),
  /** Wall time at its end, ms since 1970. */
  atMs: Type.Number(),
  outcome: Type.String(),
  verdict: Type.String(),
  status: Type.Optional(Type.Integer()),
  address: Type.Optional(Type.String()),
  /** The beginning of the body of the reply. */
  reply: Type.Optional(Type.String()),
});
export type LoggedAttempt = Static<typeof LoggedAttempt>;

const isLoggedAttempt = guard(LoggedAttempt);

/** The report and the application of an attempt. */
export type AttemptedReport = Pick<
  LoggedAttempt,
  'user' | 'token' | 'url' | 'version' | 'position' | 'serial' | 'reportedAtMs'
> & { readonly report: Report };

export interface AttemptOutcome {
  readonly atMs: number;
  readonly outcome: string;
  readonly verdict: string;
  readonly result: AttemptResult;
}

/** Returns the append that logs an attempt. */
export function logAttempt(
  { user, token, url, version, position, report, serial, reportedAtMs }: AttemptedReport,
  { atMs, outcome, verdict, result }: AttemptOutcome,
): NonNullable<Commit['appends']>[number] {
  const reply =
    result.kind === 'replied'
      ? { status: result.status, address: result.address, reply: result.excerpt.slice(0, maxReplyLength) }
      : {};
  const subject = { user, token, url, version, position, report, serial, reportedAtMs };
  const payload = Buffer.from(JSON.stringify({ ...subject, atMs, outcome, verdict, ...reply }));
  return { topic, payload, keepEntries, idleMs };
}

/** Returns the logged attempts by the key of their report, as of retries and dead letters; oldest first. Rejects with StoreUnavailable. */
export async function listAttempts(store: PbxStore): Promise<Map<string, LoggedAttempt[]>> {
  const entries = await store.readTopics({
    tenant: store.tenant,
    topics: [{ topic, after: 0n }],
    limit: keepEntries,
  });
  const attempts = new Map<string, LoggedAttempt[]>();
  for (const { payload } of entries) {
    const attempt: unknown = JSON.parse(Buffer.from(payload).toString());
    if (!isLoggedAttempt(attempt)) continue;
    const key = retryKey(attempt);
    const earlier = attempts.get(key);
    if (earlier === undefined) attempts.set(key, [attempt]);
    else earlier.push(attempt);
  }
  return attempts;
}

/** Returns the body that was sent. */
export function bodyOf({ report, version, serial }: LoggedAttempt): string {
  return renderReport(report, shapeOf(version), serial) ?? '';
}
