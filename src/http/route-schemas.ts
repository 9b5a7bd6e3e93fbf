/** Schemas of routes: compiled by TypeBox, with errors that name the nearest valid name. */
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors';
import { Value } from '@sinclair/typebox/value';
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify';
import { describeUnknown } from '../settings/nearest.ts';

/**
 * Parameters are text and are converted to the type that their schema wants. Bodies are taken as written, and may be absent where no
 * member is required.
 */
const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) =>
  compileOnUse(schema, { converts: httpPart !== 'body', part: httpPart ?? 'request' });

/** The option of Fastify that has schemas of routes compiled here; without it Fastify loads compilers that nothing uses. */
export const routeSchemas: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: {
    // Fastify's type of this factory is that of Ajv's; what it calls is a compiler like that of setValidatorCompiler.
    buildValidator: (() => compileValidator) as unknown as ValidatorFactory,
    buildSerializer: () => () => (reply) => JSON.stringify(reply),
  },
};

type Factories = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;
type ValidatorFactory = NonNullable<Factories['buildValidator']>;

/** Compiles a schema when the first request needs it, so that a server starts sooner. */
export function compileOnUse(
  schema: TSchema,
  { converts, part }: { readonly converts: boolean; readonly part: string },
) {
  let compiled: TypeCheck<TSchema> | undefined;
  const { properties = {}, required = [] } = schema as { properties?: object; required?: readonly string[] };
  const known = Object.keys(properties);
  const mayBeAbsent = part === 'body' && schema.type === 'object' && required.length === 0;
  return (given: unknown): { value: unknown } | { error: Error } => {
    compiled ??= TypeCompiler.Compile(schema);
    const whole = mayBeAbsent ? (given ?? {}) : given;
    const value = converts ? Value.Convert(schema, whole) : whole;
    const unknown = part === 'querystring' ? unknownName(value, known) : undefined;
    if (unknown !== undefined) return { error: new Error(unknown) };
    if (compiled.Check(value)) return { value };
    return { error: new Error(messageOf(compiled.Errors(value).First(), part)) };
  };
}

/** Returns what is wrong, and where; of a member that the schema does not have, the nearest one. */
function messageOf(error: ValueError | undefined, part: string): string {
  if (error === undefined) return `${part}: invalid value`;
  const { path, schema, message, type, value } = error;
  const words = wordsOf(schema);
  if (words.length > 0 && typeof value === 'string')
    return `${part}${path}: ${describeUnknown(value, words).replace('name', 'value')}`;
  if (type !== ValueErrorType.ObjectAdditionalProperties) return `${part}${path}: ${message}`;
  const at = path.lastIndexOf('/');
  const unknown = describeUnknown(path.slice(at + 1), Object.keys((schema.properties ?? {}) as object));
  return at === 0 ? unknown : `${part}${path.slice(0, at)}: ${unknown}`;
}

/** Returns the words that a schema takes, where it takes nothing else. */
function wordsOf({ anyOf = [], const: only }: TSchema): readonly string[] {
  if (typeof only === 'string') return [only];
  const words = (anyOf as readonly TSchema[]).map((each) => each.const as unknown);
  return words.every((word) => typeof word === 'string') ? words : [];
}

function unknownName(value: unknown, known: readonly string[]): string | undefined {
  const unknown = Object.keys((value ?? {}) as object).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : describeUnknown(unknown, known);
}
