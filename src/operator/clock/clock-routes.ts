/** Reads, advances, freezes and thaws the clocks of tenants. */
import { Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import { refusals, tags } from '../schemas.ts';
import type { CheckSelector } from '../selector/check.ts';
import { ClockChange, ClockChanged, ClockQuery, Clocks } from './clock-schema.ts';
import { type MoveOptions, moveClock } from './move.ts';

/** Registers `GET`, `POST` and `DELETE /clock`. */
export function clockRoutes(app: App, options: MoveOptions, check: CheckSelector): void {
  const { store, events } = options;
  app.get(
    '/clock',
    {
      schema: {
        tags,
        operationId: 'readClock',
        summary: 'Reads the clock of a tenant, or that of all and those that tenants have of their own',
        querystring: ClockQuery,
        response: { 200: Clocks, ...refusals },
      },
    },
    async ({ query: { tenant } }) => {
      if (tenant !== undefined) return { tenant, ...(await store.readClock(tenant)) };
      const own = [...(await store.ownClocks())].sort();
      const tenants = await Promise.all(
        own.map(async (name) => ({ tenant: name, ...(await store.readClock(name)) })),
      );
      return { ...(await store.readClock()), tenants };
    },
  );
  app.post(
    '/clock',
    {
      schema: {
        tags,
        operationId: 'moveClock',
        summary:
          'Advances, freezes or thaws the clock of a tenant or of all, step by step, and tells what expired',
        body: ClockChange,
        response: { 200: ClockChanged, ...refusals },
      },
    },
    async ({ body }) => {
      const { beating = [], until = {} } = body;
      for (const selector of beating) check(selector, { of: 'leases', where: 'beating.' });
      check(until, { of: 'events', where: 'until.' });
      try {
        const moved = await moveClock(options, body);
        const { tenant, protocol, dryRun } = body;
        const { advancedMs: advanceMs, clock } = moved;
        if (dryRun !== true) events.append({ type: 'clock.moved', protocol, tenant, advanceMs, ...clock });
        return { ...moved, fired: [...moved.fired] };
      } catch (error) {
        // Beyond the last date.
        throw error instanceof RangeError ? new OperatorRefusal(400, error.message) : error;
      }
    },
  );
  app.delete(
    '/clock',
    {
      schema: {
        tags,
        operationId: 'followClock',
        summary: 'Thaws the clock of a tenant and drops its offset; without a tenant, of all',
        querystring: ClockQuery,
        response: { 200: Type.Object({ clock: Clocks }), ...refusals },
      },
    },
    async ({ query: { tenant } }) => {
      await followClocks(store, tenant);
      const clock = await store.readClock(tenant);
      events.append({ type: 'clock.moved', tenant, advanceMs: 0, ...clock });
      return { clock: { ...(tenant === undefined ? {} : { tenant }), ...clock } };
    },
  );
}

/** Lets a tenant follow the common clock again; without a tenant all of them do, and that clock runs. */
export async function followClocks(store: Store, tenant?: string): Promise<void> {
  const tenants = tenant === undefined ? await store.ownClocks() : [tenant];
  await Promise.all(tenants.map((name) => store.followClock(name)));
  if (tenant === undefined) await store.thawClock();
}
