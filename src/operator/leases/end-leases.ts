/** Ends leases by hand, as their deadline or their holder would. */
import { Type } from '@sinclair/typebox';
import { Failure, OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App, Protocol } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { refusals, tags } from '../schemas.ts';
import { LeasesQuery, listLeases } from './list-leases.ts';

const EndQuery = Type.Object(
  {
    ...Type.Pick(LeasesQuery, ['protocol', 'tenant', 'group', 'holder', 'body']).properties,
    as: Type.Optional(
      Type.Union([Type.Literal('expired'), Type.Literal('released')], {
        default: 'expired',
        description: 'expired: as if its time had run out; released: as if its holder had left',
      }),
    ),
  },
  { additionalProperties: false },
);
const Ended = Type.Object({
  ended: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      holder: Type.String(),
      epoch: Type.Integer(),
    }),
  ),
  more: Type.Boolean({ description: 'whether more leases match than one request ends' }),
});

const perRequest = 1_000;

/** Registers `DELETE /leases`. */
export function endLeasesRoutes(
  app: App,
  store: Store,
  protocols: readonly Pick<Protocol, 'name' | 'viewGroups'>[],
): void {
  app.delete(
    '/leases',
    {
      schema: {
        tags,
        operationId: 'endLeases',
        summary: 'Ends the selected leases, at most 1 000, as expired or as released',
        querystring: EndQuery,
        response: { 200: Ended, ...refusals, 404: Failure },
      },
    },
    async (request) => {
      const { as = 'expired', ...filter } = request.query;
      if (Object.keys(filter).length === 0)
        throw new OperatorRefusal(
          400,
          'name protocol, tenant, group, holder or body; POST /reset ends everything',
        );
      const { leases, next } = await listLeases(store, protocols, { ...filter, limit: perRequest });
      if (leases.length === 0 && next === null) throw new OperatorRefusal(404, 'no live lease matches');
      for (const { tenant, holder, group } of leases)
        await store.release({
          tenant,
          holder,
          groups: [group],
          ...(as === 'expired' ? { asExpired: true } : {}),
        });
      return {
        ended: leases.map(({ protocol, tenant, group, holder, epoch }) => ({
          protocol,
          tenant,
          group,
          holder,
          epoch,
        })),
        more: next !== null,
      };
    },
  );
}
