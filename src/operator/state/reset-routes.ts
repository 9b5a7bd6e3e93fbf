/** Brings one tenant, or all, back to the seed or to nothing. */
import { Type } from '@sinclair/typebox';
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { App } from '../../protocols/kit/protocol.ts';
import type { Store } from '../../store/store.ts';
import type { Fault } from '../faults/fault.ts';
import { refusals, tags } from '../schemas.ts';
import type { TestBench } from '../test-bench.ts';
import type { StateDocument } from './state-schema.ts';
import { knownTenants, replaceStates } from './tenant-states.ts';

const Reset = Type.Object(
  {
    tenant: Type.Optional(Type.String()),
    to: Type.Optional(
      Type.Union([Type.Literal('seed'), Type.Literal('empty')], {
        description: 'default: the seed, if the server was given one, or faults',
      }),
    ),
  },
  { additionalProperties: false },
);
const Count = Type.Integer({ minimum: 0 });
const ResetDone = Type.Object({
  tenants: Type.Array(Type.String(), { description: 'tenants that were removed or set to the seed' }),
  to: Type.Union([Type.Literal('seed'), Type.Literal('empty')]),
  removed: Type.Object(
    { leases: Count, documents: Count, topics: Count, faults: Count, requests: Count, actors: Count },
    { description: 'what is gone: of the store, rules of faults, entries of the journal, and actors' },
  ),
});

export interface ResetOptions {
  readonly store: Store;
  readonly bench: Pick<TestBench, 'events' | 'faults' | 'forget'>;
  /** Ends the actors of a tenant, or all, on every node, without a word. Resolves to how many those were. */
  endActors(tenant: string | undefined): Promise<number>;
  /** Rules that the server was started with. */
  readonly startFaults: readonly Fault[];
  /** Absent: the server was given none. */
  readonly seed: StateDocument | undefined;
}

/** Registers `POST /reset`. */
export function resetRoutes(app: App, options: ResetOptions): void {
  const { store, bench, seed, startFaults } = options;
  const hasSeed = seed !== undefined || startFaults.length > 0;
  app.post(
    '/reset',
    {
      schema: {
        tags,
        operationId: 'reset',
        summary:
          'Brings a tenant, or all, back to the seed or to nothing: leases, documents, topics, clock, faults, journal, actors, held polls',
        body: Reset,
        response: { 200: ResetDone, ...refusals },
      },
    },
    async (request) => {
      const { tenant, to = hasSeed ? 'seed' : 'empty' } = request.body;
      if (to === 'seed' && !hasSeed) throw new OperatorRefusal(400, 'to: the server was given no seed');
      const target = partOf(to === 'seed' ? seed : undefined, tenant);
      const known = tenant === undefined ? await knownTenants(store) : [tenant];
      const sizes = (await store.tenants()).filter((size) => known.includes(size.tenant));
      const total = (kind: 'leases' | 'documents' | 'topics') =>
        sizes.reduce((sum, size) => sum + size[kind], 0);
      // A clean slate: nothing of an earlier test fails, delays or satisfies the next one.
      const faults = await removeFaults(bench, tenant);
      // After the faults, which may hold their requests.
      const ended = await options.endActors(tenant);
      await replaceStates(store, target, known).apply();
      if (tenant === undefined) await store.thawClock();
      if (to === 'seed') await restoreFaults(bench, startFaults, tenant);
      const requests = await bench.forget(tenant);
      bench.events.append({ type: 'reset', tenant });
      return {
        tenants: [...new Set([...known, ...Object.keys(target.tenants)])].sort(),
        to,
        removed: {
          ...{ leases: total('leases'), documents: total('documents'), topics: total('topics') },
          ...{ faults, requests, actors: ended },
        },
      };
    },
  );
}

/** Returns the part of the seed that concerns a tenant, or all of it. */
function partOf(seed: StateDocument | undefined, tenant: string | undefined): StateDocument {
  if (seed === undefined) return { tenants: {} };
  if (tenant === undefined) return seed;
  const state = Object.hasOwn(seed.tenants, tenant) ? seed.tenants[tenant] : undefined;
  return { tenants: state === undefined ? {} : { [tenant]: state } };
}

/** Removes all rules, or those that match this tenant alone. Returns how many. */
async function removeFaults(
  { faults }: Pick<TestBench, 'faults'>,
  tenant: string | undefined,
): Promise<number> {
  if (tenant !== undefined) return faults.removeOf(tenant);
  const { length } = await faults.list();
  await faults.replaceAll([]);
  return length;
}

/** Adds the rules that the server was started with again: all, or those for this tenant alone. */
async function restoreFaults(
  { faults }: Pick<TestBench, 'faults'>,
  started: readonly Fault[],
  tenant: string | undefined,
): Promise<void> {
  if (started.length === 0) return;
  if (tenant === undefined) return faults.replaceAll(started);
  for (const fault of started) if (fault.match?.tenant === tenant) await faults.put(fault);
}
