/** Changes of leases as events, and what protocols call them. */
import type { Reader } from '../../protocols/kit/reader.ts';
import { type EventRun, eventAt, type Store } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Events, LazyEvents } from './events.ts';

export interface RecordLeasesOptions {
  readonly store: Pick<Store, 'observeRuns'>;
  readonly events: Pick<Events, 'appendAll' | 'keptOf'>;
  readerOf(protocol: string): Reader | undefined;
  /** Called with each run of changes. */
  onChanges(run: EventRun): void;
}

/** Records each change of a lease on this node. Returns how to stop that. */
export function recordLeases({ store, events, readerOf, onChanges }: RecordLeasesOptions): () => void {
  return store.observeRuns((run) => {
    const { tenant, type, holders } = run;
    const own = readerOf(protocolOf(tenant))?.eventOf?.(type);
    const types = own === undefined ? [`lease.${type}`] : [`lease.${type}`, own];
    const kept = Math.ceil(events.keptOf(holders.length * types.length) / types.length);
    const notKept = holders.length - kept;
    events.appendAll(leaseEvents(run, { from: notKept, types }), notKept * types.length);
    onChanges(run);
  });
}

/**
 * Returns the events of the changes of a run from an index on, each of them with each of the types. They are rendered when read: of leases
 * that expire together, nearly all are overwritten unread.
 */
function leaseEvents(
  run: EventRun,
  { from, types }: { readonly from: number; readonly types: readonly string[] },
): LazyEvents {
  // Without the data of the leases, which may be large.
  const kept: EventRun = { ...run, data: [] };
  return {
    tenant: run.tenant,
    count: (run.holders.length - from) * types.length,
    toEvent(index) {
      const type = types[index % types.length];
      if (type === undefined) throw new RangeError(`there is no event ${index}`);
      const { tenant, group, holder, epoch, revision, count, lateMs } = eventAt(
        kept,
        from + Math.floor(index / types.length),
      );
      const protocol = protocolOf(tenant);
      return { type, protocol, tenant, group, holder, epoch, revision, count, lateMs };
    },
  };
}
