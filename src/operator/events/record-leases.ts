/** Changes of leases as events, and what protocols call them. */
import type { Reader } from '../../protocols/kit/reader.ts';
import type { Store, TenantEvent } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Events, NewEvent } from './events.ts';
import { eachRun, isSameKind } from './runs.ts';

export interface RecordLeasesOptions {
  readonly store: Pick<Store, 'observeAll'>;
  readonly events: Pick<Events, 'appendAll'>;
  readerOf(protocol: string): Reader | undefined;
  /** Called with the changes of each step. */
  onChanges(events: readonly TenantEvent[]): void;
}

/** Records each change of a lease on this node. Returns how to stop that. */
export function recordLeases({ store, events, readerOf, onChanges }: RecordLeasesOptions): () => void {
  return store.observeAll((changes) => {
    let from = 0;
    eachRun(changes, isSameKind, (any, length) => {
      const { tenant, type } = any;
      const own = readerOf(protocolOf(tenant))?.eventOf?.(type);
      const types = own === undefined ? [`lease.${type}`] : [`lease.${type}`, own];
      const first = from;
      from += length;
      // Rendered when read: of leases that expire together, nearly all are overwritten unread.
      events.appendAll(length * types.length, (index) => {
        const change = changes[first + Math.floor(index / types.length)] ?? any;
        return { tenant, toEvent: () => leaseEvent(change, types[index % types.length] ?? '') };
      });
    });
    onChanges(changes);
  });
}

function leaseEvent(
  { tenant, group, holder, epoch, revision, count, lateMs }: TenantEvent,
  type: string,
): NewEvent {
  const protocol = protocolOf(tenant);
  return { type, protocol, tenant, group, holder, epoch, revision, count, lateMs };
}
