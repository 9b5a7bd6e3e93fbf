/** What the operator side takes and answers: the single source of validation, types and the OpenAPI document. */
import { Type } from '@sinclair/typebox';

export const Failure = Type.Object({ error: Type.String() });

export const Health = Type.Object({ status: Type.String() });

export const Readiness = Type.Object({
  status: Type.String(),
  away: Type.Optional(
    Type.Array(Type.Object({ partitions: Type.Array(Type.Integer()), reason: Type.String() }), {
      description: 'partitions of the store that are not served; absent: all are served',
    }),
  ),
});

export const LeasesQuery = Type.Object({
  protocol: Type.Optional(Type.String({ description: 'sls, pbx or presence' })),
  tenant: Type.Optional(Type.String()),
  group: Type.Optional(Type.String()),
  holder: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
  cursor: Type.Optional(Type.String({ description: '`next` of the page before' })),
});

export const LeasesPage = Type.Object({
  leases: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      holder: Type.String(),
      epoch: Type.Integer(),
      ttlMs: Type.Number(),
      remainingMs: Type.Number(),
      data: Type.Unknown({ description: 'what the lease carries: a callback, a state, or null' }),
    }),
  ),
  next: Type.Union([Type.String(), Type.Null()]),
  groups: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      state: Type.Unknown({
        description: 'what the protocol knows of the group: for SLS its shards and checkpoints',
      }),
    }),
  ),
});

export const ClockReading = Type.Object({
  leaseMs: Type.Number({ description: 'the lease clock, ms; comparable only with itself' }),
  wallMs: Type.Number({ description: 'wall time of the store, ms since 1970' }),
  frozen: Type.Boolean(),
});

export const ClockChange = Type.Object(
  {
    advanceMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 * 365 * 24 * 3_600_000 })),
    freeze: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);

export const ClockChanged = Type.Object({
  clock: ClockReading,
  fired: Type.Array(
    Type.Object({
      protocol: Type.String(),
      tenant: Type.String(),
      group: Type.String(),
      holder: Type.String(),
      epoch: Type.Integer(),
    }),
  ),
});

export const Reset = Type.Object({ tenant: Type.Optional(Type.String()) }, { additionalProperties: false });

export const ResetDone = Type.Object({ tenants: Type.Array(Type.String()) });
