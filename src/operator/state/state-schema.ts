/** The state of tenants as JSON. What `GET /state` returns is complete; in what is given, members may be left out. */
import { type Static, Type } from '@sinclair/typebox';
import { Duration } from '../duration.ts';

const strict = { additionalProperties: false } as const;
const whole = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));
const remaining = Type.Optional(Type.Union(Duration.anyOf, { description: 'time until it ends' }));
const json = Type.Optional(Type.Unknown({ description: 'JSON' }));
const text = Type.Optional(Type.String({ description: 'text that is not compact JSON' }));

const Lease = Type.Object(
  {
    ttl: Type.Optional(Type.Union(Duration.anyOf, { description: 'default: 60s' })),
    remaining,
    epoch: whole('fencing token; default: a new one'),
    data: json,
    dataText: Type.Optional(Type.String({ description: 'data that is not compact JSON' })),
  },
  strict,
);
const Document = Type.Object({ value: json, text, remaining, version: whole('default: a new one') }, strict);
const Entry = Type.Object(
  {
    position: Type.Optional(
      Type.String({ pattern: '^[1-9]\\d{0,19}$', description: 'default: a new timetoken' }),
    ),
    value: json,
    text,
    base64: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' })),
  },
  strict,
);
const Topic = Type.Object({ remaining, entries: Type.Array(Entry, { minItems: 1 }) }, strict);

export const TenantState = Type.Object(
  {
    clock: Type.Optional(
      Type.Object(
        {
          offset: Type.Optional(Type.Integer({ description: 'ms by which it is ahead of the common clock' })),
          frozen: Type.Optional(Type.Boolean()),
        },
        strict,
      ),
    ),
    documents: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Document), {
        description: 'by collection and key',
      }),
    ),
    leases: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Lease), { description: 'by group and holder' }),
    ),
    revisions: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 1 }), { description: 'by group' }),
    ),
    timetoken: Type.Optional(
      Type.String({ pattern: '^[1-9]\\d{0,19}$', description: 'later ones are greater' }),
    ),
    topics: Type.Optional(Type.Record(Type.String(), Topic)),
  },
  strict,
);
export type TenantState = Static<typeof TenantState>;

export const StateDocument = Type.Object({ tenants: Type.Record(Type.String(), TenantState) }, strict);
export type StateDocument = Static<typeof StateDocument>;
