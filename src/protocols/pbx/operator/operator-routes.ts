/** The operator side of the PBX, under `/_heartbeatd/pbx`: what to play with, and what became of it. */
import type { TSchema } from '@sinclair/typebox';
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler';
import type { App } from '../../kit/protocol.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { modelRoutes } from './model-routes.ts';
import type { OperatorContext } from './operator-context.ts';
import { playRoutes } from './play-routes.ts';

function compileOnUse(schema: TSchema) {
  let compiled: TypeCheck<TSchema> | undefined;
  return (value: unknown): { value: unknown } | { error: Error } => {
    compiled ??= TypeCompiler.Compile(schema);
    if (compiled.Check(value)) return { value };
    const first = compiled.Errors(value).First();
    return { error: new Error(`${first?.path ?? ''}: ${first?.message ?? 'unreadable'}`) };
  };
}

/** Registers the routes; the prefix is the caller's. */
export async function operatorRoutes(app: App, context: OperatorContext): Promise<void> {
  // Compiled when first used, and answers not at all: a server begins to answer sooner.
  app.setValidatorCompiler(({ schema }) => compileOnUse(schema as TSchema));
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));
  playRoutes(app, context);
  modelRoutes(app, context);
  deliveryRoutes(app, context);
}
