/** Reads, freezes and advances the lease clock. */
import { Type } from '@sinclair/typebox';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import type { Events } from '../events/events.ts';
import { protocolOf } from '../metrics/metrics.ts';
import { refusals, tags } from '../schemas.ts';

const ClockReading = Type.Object({
  leaseMs: Type.Number({ description: 'the lease clock, ms; comparable only with itself' }),
  wallMs: Type.Number({ description: 'wall time of the store, ms since 1970' }),
  frozen: Type.Boolean(),
});

const ClockChange = Type.Object(
  {
    advanceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 * 365 * 24 * 3_600_000 })),
    freeze: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);

const ClockChanged = Type.Object({
  clock: ClockReading,
  fired: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      holder: Type.String(),
      epoch: Type.Integer(),
    }),
    { description: 'leases that expired' },
  ),
});

/** Registers `GET` and `POST /clock`. */
export function clockRoutes(app: App, store: Store, events: Pick<Events, 'append'>): void {
  app.get(
    '/clock',
    {
      schema: {
        tags,
        operationId: 'readClock',
        summary: 'Reads the lease clock',
        response: { 200: ClockReading, ...refusals },
      },
    },
    async () => store.readClock(),
  );
  app.post(
    '/clock',
    {
      schema: {
        tags,
        operationId: 'moveClock',
        summary: 'Advances, freezes or thaws the lease clock, and expires what fell due',
        body: ClockChange,
        response: { 200: ClockChanged, ...refusals },
      },
    },
    async (request) => {
      const { advanceMs, freeze } = request.body;
      // Frozen first, so that the advance is exact; thawed last, for the same reason.
      if (freeze === true) await store.freezeClock();
      const expired = advanceMs === undefined ? [] : await store.advanceClock(advanceMs);
      if (freeze === false) await store.thawClock();
      const fired = expired.map(({ tenant, group, holder, epoch }) => ({
        protocol: protocolOf(tenant),
        tenant,
        group,
        holder,
        epoch,
      }));
      const clock = await store.readClock();
      events.append({ type: 'clock.moved', advanceMs: advanceMs ?? 0, ...clock });
      return { clock, fired };
    },
  );
}
