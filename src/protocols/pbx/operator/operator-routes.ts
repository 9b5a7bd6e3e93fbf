/** The operator routes of the PBX, under `/_heartbeatd/pbx`: what happens in the emulated PBX, and how deliveries go. */
import type { TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { App } from '../../kit/protocol.ts';
import { compiled } from '../../kit/validate.ts';
import type { PbxContext } from '../api/context.ts';
import { callRoutes } from './call-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { loginFailureRoutes } from './login-failure-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { reportLogRoutes } from './report-log-routes.ts';

/** Registers the routes; the caller sets the prefix. */
export async function operatorRoutes(app: App, context: PbxContext): Promise<void> {
  // Schemas are compiled when first used, and replies are not checked: the server starts faster.
  app.setValidatorCompiler(({ schema, httpPart }) => {
    const check = validate(schema as TSchema);
    // Text until then.
    return httpPart === 'querystring' ? (value) => check(Value.Convert(schema as TSchema, value)) : check;
  });
  app.setSerializerCompiler(() => (reply) => JSON.stringify(reply));
  eventRoutes(app, context);
  callRoutes(app, context);
  modelRoutes(app, context);
  deliveryRoutes(app, context);
  reportLogRoutes(app, context);
  deadLetterRoutes(app, context);
  loginFailureRoutes(app, context);
}

function validate(schema: TSchema) {
  const check = compiled(schema);
  return (value: unknown): { value: unknown } | { error: Error } => {
    if (check().Check(value)) return { value };
    const first = check().Errors(value).First();
    return { error: new Error(`${first?.path ?? ''}: ${first?.message ?? 'invalid value'}`) };
  };
}
