/** When actors beat: by the lease clocks of their tenants, in real time and on the way of an advance. */
import type { ClockReading, ClockScope, Store, Tenant } from '../../store/store.ts';
import type { Beating } from '../clock/beating.ts';
import { type ActorClient, endTurns, takeTurn } from './client.ts';
import type { Actor } from './make-actor.ts';

/** Maximum pause between two looks at the clocks, ms: another node may advance, thaw or replace them. */
const maxPauseMs = 250;
const minPauseMs = 5;
/** Pause while the store is away, ms. */
const retryMs = 1_000;

export interface Schedule {
  /** Makes the turns of a tenant's actors that are due. Resolves to the ms until the next; Infinity: there is none. */
  act(tenant: Tenant): Promise<number>;
  /** Returns the beats on the way of an advance. */
  beating(scope: ClockScope): Beating;
  /** Has the clocks looked at again: there may be something to do. */
  wake(): void;
  close(): void;
}

/** Makes the schedule of actors. */
export function makeSchedule(
  store: Pick<Store, 'readClock' | 'ownClocks' | 'partitionOf'>,
  actors: ReadonlyMap<string, Actor>,
): Schedule {
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const tenants = (): readonly Tenant[] => [...new Set([...actors.values()].map(({ tenant }) => tenant))];

  const act = async (tenant: Tenant): Promise<number> => {
    const own = [...actors.values()].filter((actor) => actor.tenant === tenant);
    const before = await store.readClock(tenant);
    for (const actor of own)
      for (const client of actor.clients)
        if (isDue(client, actor, before)) void takeTurn(client, before.leaseMs, actor.everyMs);
    // Those too that began before: their next turns are known when they end.
    await endTurns(own.flatMap(({ clients }) => clients));
    const nextMs = own.reduce(
      (least, { clients }) => Math.min(least, nextOf(clients)),
      Number.POSITIVE_INFINITY,
    );
    return nextMs - before.leaseMs;
  };

  const lookAround = async (): Promise<void> => {
    let pauseMs = maxPauseMs;
    try {
      const waits = await Promise.all(tenants().map(act));
      pauseMs = Math.max(minPauseMs, Math.min(maxPauseMs, ...waits));
    } catch {
      // The store is away: the clients of actors would fail too.
      pauseMs = retryMs;
    }
    if (!isClosed && [...actors.values()].some(isBeating)) plan(pauseMs);
  };
  const plan = (pauseMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void lookAround(), pauseMs);
    timer.unref();
  };

  return {
    act,
    beating: (scope) => beatingOf({ store, act, tenants }, scope),
    wake() {
      if (!isClosed) plan(minPauseMs);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

const isBeating = ({ clients }: Actor): boolean =>
  clients.some(({ nextMs }) => nextMs !== Number.POSITIVE_INFINITY);

/** Readings go back where a tenant's clock is replaced or follows the others again: then the interval counts from now. */
function isDue(client: ActorClient, actor: Actor, { leaseMs }: ClockReading): boolean {
  if (client.turning !== undefined || client.nextMs === Number.POSITIVE_INFINITY) return false;
  client.nextMs = Math.min(client.nextMs, leaseMs + (actor.everyMs ?? client.played.everyMs));
  return client.nextMs <= leaseMs;
}

/** A turn under way has no next one yet. */
function nextOf(clients: readonly ActorClient[]): number {
  return clients.reduce(
    (least, { nextMs, turning }) => (turning === undefined ? Math.min(least, nextMs) : least),
    Number.POSITIVE_INFINITY,
  );
}

function beatingOf(
  {
    store,
    act,
    tenants,
  }: Pick<Schedule, 'act'> & {
    readonly store: Pick<Store, 'ownClocks' | 'partitionOf' | 'readClock'>;
    tenants(): readonly Tenant[];
  },
  scope: ClockScope,
): Beating {
  let nextMs = 0;
  /** Those whose clock the advance moves. */
  const moved = async (): Promise<readonly Tenant[]> => {
    if ('tenant' in scope) return tenants().filter((tenant) => tenant === scope.tenant);
    const inPartition = tenants().filter((tenant) => store.partitionOf(tenant) === scope.partition);
    if (inPartition.length === 0) return [];
    const own = new Set(await store.ownClocks());
    const readings = await Promise.all(
      inPartition.map(async (tenant) => ({
        tenant,
        isStill: own.has(tenant) && (await store.readClock(tenant)).frozen,
      })),
    );
    return readings.filter(({ isStill }) => !isStill).map(({ tenant }) => tenant);
  };
  return {
    get nextMs() {
      return nextMs;
    },
    async beat(elapsedMs) {
      const waits = await Promise.all((await moved()).map(act));
      nextMs = elapsedMs + Math.min(Number.POSITIVE_INFINITY, ...waits);
    },
    has: () => false,
  };
}
