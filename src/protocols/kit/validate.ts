/** The one validation path: TypeBox schemas, compiled once, with the vendor's error for each failure. */
import type { Static, TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';

/** What does not match, for error messages: a JSON pointer (empty for the whole value) and a sentence. */
export interface Mismatch {
  readonly path: string;
  readonly message: string;
}

/** Returns the value if it matches, else throws the error that `refuse` makes. */
export type Validator<T> = (value: unknown, refuse: (mismatch: Mismatch) => Error) => T;

/** Returns a function that compiles a schema when it is first called: a server starts faster without those it never needs. */
function compiled<S extends TSchema>(schema: S): () => TypeCheck<S> {
  let check: TypeCheck<S> | undefined;
  return () => {
    check ??= TypeCompiler.Compile(schema);
    return check;
  };
}

/** Makes a validator; the schema is compiled once, when it is first used. */
export function validator<S extends TSchema>(schema: S): Validator<Static<S>> {
  const check = compiled(schema);
  return (value, refuse) => {
    if (check().Check(value)) return value;
    const first = check().Errors(value).First();
    throw refuse({ path: first?.path ?? '', message: first?.message ?? 'invalid value' });
  };
}

/** Makes a type guard, for values whose mismatch needs no words; the schema is compiled once, when it is first used. */
export function guard<S extends TSchema>(schema: S): (value: unknown) => value is Static<S> {
  const check = compiled(schema);
  return (value): value is Static<S> => check().Check(value);
}
