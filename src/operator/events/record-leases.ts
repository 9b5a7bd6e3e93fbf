/** Changes of leases as events, and what protocols call them. */
import type { Reader } from '../../protocols/kit/reader.ts';
import type { Store, TenantEvent } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Events, LazyEvents, NewEvent } from './events.ts';
import { eachRun, isSameKind } from './runs.ts';

export interface RecordLeasesOptions {
  readonly store: Pick<Store, 'observeAll'>;
  readonly events: Pick<Events, 'appendAll' | 'keptOf'>;
  readerOf(protocol: string): Reader | undefined;
  /** Called with the changes of each step. */
  onChanges(events: readonly TenantEvent[]): void;
}

/** Records each change of a lease on this node. Returns how to stop that. */
export function recordLeases({ store, events, readerOf, onChanges }: RecordLeasesOptions): () => void {
  return store.observeAll((changes) => {
    let end = 0;
    eachRun(changes, isSameKind, ({ tenant, type }, length) => {
      end += length;
      const own = readerOf(protocolOf(tenant))?.eventOf?.(type);
      const types = own === undefined ? [`lease.${type}`] : [`lease.${type}`, own];
      const kept = Math.ceil(events.keptOf(length * types.length) / types.length);
      // Rendered when read: of leases that expire together, nearly all are overwritten unread.
      events.appendAll(
        leaseEvents(changes.slice(end - kept, end), { tenant, types }),
        (length - kept) * types.length,
      );
    });
    onChanges(changes);
  });
}

/** Returns the events of changes of one tenant, each of them with each of the types. */
function leaseEvents(
  changes: readonly TenantEvent[],
  { tenant, types }: { readonly tenant: string; readonly types: readonly string[] },
): LazyEvents {
  return {
    tenant,
    count: changes.length * types.length,
    toEvent(index) {
      const change = changes[Math.floor(index / types.length)];
      const type = types[index % types.length];
      if (change === undefined || type === undefined) throw new RangeError(`there is no event ${index}`);
      return leaseEvent(change, type);
    },
  };
}

function leaseEvent(
  { tenant, group, holder, epoch, revision, count, lateMs }: TenantEvent,
  type: string,
): NewEvent {
  const protocol = protocolOf(tenant);
  return { type, protocol, tenant, group, holder, epoch, revision, count, lateMs };
}
