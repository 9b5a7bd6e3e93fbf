/** What a page shows first: what is alive, and how busy it is. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { version } from '../../version.ts';
import { protocolOf } from '../metrics/metrics.ts';
import { refusals, tags } from '../schemas.ts';
import type { Lateness } from './lateness.ts';
import type { Rates } from './rates.ts';

export const Overview = Type.Object({
  version: Type.String(),
  store: Type.String({ description: 'the store, without credentials' }),
  nodes: Type.Array(
    Type.Object({
      id: Type.String({ description: 'host name, process id and a random part' }),
      self: Type.Boolean({ description: 'whether it is the node that replies' }),
    }),
    {
      description:
        'the nodes over the store that live, at most 100; one that crashed is listed for at most 15 seconds more',
    },
  ),
  tenants: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      leases: Type.Integer(),
      bytes: Type.Integer({ description: 'names and contents of all that it holds (MAX_TENANT_BYTES)' }),
    }),
    { description: 'tenants that hold anything, those with the most leases first, at most 1 000' },
  ),
  leases: Type.Record(Type.String(), Type.Integer(), { description: 'live leases by protocol' }),
  perSecond: Type.Object(
    {
      requests: Type.Array(Type.Integer()),
      errors: Type.Array(Type.Integer()),
      expiries: Type.Array(Type.Integer()),
    },
    { description: 'counts of this node in each of the last 600 seconds, the oldest first' },
  ),
  latenessP99Ms: Type.Union([Type.Number(), Type.Null()], {
    description: 'of the last 1 000 expiries that this node recorded; null: none yet',
  }),
});

const maxTenants = 1_000;
const maxNodes = 100;

interface OverviewSources {
  readonly store: Store;
  readonly rates: Rates;
  readonly lateness: Lateness;
  wallMs(): number;
  /** This node first. */
  liveNodes(): Promise<readonly string[]>;
}

/** Registers `GET /overview`. */
export function overviewRoutes(
  app: App,
  { store, rates, lateness, wallMs, liveNodes }: OverviewSources,
): void {
  app.get(
    '/overview',
    {
      schema: {
        tags,
        operationId: 'readOverview',
        summary: 'Tells what is alive and how busy this node is',
        response: { 200: Overview, ...refusals },
      },
    },
    async () => {
      const [tenants, nodes] = await Promise.all([store.tenants(), liveNodes()]);
      const sizes = tenants.filter(({ bytes }) => bytes > 0);
      const leases: Record<string, number> = {};
      for (const { tenant, leases: count } of sizes) {
        const protocol = protocolOf(tenant);
        if (count > 0) leases[protocol] = (leases[protocol] ?? 0) + count;
      }
      const nowMs = wallMs();
      return {
        version,
        store: store.description,
        nodes: nodes.slice(0, maxNodes).map((id, at) => ({ id, self: at === 0 })),
        tenants: sizes
          .toSorted((a, b) => b.leases - a.leases || b.bytes - a.bytes)
          .slice(0, maxTenants)
          .map(({ tenant, leases: count, bytes }) => ({
            ...{ protocol: protocolOf(tenant), tenant },
            ...{ leases: count, bytes },
          })),
        leases,
        perSecond: {
          requests: [...rates.read('requests', nowMs)],
          errors: [...rates.read('errors', nowMs)],
          expiries: [...rates.read('expiries', nowMs)],
        },
        latenessP99Ms: lateness.p99(),
      };
    },
  );
}
