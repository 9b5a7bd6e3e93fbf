/** States of tenants that this process keeps under a name, and returns to. */
import { type Static, Type } from '@sinclair/typebox';
import { pageOf, pageQuery, pageSchema } from '../../protocols/kit/operator/page.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import type { Events } from '../events/events.ts';
import { refusals, tags } from '../schemas.ts';
import { makeSnapshots, type Snapshot, type Snapshots } from './snapshots.ts';
import { knownTenants, readStates, replaceStates } from './tenant-states.ts';

const Query = Type.Object({ tenant: Type.Optional(Type.String()) });
const Name = Type.Object({ name: Type.String({ minLength: 1, maxLength: 100 }) });
const SnapshotView = Type.Object({
  name: Type.String(),
  at: Type.String(),
  tenant: Type.Optional(Type.String({ description: 'absent: of all tenants' })),
  tenants: Type.Array(Type.String()),
  size: Type.Integer({ description: 'characters of JSON' }),
});

export interface SnapshotOptions {
  readonly store: Store;
  readonly wallMs: () => number;
  readonly bench: { readonly events: Pick<Events, 'append'> };
}

/** Registers `/snapshots` and the routes below it. */
export function snapshotRoutes(app: App, options: SnapshotOptions): void {
  const snapshots = makeSnapshots(options.wallMs);
  listRoute(app, snapshots);
  takeRoute(app, snapshots, options);
  restoreRoute(app, snapshots, options);
  removeRoute(app, snapshots);
}

function viewOf({ tenant, tenants, ...rest }: Snapshot): Static<typeof SnapshotView> {
  return {
    ...rest,
    ...(tenant === undefined ? {} : { tenant }),
    tenants: [...tenants],
  };
}

function listRoute(app: App, snapshots: Snapshots): void {
  app.get(
    '/snapshots',
    {
      schema: {
        tags,
        operationId: 'listSnapshots',
        summary: 'Lists the snapshots of this process',
        querystring: Type.Object(pageQuery),
        response: { 200: pageSchema('snapshots', SnapshotView), ...refusals },
      },
    },
    async ({ query }) => {
      const list = { name: 'snapshots', items: snapshots.list(), placeOf: ({ name }: Snapshot) => [name] };
      const { items, next } = pageOf(list, query);
      return { snapshots: items.map(viewOf), next };
    },
  );
}

function takeRoute(app: App, snapshots: Snapshots, { store }: SnapshotOptions): void {
  app.post(
    '/snapshots/:name',
    {
      schema: {
        tags,
        operationId: 'takeSnapshot',
        summary: 'Keeps the state of a tenant, or of all, under a name',
        params: Name,
        querystring: Query,
        response: { 200: SnapshotView, ...refusals },
      },
    },
    async ({ params: { name }, query: { tenant } }) =>
      viewOf(
        snapshots.keep(name, await readStates(store, tenant === undefined ? undefined : [tenant]), tenant),
      ),
  );
}

function restoreRoute(app: App, snapshots: Snapshots, { store, bench: { events } }: SnapshotOptions): void {
  app.post(
    '/snapshots/:name/restore',
    {
      schema: {
        tags,
        operationId: 'restoreSnapshot',
        summary: 'Replaces the tenant of a snapshot, or all tenants, without events',
        params: Name,
        response: { 200: SnapshotView, ...refusals },
      },
    },
    async ({ params: { name } }) => {
      const { state, ...about } = snapshots.get(name);
      const { tenant } = about;
      const replaced = tenant === undefined ? await knownTenants(store) : [tenant];
      await replaceStates(store, state, replaced).apply();
      events.append({ type: 'reset', tenant });
      return viewOf(about);
    },
  );
}

function removeRoute(app: App, snapshots: Snapshots): void {
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
