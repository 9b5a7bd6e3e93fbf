/** Passes each call to the PBX of its tenant. Calls of the default one, which most are, pay for one comparison. */
import type { Reply } from '../../../http/reply.ts';
import type { Tenant } from '../../../store/store.ts';
import type { PbxCall, PbxOperation } from '../api/call.ts';
import { memberOf } from '../api/parameters.ts';
import { defaultTenant, prefixOf, tenantOfUser } from '../tenant.ts';
import type { Tenants } from './tenants.ts';

/** Returns the table of the default tenant, whose operations run those of the tenant that a call is for. */
export function inTenants(tenants: Tenants): readonly PbxOperation[] {
  return tenants.get(defaultTenant).operations.map((operation, at) => inTenant(tenants, operation, at));
}

function inTenant(tenants: Tenants, operation: PbxOperation, at: number): PbxOperation {
  const { tenantFrom } = operation;
  const { directory } = tenants;
  const ofTenant = (tenant: Tenant): PbxOperation => tenants.get(tenant).operations[at] ?? operation;
  const knownTenantOf = (call: PbxCall): Tenant | undefined =>
    tenantFrom === 'username'
      ? tenantOfUser(memberOf(call.body, 'username'))
      : directory.knownTenantOf(tokenOf(call));
  const tokenOf = (call: PbxCall): string =>
    tenantFrom === 'refreshtoken' ? memberOf(call.body, 'refreshtoken') : call.token;

  const isOfDefault = (call: PbxCall): boolean =>
    tenantFrom === undefined && prefixOf(call.token) === undefined;

  return {
    ...operation,
    subject: (call) =>
      isOfDefault(call)
        ? operation.subject(call)
        : ofTenant(knownTenantOf(call) ?? defaultTenant).subject(call),
    run(call): Reply | Promise<Reply> {
      if (isOfDefault(call)) return operation.run(call);
      const known = knownTenantOf(call);
      if (known !== undefined) return ofTenant(known).run(call);
      return directory.tenantOf(tokenOf(call)).then((tenant) => ofTenant(tenant).run(call));
    },
  };
}
