/** The operator routes of the PBX, under `/_heartbeatd/pbx`: what happens in the emulated PBX, and how deliveries go. */
import { OperatorRefusal } from '../../kit/operator/refusal.ts';
import type { App } from '../../kit/protocol.ts';
import { defaultTenant, isPbxTenant } from '../tenant.ts';
import type { Tenants } from '../tenants/tenants.ts';
import { callRoutes } from './call-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { deliveryRoutes } from './delivery-routes.ts';
import { eventRoutes } from './event-routes.ts';
import { loginFailureRoutes } from './login-failure-routes.ts';
import { modelRoutes } from './model-routes.ts';
import { reportLogRoutes } from './report-log-routes.ts';
import type { ContextOf } from './update-model.ts';

/** Registers the routes; the caller sets the prefix. */
export async function operatorRoutes(app: App, tenants: Tenants): Promise<void> {
  const contextOf: ContextOf = ({ query }) => {
    const { tenant = defaultTenant } = query as { readonly tenant?: string };
    if (!isPbxTenant(tenant))
      throw new OperatorRefusal(
        400,
        `tenant: ${JSON.stringify(tenant.slice(0, 100))} is no PBX; name it pbx/<name>`,
      );
    return tenants.get(tenant).context;
  };
  eventRoutes(app, contextOf);
  callRoutes(app, contextOf);
  modelRoutes(app, contextOf);
  deliveryRoutes(app, contextOf);
  reportLogRoutes(app, contextOf);
  deadLetterRoutes(app, contextOf);
  loginFailureRoutes(app, tenants.get(defaultTenant).context);
}
