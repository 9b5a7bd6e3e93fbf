/** Who is alive. */
import type { Static } from '@sinclair/typebox';
import type { LeasesPage } from '../operator/leases/list-leases.ts';
import type { Selector } from '../operator/selector/selector.ts';
import type { Why } from '../operator/why/why-routes.ts';
import type { Requester } from './request.ts';

type Page = Static<typeof LeasesPage>;

/** A live lease. */
export type LiveLease = Page['leases'][number];
/** What a protocol knows of a group: for SLS, its shards. */
export type GroupState = Page['groups'][number];

/** Why something is as it is: sentences, and the data that they were made from. */
export type Explanation = Static<typeof Why>;

/** What to explain: a tenant, a group of it, or a holder. */
export interface WhySubject {
  readonly tenant: string;
  readonly group?: string;
  readonly holder?: string;
}

/** Names of what to list; all of them must match. */
export interface LeaseFilter {
  readonly protocol?: string;
  readonly tenant?: string;
  readonly group?: string;
  readonly holder?: string;
  /** Conditions by path into what the lease carries, such as `{ mood: 'fine' }`. */
  readonly body?: Selector['body'];
}

/** Which shard of which group goes to which consumer. */
export interface ShardMove {
  readonly tenant: string;
  /** `<logstore>/<consumer group>`. */
  readonly group: string;
  readonly shard: number;
  readonly to: string;
}

export interface Leases {
  /** Iterates over live leases, read a page at a time. */
  list(filter?: LeaseFilter): AsyncGenerator<LiveLease, void, void>;
  /** Resolves to the state of a tenant's groups, empty ones included. */
  groups(filter: LeaseFilter & { readonly tenant: string }): Promise<readonly GroupState[]>;
  /** Hands an SLS shard over to another live consumer: first its owner is told. Rejects with OperatorError 404 or 409. */
  move(move: ShardMove): Promise<Explanation>;
}

/** Returns the view of a server's leases. */
export function makeLeases({ json }: Requester): Leases {
  return {
    async *list(filter = {}) {
      let after: string | null | undefined;
      do {
        // A tenant that holds nothing has no leases.
        const page: Page | { readonly error: string } = await json('GET', '/leases', {
          query: { ...filter, after: after ?? undefined },
          accepts: [404],
        });
        if ('error' in page) return;
        yield* page.leases;
        after = page.next;
      } while (after !== null);
    },
    move: (move) => json('POST', '/leases/move', { body: move }),
    groups: async (filter) => (await json<Page>('GET', '/leases', { query: { ...filter } })).groups,
  };
}
