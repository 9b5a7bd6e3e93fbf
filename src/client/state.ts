/** The states of tenants: read, replaced, and kept on the server under a name. */
import type { StateDocument, TenantState } from '../operator/state/state-schema.ts';
import { everyPage } from './every-page.ts';
import type { Requester } from './request.ts';

export type { StateDocument, TenantState };

/** A state that the server keeps in memory. */
export interface Snapshot {
  readonly name: string;
  readonly at: string;
  /** Absent: of all tenants. */
  readonly tenant?: string;
  readonly tenants: readonly string[];
  /** Characters of its JSON. */
  readonly size: number;
}

export interface Snapshots {
  /** Keeps the state of all tenants, or of one; a snapshot of the same name is replaced. */
  take(name: string, tenant?: string): Promise<Snapshot>;
  /** Brings the tenants of a snapshot back to it. Rejects with OperatorError for an unknown name. */
  restore(name: string): Promise<Snapshot>;
  list(): Promise<readonly Snapshot[]>;
  remove(name: string): Promise<void>;
}

/** Returns the snapshots of a server. */
export function makeSnapshots({ json }: Requester): Snapshots {
  const pathOf = (name: string): string => `/snapshots/${encodeURIComponent(name)}`;
  return {
    take: (name, tenant) => json('POST', pathOf(name), { query: { tenant } }),
    restore: (name) => json('POST', `${pathOf(name)}/restore`),
    list: () => everyPage<'snapshots', Snapshot>(json, 'snapshots', { path: '/snapshots' }),
    async remove(name) {
      await json('DELETE', pathOf(name));
    },
  };
}
