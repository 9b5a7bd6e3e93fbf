/** What requests about the clock take and return. */
import { type Static, Type } from '@sinclair/typebox';
import { Duration } from '../duration.ts';
import { Selector } from '../selector/selector.ts';

export const Reading = Type.Object({
  tenant: Type.Optional(
    Type.String({ description: 'absent: the clock of all tenants without one of their own' }),
  ),
  leaseMs: Type.Number({ description: 'the lease clock, ms; comparable only with itself' }),
  wallMs: Type.Number({ description: 'wall time of the store, ms since 1970' }),
  dateMs: Type.Number({
    description: 'the date that clients see, ms since 1970: wall time, moved and frozen with the clock',
  }),
  frozen: Type.Boolean(),
  offsetMs: Type.Number({
    description: 'by how much the clock of this tenant is ahead of that of all others',
  }),
});

export const ClockQuery = Type.Object({ tenant: Type.Optional(Type.String()) });

export const Clocks = Type.Composite([
  Reading,
  Type.Object({
    tenants: Type.Optional(
      Type.Array(Reading, { description: 'without a tenant: the clocks that tenants have of their own' }),
    ),
  }),
]);

const maxAdvanceMs = 100 * 365 * 24 * 3_600_000;

export const ClockChange = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({ description: 'moves the clock of this tenant alone', minLength: 1, maxLength: 1_024 }),
    ),
    protocol: Type.Optional(
      Type.String({ description: 'moves the clock of each tenant that this protocol has now' }),
    ),
    advance: Type.Optional(Duration),
    advanceMs: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: maxAdvanceMs,
        description: 'the same as advance, as a number of ms',
      }),
    ),
    advanceTo: Type.Optional(
      Type.Union([Type.String({ description: 'ISO 8601' }), Type.Number({ description: 'ms since 1970' })]),
    ),
    toNext: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000, description: 'over this many deadlines of leases' }),
    ),
    freeze: Type.Optional(Type.Boolean()),
    beating: Type.Optional(
      Type.Array(Selector, {
        maxItems: 100,
        description: 'holders that beat at a third of their TTL meanwhile',
      }),
    ),
    until: Type.Optional(Selector),
    dryRun: Type.Optional(Type.Boolean({ description: 'tells what would expire, and changes nothing' })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type ClockChange = Static<typeof ClockChange>;

const Fired = Type.Object({
  leaseMs: Type.Number({ description: 'the deadline, on the lease clock of the tenant' }),
  at: Type.String({ description: 'wall time at which it was recorded' }),
  date: Type.String({ description: 'the deadline as clients of the tenant see it' }),
  type: Type.String(),
  protocol: Type.String(),
  tenant: Type.String(),
  group: Type.String(),
  holder: Type.String(),
  epoch: Type.Integer(),
});

export const ClockChanged = Type.Object({
  clock: Reading,
  fired: Type.Array(Fired, { description: 'leases that expired, in the order of their deadlines' }),
  advancedMs: Type.Number({
    description: 'by how much the clock was advanced; less than asked if something ended it',
  }),
  settled: Type.Boolean({
    description:
      'everything reacted before the reply; false: an application did not answer in time, or there were too many steps',
  }),
});
