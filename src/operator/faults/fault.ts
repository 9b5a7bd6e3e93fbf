/** What a fault rule is: which requests it matches, when it fires, and what it does. */
import { type Static, Type } from '@sinclair/typebox';
import { Duration } from '../duration.ts';
import { Selector } from '../selector/selector.ts';

const closed = { additionalProperties: false } as const;
const Headers = Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 4_096 }));
const Body = Type.Unknown({ description: 'text as it is, anything else as JSON' });

const Delay = Type.Union([
  Duration,
  Type.Object(
    { median: Duration, sigma: Type.Number({ minimum: 0, maximum: 3 }) },
    { ...closed, description: 'log-normal' },
  ),
]);

/** One effect; a delay combines with any other. */
export const Effect = Type.Object(
  {
    delay: Type.Optional(Delay),
    error: Type.Optional(
      Type.String({ description: "name of an error of the vendor's table", maxLength: 128 }),
    ),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    headers: Type.Optional(Headers),
    body: Type.Optional(Body),
    drop: Type.Optional(
      Type.Union([Type.Literal('before'), Type.Literal('after')], {
        description: 'close the connection without a reply, before or after the request took effect',
      }),
    ),
    reset: Type.Optional(Type.Literal(true, { description: 'reset the connection' })),
    truncate: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'share of the body to send before closing' }),
    ),
    dribble: Type.Optional(
      Type.Object({ bytes: Type.Integer({ minimum: 1, maximum: 65_536 }), every: Duration }, closed),
    ),
    garbage: Type.Optional(Type.Literal(true, { description: 'send bytes that are not HTTP' })),
    answer: Type.Optional(Body),
    hold: Type.Optional(Type.Literal(true, { description: 'hold the request until it is released' })),
    store: Type.Optional(Type.Union([Type.Literal('away'), Type.Literal('slow')])),
    lose: Type.Optional(
      Type.Literal(true, { description: 'do not send a report, and take it for delivered' }),
    ),
    repeat: Type.Optional(
      Type.Integer({ minimum: 2, maximum: 100, description: 'how often to send a report' }),
    ),
    swapWithNext: Type.Optional(
      Type.Literal(true, { description: 'send a report after the next one to the same callback' }),
    ),
  },
  { ...closed, minProperties: 1 },
);
export type Effect = Static<typeof Effect>;

const When = Type.Object(
  {
    skip: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'matches to let pass first' }),
    ),
    count: Type.Optional(
      Type.Union([Type.Integer({ minimum: 1, maximum: 1_000_000 }), Type.Literal('all')], {
        description: 'how often to fire; default 1',
      }),
    ),
    share: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'share of matches to fire on' })),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
    for: Type.Optional(Duration),
    clock: Type.Optional(
      Type.Union([Type.Literal('wall'), Type.Literal('lease')], {
        description: 'the clock of `for`; lease: that of `match.tenant`; default wall',
      }),
    ),
  },
  closed,
);

export const FaultId = Type.String({ pattern: '^[\\w.-]{1,64}$' });

export const Fault = Type.Object(
  { id: Type.Optional(FaultId), match: Type.Optional(Selector), when: Type.Optional(When), do: Effect },
  closed,
);
export type Fault = Static<typeof Fault>;

/** Effects of which a rule may have one. */
export const exclusiveEffects = [
  'error',
  'status',
  'drop',
  'reset',
  'truncate',
  'dribble',
  'garbage',
  'answer',
  'hold',
  'store',
  'lose',
  'repeat',
  'swapWithNext',
] as const satisfies readonly (keyof Effect)[];
