/** The part of JSON Schema that the server's OpenAPI document uses: checks values. */

export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
}

/** Returns where a value first differs from a schema, in words; undefined if it matches. */
export function mismatch(schema: Schema, value: unknown, at = '$'): string | undefined {
  if (schema.const !== undefined && value !== schema.const)
    return `${at} is not ${JSON.stringify(schema.const)}`;
  if (schema.enum !== undefined && !schema.enum.includes(value))
    return `${at} is none of ${JSON.stringify(schema.enum)}`;
  for (const part of schema.allOf ?? []) {
    const wrong = mismatch(part, value, at);
    if (wrong !== undefined) return wrong;
  }
  if (schema.anyOf !== undefined) {
    const wrong = schema.anyOf.map((part) => mismatch(part, value, at));
    if (!wrong.includes(undefined)) return wrong.join(', and ');
  }
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(type, value)))
    return `${at} is not of type ${types.join(' or ')}`;
  if (Array.isArray(value)) return mismatchOfItems(schema, value, at);
  if (typeof value === 'object' && value !== null)
    return mismatchOfMembers(schema, value as Record<string, unknown>, at);
  return mismatchOfScalar(schema, value, at);
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function mismatchOfItems(
  { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY }: Schema,
  value: readonly unknown[],
  at: string,
): string | undefined {
  if (value.length < minItems || value.length > maxItems) return `${at} has ${value.length} items`;
  if (items === undefined) return undefined;
  for (const [index, item] of value.entries()) {
    const wrong = mismatch(items, item, `${at}[${index}]`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function mismatchOfMembers(schema: Schema, value: Record<string, unknown>, at: string): string | undefined {
  const { properties = {}, patternProperties = {}, additionalProperties = true, required = [] } = schema;
  const lacking = required.find((name) => !Object.hasOwn(value, name));
  if (lacking !== undefined) return `${at} lacks ${lacking}`;
  for (const [name, member] of Object.entries(value)) {
    const byPattern = Object.entries(patternProperties).find(([pattern]) =>
      new RegExp(pattern, 'u').test(name),
    )?.[1];
    const known = (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? byPattern;
    if (known === undefined && additionalProperties === false)
      return `${at} has ${name}, which is not described`;
    const schemaOf = known ?? (typeof additionalProperties === 'object' ? additionalProperties : {});
    const wrong = mismatch(schemaOf, member, `${at}.${name}`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function mismatchOfScalar(schema: Schema, value: unknown, at: string): string | undefined {
  if (typeof value === 'number') {
    if (value < (schema.minimum ?? Number.NEGATIVE_INFINITY)) return `${at} is below ${schema.minimum}`;
    if (value > (schema.maximum ?? Number.POSITIVE_INFINITY)) return `${at} is above ${schema.maximum}`;
  }
  if (typeof value === 'string') {
    const length = [...value].length;
    if (length < (schema.minLength ?? 0) || length > (schema.maxLength ?? length))
      return `${at} has ${length} characters`;
    if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value))
      return `${at} does not match ${schema.pattern}`;
  }
  return undefined;
}
