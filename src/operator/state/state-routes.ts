/** States of tenants: read, replaced, kept under a name, and reset. */
import { type Static, Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import { compileOnUse } from '../requests.ts';
import { refusals, tags } from '../schemas.ts';
import { type ResetOptions, resetRoutes } from './reset-routes.ts';
import { makeSnapshots, type Snapshot } from './snapshots.ts';
import { checkTenantName, parseState } from './state-document.ts';
import { StateDocument } from './state-schema.ts';
import { knownTenants, readStates, replaceStates } from './tenant-states.ts';

/** Two tenants of the largest size, as base64. */
const maxBodyBytes = 96 * 1_048_576;

const Query = Type.Object({ tenant: Type.Optional(Type.String()) });
const checkQuery = compileOnUse(Query, { converts: true, part: 'querystring' });
const Replaced = Type.Object({ tenants: Type.Array(Type.String()) });
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });
const SnapshotView = Type.Object({
  name: Type.String(),
  at: Type.String(),
  tenant: Type.Optional(Type.String({ description: 'absent: of all tenants' })),
  tenants: Type.Array(Type.String()),
  size: Type.Integer({ description: 'characters of JSON' }),
});

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

function snapshotRoutes(app: App, { store, wallMs, bench: { events } }: StateOptions): void {
  const snapshots = makeSnapshots(wallMs);
  const view = ({ tenant, tenants, ...rest }: Snapshot): Static<typeof SnapshotView> => ({
    ...rest,
    ...(tenant === undefined ? {} : { tenant }),
    tenants: [...tenants],
  });
  const schema = { tags, response: { 200: SnapshotView, ...refusals } };
  app.get(
    '/snapshots',
    {
      schema: {
        tags,
        operationId: 'listSnapshots',
        summary: 'Lists the snapshots of this process',
        response: { 200: Type.Object({ snapshots: Type.Array(SnapshotView) }), ...refusals },
      },
    },
    async () => ({ snapshots: snapshots.list().map(view) }),
  );
  app.post(
    '/snapshots/:name',
    {
      schema: {
        ...schema,
        operationId: 'takeSnapshot',
        summary: 'Keeps the state of a tenant, or of all, under a name',
        params: Name,
        querystring: Query,
      },
    },
    async ({ params: { name }, query: { tenant } }) =>
      view(
        snapshots.keep(name, await readStates(store, tenant === undefined ? undefined : [tenant]), tenant),
      ),
  );
  app.post(
    '/snapshots/:name/restore',
    {
      schema: {
        ...schema,
        operationId: 'restoreSnapshot',
        summary: 'Replaces the tenant of a snapshot, or all tenants, without events',
        params: Name,
      },
    },
    async ({ params: { name } }) => {
      const { state, ...about } = snapshots.get(name);
      const { tenant } = about;
      const replaced = tenant === undefined ? await knownTenants(store) : [tenant];
      await replaceStates(store, state, replaced).apply();
      events.append({ type: 'reset', tenant });
      return view(about);
    },
  );
  app.delete(
    '/snapshots/:name',
    {
      schema: {
        tags,
        operationId: 'removeSnapshot',
        summary: 'Removes a snapshot',
        params: Name,
        response: { 200: Name, ...refusals },
      },
    },
    async ({ params: { name } }) => {
      snapshots.remove(name);
      return { name };
    },
  );
}
