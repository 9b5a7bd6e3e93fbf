/** The reports that a simulated application received, for those who look at it. */

/** Newest reports that are kept. */
const maxKept = 20;
/** Kinds that are counted one by one. */
const maxKinds = 100;

export interface ReceivedReports {
  add(body: string): void;
  view(): Readonly<Record<string, unknown>>;
}

/** Counts reports by kind and keeps the newest. */
export function makeReceivedReports(): ReceivedReports {
  const counts = new Map<string, number>();
  const newest: unknown[] = [];
  let total = 0;
  return {
    add(body) {
      total += 1;
      const report: unknown = JSON.parse(body);
      const kind = kindOf(report);
      if (counts.has(kind) || counts.size < maxKinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      newest.unshift(report);
      newest.length = Math.min(newest.length, maxKept);
    },
    view: () => ({ reports: total, reportsByKind: Object.fromEntries(counts), newest: [...newest] }),
  };
}

/** Reports of one version name themselves in `action`, those of others in `event`. */
function kindOf(report: unknown): string {
  const { action, event } = (report ?? {}) as { readonly action?: unknown; readonly event?: unknown };
  return String(action ?? event ?? 'unknown');
}
