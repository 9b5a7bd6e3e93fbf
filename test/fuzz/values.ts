/** Values for requests: those that a schema allows, those at its edges, and those that no schema expects. */
import type { Random } from '../random.ts';
import type { Schema } from './schema.ts';

const oddTexts = [
  '',
  ' ',
  '%',
  '%00',
  '%FF',
  '%2F',
  '%2C',
  ',',
  ',,',
  '.',
  '..',
  '*',
  'a.*',
  '*.a',
  '__proto__',
  'constructor',
  'toString',
  'a-pnpres',
  '{}',
  '[]',
  '{',
  'null',
  'true',
  'NaN',
  '-1',
  '-0',
  '0',
  '1e400',
  '1.5',
  '99999999999999999999',
  '9223372036854775808',
  '{"__proto__":{"x":1}}',
  'é',
  'ﬀ',
  '😀',
  '\u0000',
  '\u202e',
  '"',
  "'",
  '\\',
  '<a>',
  'x'.repeat(300),
  'MTQ0NzMyOTQwMTEwMjEzMDkwNA==',
  '=',
  '&',
  '#',
  '?',
  '+',
  '../../etc',
];

const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  -(2 ** 63),
  1e308,
  '',
  'x',
  [],
  [[]],
  [null],
  {},
  { a: 1 },
];

/** Returns a text that is seldom expected. */
export function oddText(random: Random): string {
  if (random.chance(0.75)) return random.pick(oddTexts);
  return Array.from({ length: random.below(12) }, () => String.fromCodePoint(random.below(0x2fff) + 1))
    .join('')
    .toWellFormed();
}

/** Returns any JSON value. */
export function oddValue(random: Random, depth = 0): unknown {
  if (depth < 3 && random.chance(0.2))
    return Array.from({ length: random.below(4) }, () => oddValue(random, depth + 1));
  if (depth < 3 && random.chance(0.2))
    return Object.fromEntries(
      Array.from({ length: random.below(4) }, () => [oddText(random), oddValue(random, depth + 1)]),
    );
  return random.chance(0.3) ? oddText(random) : random.pick(oddValues);
}

export interface ValueOptions {
  /** Share of members and items that are anything instead of what the schema says. */
  readonly oddShare: number;
  /** Returns a text for a member of this name that is likely to mean something; undefined: there is none. */
  readonly known: (name: string) => string | undefined;
}

/** Returns a value for a schema, usually one that it allows. `name`: of the member or parameter. */
export function valueFor(schema: Schema, name: string, random: Random, options: ValueOptions): unknown {
  if (random.chance(options.oddShare)) return oddValue(random);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined && schema.enum.length > 0) return random.pick(schema.enum);
  const choice = schema.anyOf ?? [];
  if (choice.length > 0) return valueFor(random.pick(choice), name, random, options);
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((part) => valueFor(part, name, random, options)));
  const type = schema.type === undefined ? undefined : random.pick([schema.type].flat());
  switch (type) {
    case 'string':
      return options.known(name) ?? textFor(schema, random);
    case 'integer':
    case 'number':
      return numberFor(schema, random);
    case 'boolean':
      return random.chance(0.5);
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: random.below(Math.min(schema.maxItems ?? 4, 4) + 1) }, () =>
        valueFor(schema.items ?? {}, name, random, options),
      );
    case 'object':
      return objectFor(schema, random, options);
    default:
      return oddValue(random);
  }
}

function objectFor(schema: Schema, random: Random, options: ValueOptions): Record<string, unknown> {
  const { properties = {}, required = [] } = schema;
  const members: [string, unknown][] = [];
  for (const [name, member] of Object.entries(properties)) {
    const share = required.includes(name) ? 1 - options.oddShare : 0.4;
    if (random.chance(share)) members.push([name, valueFor(member, name, random, options)]);
  }
  if (random.chance(options.oddShare)) members.push([oddText(random), oddValue(random)]);
  return Object.fromEntries(members);
}

function textFor({ minLength = 0, maxLength = 20 }: Schema, random: Random): string {
  if (random.chance(0.3)) return oddText(random);
  const edges = [minLength, minLength + 1, maxLength, Math.max(0, minLength - 1), maxLength + 1, 3];
  return 'a'.repeat(Math.min(random.pick(edges), 5_000));
}

function numberFor({ minimum = 0, maximum = 100 }: Schema, random: Random): number {
  return random.pick([
    minimum,
    maximum,
    minimum - 1,
    maximum + 1,
    minimum + 1,
    Math.floor((minimum + maximum) / 2),
    1,
    60,
  ]);
}
