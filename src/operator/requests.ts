/** How the operator API reads requests: JSON whatever the Content-Type says, and errors that name the nearest valid name. */
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
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
    const first = compiled.Errors(value).First();
    const path = first?.path ?? '';
    const name = path.slice(1);
    if (part === 'body' && name !== '' && !name.includes('/') && !known.includes(name))
      return { error: new Error(describeUnknown(name, known)) };
    return { error: new Error(`${part}${path}: ${first?.message ?? 'invalid value'}`) };
  };
}

function unknownName(value: unknown, known: readonly string[]): string | undefined {
  const unknown = Object.keys((value ?? {}) as object).find((name) => !known.includes(name));
  return unknown === undefined ? undefined : describeUnknown(unknown, known);
}
