/** The live view of leases. */
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { refusals, tags } from '../schemas.ts';
import { LeasesPage, LeasesQuery, listLeases } from './list-leases.ts';

/** Registers `GET /leases`. */
export function leaseRoutes(
  app: App,
  store: Store,
  protocols: readonly Pick<Protocol, 'name' | 'viewGroups'>[],
): void {
  app.get(
    '/leases',
    {
      schema: {
        tags,
        operationId: 'listLeases',
        summary: 'Lists live leases, a page at a time, with the state of their groups',
        querystring: LeasesQuery,
        response: { 200: LeasesPage, ...refusals },
      },
    },
    async (request) => listLeases(store, protocols, request.query),
  );
}
