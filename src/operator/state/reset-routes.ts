/** Forgets everything of one tenant, or of all. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { followClocks } from '../clock/clock-routes.ts';
import { refusals, tags } from '../schemas.ts';
import type { TestBench } from '../test-bench.ts';

const Reset = Type.Object({ tenant: Type.Optional(Type.String()) }, { additionalProperties: false });
const ResetDone = Type.Object({
  tenants: Type.Array(Type.String(), { description: 'tenants that were removed' }),
});

/** Registers `POST /reset`. */
export function resetRoutes(
  app: App,
  store: Store,
  { events, faults, journal }: Pick<TestBench, 'events' | 'faults' | 'journal'>,
): void {
  app.post(
    '/reset',
    {
      schema: {
        tags,
        operationId: 'reset',
        summary:
          'Removes everything of a tenant, or of all tenants with the faults, and lets its clock follow wall time again',
        body: Reset,
        response: { 200: ResetDone, ...refusals },
      },
      // A reset of everything needs no body.
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request) => {
      const { tenant } = request.body;
      const tenants = tenant === undefined ? (await store.tenants()).map((size) => size.tenant) : [tenant];
      await Promise.all(tenants.map((name) => store.drop({ tenant: name })));
      // A clean slate: nothing of an earlier test fails or satisfies the next one.
      if (tenant === undefined) {
        faults.clear();
      }
      await followClocks(store, tenant);
      journal?.remove(tenant === undefined ? {} : { tenant });
      events.append({ type: 'reset', tenant });
      return { tenants };
    },
  );
}
