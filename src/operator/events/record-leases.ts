/** Changes of leases as events, and what protocols call them. */
import type { Reader } from '../../protocols/kit/reader.ts';
import type { Store, TenantEvent } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Events, NewEvent } from './events.ts';

export interface RecordLeasesOptions {
  readonly store: Pick<Store, 'observe'>;
  readonly events: Pick<Events, 'append'>;
  readerOf(protocol: string): Reader | undefined;
  /** Called with each change. */
  onChange(event: TenantEvent): void;
}

/** Records each change of a lease on this node. Returns how to stop that. */
export function recordLeases({ store, events, readerOf, onChange }: RecordLeasesOptions): () => void {
  return store.observe((event) => {
    const { tenant, type } = event;
    // Rendered when read: of leases that expire together, nearly all are overwritten unread.
    events.append({ tenant, toEvent: () => leaseEvent(event, `lease.${type}`) });
    const own = readerOf(protocolOf(tenant))?.eventOf?.(type);
    if (own !== undefined) events.append({ tenant, toEvent: () => leaseEvent(event, own) });
    onChange(event);
  });
}

function leaseEvent(
  { tenant, group, holder, epoch, revision, count, lateMs }: TenantEvent,
  type: string,
): NewEvent {
  const protocol = protocolOf(tenant);
  return { type, protocol, tenant, group, holder, epoch, revision, count, lateMs };
}
