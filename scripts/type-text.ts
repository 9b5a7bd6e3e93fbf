/** Writes schemas of the OpenAPI document as TypeScript types. Pure. */

/** What the document's schemas are made of. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
}

/** A member of an object type. */
export interface Member {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description?: string | undefined;
}

/** Names of objects that occur more than once, by their schema as text. */
export type Names = ReadonlyMap<string, string>;

const plain: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
};

/** Smaller objects are written where they are. */
const minNamed = 4;

/** Returns names for the objects that occur more than once, made from where they occur first. */
export function nameShared(roots: Readonly<Record<string, Schema | undefined>>): Map<string, Schema> {
  const places = new Map<string, { readonly name: string; readonly schema: Schema; count: number }>();
  const visit = (schema: Schema | undefined, name: string): void => {
    if (schema === undefined) return;
    const { properties = {}, items, anyOf = [], additionalProperties } = schema;
    if (Object.keys(properties).length >= minNamed) {
      const known = places.get(keyOf(schema));
      if (known === undefined) places.set(keyOf(schema), { name, schema, count: 1 });
      else known.count += 1;
    }
    for (const [member, each] of Object.entries(properties)) visit(each, `${name}${capitalised(member)}`);
    for (const each of [items, ...anyOf]) visit(each, name);
    if (typeof additionalProperties === 'object') visit(additionalProperties, name);
  };
  for (const [name, schema] of Object.entries(roots)) visit(schema, capitalised(name));
  const named = new Map<string, Schema>();
  for (const { name, schema, count } of places.values()) {
    if (count < 2) continue;
    let free = name;
    for (let more = 2; named.has(free); more += 1) free = `${name}${more}`;
    named.set(free, schema);
  }
  return named;
}

/** Returns what a schema is looked up by. */
export const keyOf = ({ properties, required, additionalProperties }: Schema): string =>
  JSON.stringify({ properties, required, additionalProperties });

/** Returns a schema as a type, whose further lines are indented by so many spaces. */
export function typeText(schema: Schema | undefined, indent: number, names: Names): string {
  if (schema === undefined) return 'unknown';
  if (schema.enum !== undefined) return union(schema.enum.map(literal));
  if (schema.anyOf !== undefined) return union(schema.anyOf.map((each) => typeText(each, indent, names)));
  if (schema.type === 'array') return `readonly ${inParts(typeText(schema.items, indent, names))}[]`;
  if (schema.type !== 'object') return plain[schema.type ?? ''] ?? 'unknown';
  return names.get(keyOf(schema)) ?? objectText(schema, indent, names);
}

/** Returns an object as a type with all its members. */
export function objectText(schema: Schema, indent: number, names: Names): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  const others =
    typeof additionalProperties === 'object' ? typeText(additionalProperties, indent + 2, names) : 'unknown';
  if (Object.keys(properties).length === 0) return `Readonly<Record<string, ${others}>>`;
  const members = Object.entries(properties).map(([name, each]) => ({
    ...{ name, type: typeText(each, indent + 2, names), isRequired: required.includes(name) },
    description: each.description,
  }));
  const rest = isOpen ? `${' '.repeat(indent + 2)}[name: string]: unknown;\n` : '';
  return `{\n${membersText(members, indent + 2)}${rest}${' '.repeat(indent)}}`;
}

/** Returns the members of an object as lines. */
export function membersText(members: readonly Member[], indent: number): string {
  const margin = ' '.repeat(indent);
  return members
    .map(({ name, type, isRequired, description }) => {
      const comment =
        description === undefined ? '' : `${margin}/** ${description.replaceAll('*/', '*\\/')} */\n`;
      return `${comment}${margin}${nameText(name)}${isRequired ? '' : '?'}: ${type};\n`;
    })
    .join('');
}

const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).replace(/\W/g, '');

const nameText = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value);

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  return distinct.includes('unknown') ? 'unknown' : distinct.join(' | ');
}

/** Puts what is not one word or one object into parentheses. */
const inParts = (type: string): string => (/^(?:\w+|\{[^|]*\})$/s.test(type) ? type : `(${type})`);
