/** What operators should know about applications: refused callbacks, certificates, dead letters. Newest last, bounded. */
import { type Static, Type } from '@sinclair/typebox';
import { guard } from '../../kit/validate.ts';
import type { PbxStore } from '../tenant.ts';

const topic = 'diagnostics';
const keepEntries = 1_000;
const idleMs = 24 * 3_600_000;

export const Diagnostic = Type.Object({
  atMs: Type.Number({ description: 'wall time, ms since 1970' }),
  message: Type.String(),
  user: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
});
export type Diagnostic = Static<typeof Diagnostic>;
const isDiagnostic = guard(Diagnostic);

/** Appends a diagnostic. Never rejects: the request or delivery that it is about goes on without it. */
export async function recordDiagnostic(store: PbxStore, diagnostic: Diagnostic): Promise<void> {
  const payload = Buffer.from(JSON.stringify(diagnostic));
  await store
    .commit({ tenant: store.tenant, appends: [{ topic, payload, keepEntries, idleMs }] })
    .catch(() => undefined);
}

/** A diagnostic in a list. */
export interface ListedDiagnostic {
  /** Sorts diagnostics by time. */
  readonly place: string;
  readonly diagnostic: Diagnostic;
}

/** Returns the stored diagnostics, the oldest first. Rejects with StoreUnavailable. */
export async function listDiagnostics(store: PbxStore): Promise<ListedDiagnostic[]> {
  const entries = await store.readTopics({
    tenant: store.tenant,
    topics: [{ topic, after: 0n }],
    limit: keepEntries,
  });
  return entries.flatMap(({ position, payload }) => {
    const diagnostic: unknown = JSON.parse(Buffer.from(payload).toString());
    return isDiagnostic(diagnostic) ? [{ place: String(position).padStart(20, '0'), diagnostic }] : [];
  });
}
