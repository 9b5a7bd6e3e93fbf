/**
 * What a kind of report is: the neutral form in which it is queued, and how it is written in each of the four shapes that
 * applications ask for with their `version`. The shape is chosen when a report is delivered.
 */
import {
  type Static,
  type TLiteral,
  type TObject,
  type TProperties,
  type TSchema,
  Type,
} from '@sinclair/typebox';

/** How reports are written; `shapeOf` returns which one a `version` selects. */
export const shapes = ['legacy', 'callList', 'event', 'openvox'] as const;
export type Shape = (typeof shapes)[number];

/** Members in the order in which they are written. Pairs, since the legacy shape writes `ext` twice. */
export type Pairs = readonly (readonly [name: string, value: Value])[];
export type Value =
  | string
  | number
  | readonly string[]
  | { readonly pairs: Pairs }
  | readonly { readonly pairs: Pairs }[];

export interface ReportKind<S extends TSchema = TSchema> {
  readonly schema: S;
  /** Names under which it is sent: that of its neutral form, and those of its `action`. */
  readonly names: readonly string[];
  /** Returns the body: one line of compact JSON. Undefined: there is no such report in that shape. */
  render(report: Static<S>, shape: Shape, serial: string): string | undefined;
}

/** How the members of a report are written. */
interface Writing<R> {
  /** Returns the name on the wire. Default: the report's name in every shape. */
  wireName?(shape: Shape): string;
  /** Returns what follows the name. Undefined: there is no such report in that shape. Default: nothing follows. */
  members?(report: R, shape: Shape): Pairs | undefined;
}

export const maxTextLength = 256;
export const Text = Type.String({ maxLength: maxTextLength });
export const Name = Type.String({ minLength: 1, maxLength: maxTextLength });

export const Shapes = Type.Optional(
  Type.Array(Type.Union(shapes.map((shape) => Type.Literal(shape))), {
    description: 'shapes whose applications receive the report; absent: all',
  }),
);

type Schema<N extends string, P extends TProperties> = TObject<
  { report: TLiteral<N> } & P & { shapes: typeof Shapes }
>;

/** Declares a kind of report: its name, the properties of its neutral form, and how they are written. */
export function reportKind<const N extends string, P extends TProperties>(
  name: N,
  properties: P,
  { wireName, members }: Writing<Static<Schema<N, P>>> = {},
): ReportKind<Schema<N, P>> {
  const schema: Schema<N, P> = Type.Object(
    { report: Type.Literal(name), ...properties, shapes: Shapes },
    { additionalProperties: false },
  );
  const actions = shapes.filter((shape) => shape !== 'event').map((shape) => wireName?.(shape) ?? name);
  return {
    schema,
    names: [...new Set([name, ...actions])],
    render(report, shape, serial) {
      const written = members === undefined ? [] : members(report, shape);
      if (written === undefined) return undefined;
      const key = shape === 'event' ? 'event' : 'action';
      const first: Pairs = [[key, wireName?.(shape) ?? name]];
      // The oldest documents show no serial number.
      const last: Pairs = shape === 'legacy' ? [] : [['sn', serial]];
      return write([...first, ...written, ...last]);
    },
  };
}

/** Returns the pairs that have a value. */
export function present(pairs: readonly (readonly [string, string | undefined])[]): Pairs {
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
}

function write(pairs: Pairs): string {
  return `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${writeValue(value)}`).join(',')}}`;
}

function writeValue(value: Value): string {
  if (typeof value === 'string' || typeof value === 'number') return JSON.stringify(value);
  if ('pairs' in value) return write(value.pairs);
  const items: readonly (string | { readonly pairs: Pairs })[] = value;
  return `[${items.map((item) => (typeof item === 'string' ? JSON.stringify(item) : write(item.pairs))).join(',')}]`;
}
