/** The live view of leases. */
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import { describeUnknown } from '../../settings/nearest.ts';
import type { Store } from '../../store/store.ts';
import { protocolOf } from '../metrics/metrics.ts';
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
        response: { 200: LeasesPage, ...refusals, 404: Failure },
      },
    },
    async (request) => {
      const page = await listLeases(store, protocols, request.query);
      if (page.leases.length === 0 && page.groups.length === 0)
        await checkNames(store, protocols, request.query);
      return page;
    },
  );
}

/** Throws OperatorRefusal if nothing was found because a name is misspelt: 400 for a protocol, 404 for a tenant that holds nothing. */
async function checkNames(
  store: Store,
  protocols: readonly Pick<Protocol, 'name'>[],
  { protocol, tenant }: { readonly protocol?: string; readonly tenant?: string },
): Promise<void> {
  const names = protocols.map(({ name }) => name);
  const isPattern = [protocol, tenant].some((name) => name?.includes('*'));
  if (isPattern) return;
  const wanted = protocol ?? (tenant === undefined ? undefined : protocolOf(tenant));
  if (wanted !== undefined && !names.includes(wanted))
    throw new OperatorRefusal(400, `protocol: ${describeUnknown(wanted, names)}`);
  if (tenant === undefined) return;
  const known = (await store.tenants()).map((size) => size.tenant);
  if (!known.includes(tenant))
    throw new OperatorRefusal(
      404,
      `tenant: ${describeUnknown(tenant, known)}; a tenant that holds nothing is not known`,
    );
}
