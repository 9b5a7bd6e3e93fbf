/** States of tenants: read, replaced, kept under a name, and reset. */
import { Type } from '@sinclair/typebox';
import { compileOnUse } from '../../http/route-schemas.ts';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { refusals, tags } from '../schemas.ts';
import { type ResetOptions, resetRoutes } from './reset-routes.ts';
import { snapshotRoutes } from './snapshot-routes.ts';
import { checkTenantName, parseState } from './state-document.ts';
import { StateDocument } from './state-schema.ts';
import { knownTenants, readStates, replaceStates } from './tenant-states.ts';

/** Two tenants of the largest size, as base64. */
const maxBodyBytes = 96 * 1_048_576;

const Query = Type.Object({ tenant: Type.Optional(Type.String()) });
const checkQuery = compileOnUse(Query, { converts: true, part: 'querystring' });
const Replaced = Type.Object({ tenants: Type.Array(Type.String()) });

export interface StateOptions extends ResetOptions {
  readonly protocols: readonly { readonly name: string }[];
  readonly wallMs: () => number;
}

/** Registers `/state`, `/snapshots` and `POST /reset`. */
export function stateRoutes(app: App, options: StateOptions): void {
  resetRoutes(app, options);
  readRoute(app, options);
  replaceRoute(app, options);
  snapshotRoutes(app, options);
}

function readRoute(app: App, { store }: StateOptions): void {
  app.get(
    '/state',
    {
      schema: {
        tags,
        operationId: 'readState',
        summary: 'Returns all that a tenant holds, or all tenants, as JSON with sorted keys',
        querystring: Query,
        response: { 200: StateDocument, ...refusals },
      },
    },
    async ({ query: { tenant } }) => readStates(store, tenant === undefined ? undefined : [tenant]),
  );
}

function replaceRoute(app: App, { store, protocols, bench: { events } }: StateOptions): void {
  const names = protocols.map(({ name }) => name);
  app.put(
    '/state',
    {
      bodyLimit: maxBodyBytes,
      schema: {
        tags,
        operationId: 'replaceState',
        summary: 'Replaces all that a tenant holds, or all tenants, without events; each tenant in one step',
        querystring: Query,
        body: StateDocument,
        response: { 200: Replaced, ...refusals },
      },
      // The compiler of the routes names the first wrong member only by its path.
      validatorCompiler: ({ httpPart }) =>
        httpPart === 'body' ? (value: unknown) => checked(value) : checkQuery,
    },
    async ({ query: { tenant }, body }) => {
      const given = Object.keys(body.tenants);
      for (const name of given) checkTenantName(name, names);
      const other = given.find((name) => tenant !== undefined && name !== tenant);
      if (other !== undefined)
        throw new OperatorRefusal(400, `tenants: ${other} is not ${tenant}, which alone is replaced`);
      const replaced = tenant === undefined ? await knownTenants(store) : [tenant];
      await replaceStates(store, body, replaced).apply();
      for (const name of given) events.append({ type: 'reset', tenant: name });
      return { tenants: [...new Set([...replaced, ...given])].sort() };
    },
  );
}

function checked(value: unknown): { value: unknown } | { error: Error } {
  try {
    return { value: parseState(value) };
  } catch (error) {
    return { error: error as Error };
  }
}
