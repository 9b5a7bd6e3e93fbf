/** How the operator API reads requests: JSON whatever the Content-Type says, and errors that name the nearest valid name. */
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors';
import { Value } from '@sinclair/typebox/value';
import type { App } from '../protocols/kit/protocol.ts';
import { describeUnknown } from '../settings/nearest.ts';

/**
 * Bodies are JSON with any Content-Type, curl's default included: requests of web pages were refused before their body is read.
 * Parameters are text and are converted to the type that their schema wants; bodies are taken as written.
 */
export function readRequests(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => {
    if (body.toString().trim() === '') return done(null, undefined);
    try {
      done(null, JSON.parse(body.toString()));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      done(Object.assign(new Error(`the body is not JSON: ${message}`), { statusCode: 400 }), undefined);
    }
  });
  app.setValidatorCompiler(({ schema, httpPart }) =>
    compileOnUse(schema as TSchema, { converts: httpPart !== 'body', part: httpPart ?? 'request' }),
  );
  app.setSerializerCompiler(() => (reply) => JSON.stringify(reply));
}

/** Compiles a schema when the first request needs it, so that a server starts sooner. */
export function compileOnUse(
  schema: TSchema,
  { converts, part }: { readonly converts: boolean; readonly part: string },
) {
  let compiled: TypeCheck<TSchema> | undefined;
  const known = Object.keys((schema as { properties?: object }).properties ?? {});
  return (given: unknown): { value: unknown } | { error: Error } => {
    compiled ??= TypeCompiler.Compile(schema);
    const value = converts ? Value.Convert(schema, given) : given;
    const unknown = part === 'querystring' ? unknownName(value, known) : undefined;
    if (unknown !== undefined) return { error: new Error(unknown) };
    if (compiled.Check(value)) return { value };
    return { error: new Error(messageOf(compiled.Errors(value).First(), part)) };
  };
}

/** Returns what is wrong, and where; of a member that the schema does not have, the nearest one. */
function messageOf(error: ValueError | undefined, part: string): string {
  if (error === undefined) return `${part}: invalid value`;
  const { path, schema, message, type } = error;
  if (type !== ValueErrorType.ObjectAdditionalProperties) return `${part}${path}: ${message}`;
  const at = path.lastIndexOf('/');
  const unknown = describeUnknown(path.slice(at + 1), Object.keys((schema.properties ?? {}) as object));
  return at === 0 ? unknown : `${part}${path.slice(0, at)}: ${unknown}`;
}

function unknownName(value: unknown, known: readonly string[]): string | undefined {
  const unknown = Object.keys((value ?? {}) as object).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : describeUnknown(unknown, known);
}
