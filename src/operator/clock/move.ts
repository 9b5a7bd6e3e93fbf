/** Moves clocks as a request asks: reads what it means, and has each clock advanced. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { ClockReading, ClockScope, Store, Tenant } from '../../store/store.ts';
import type { Actors } from '../actors/actors.ts';
import { durationMs } from '../duration.ts';
import type { Events } from '../events/events.ts';
import { isEventSelected } from '../events/select-events.ts';
import { protocolOf } from '../metrics/metrics.ts';
import type { Selector } from '../selector/selector.ts';
import { type Advanced, type AdvanceOptions, advance, type Fired } from './advance.ts';
import { type Beating, joinBeating, selectBeating } from './beating.ts';
import type { ClockChange } from './clock-schema.ts';
import { leasesOf } from './leases-of.ts';
import type { AskedNodes } from './other-nodes.ts';

export interface MoveOptions extends AdvanceOptions {
  readonly events: Events;
  /** Clients that the server simulates: they beat on the way, as selected holders do. */
  readonly actors?: Pick<Actors, 'beating' | 'has'>;
  /** Begins a move for the other nodes. */
  readonly otherNodes: (until: Selector | undefined) => AskedNodes;
}

export interface Moved extends Advanced {
  readonly clock: ClockReading & { readonly tenant?: Tenant };
}

/** Whose clocks are moved. */
interface Target {
  /** The tenants that are moved by themselves; undefined: all follow the common clock. */
  readonly own: readonly Tenant[] | undefined;
  readonly scopes: readonly ClockScope[];
  /** All tenants whose leases may expire. */
  tenants(): Promise<readonly Tenant[]>;
}

/** Maximum number of leases that a dry run lists. */
const maxListed = 10_000;

/** Moves the clocks. Rejects with OperatorRefusal for a request that means nothing, or that would take time back. */
export async function moveClock(options: MoveOptions, change: ClockChange): Promise<Moved> {
  const { store } = options;
  checkChange(change);
  const target = await targetOf(store, change);
  if (change.dryRun === true) return dryRun(options, target, change);
  // Frozen first, so that the advance is exact; thawed last, for the same reason.
  if (change.freeze === true) await setFrozen(store, target, 'freezeClock');
  const moved = await advanceAll(options, target, change);
  if (change.freeze === false) await setFrozen(store, target, 'thawClock');
  return { ...moved, clock: await readTarget(store, target) };
}

function checkChange({ tenant, protocol, freeze, ...change }: ClockChange): void {
  if (tenant !== undefined && protocol !== undefined)
    throw new OperatorRefusal(400, 'tenant and protocol exclude each other');
  const ways = (['advance', 'advanceMs', 'advanceTo', 'toNext'] as const).filter(
    (way) => change[way] !== undefined,
  );
  if (ways.length > 1) throw new OperatorRefusal(400, `${ways.join(' and ')} exclude each other`);
  if (ways.length === 0 && freeze === undefined)
    throw new OperatorRefusal(400, 'one of advance, advanceTo, toNext and freeze is missing');
}

async function targetOf(store: Store, { tenant, protocol }: ClockChange): Promise<Target> {
  const known = async (): Promise<Tenant[]> => (await store.tenants()).map((size) => size.tenant);
  const own =
    tenant !== undefined
      ? [tenant]
      : protocol === undefined
        ? undefined
        : (await known()).filter((name) => protocolOf(name) === protocol);
  if (own?.length === 0) throw new OperatorRefusal(400, `protocol: ${protocol} has no tenants`);
  const partitions = Array.from({ length: store.partitions }, (_, partition) => ({ partition }));
  return {
    own,
    scopes: own?.map((name) => ({ tenant: name })) ?? partitions,
    tenants: async () => own ?? known(),
  };
}

async function setFrozen(store: Store, { own }: Target, change: 'freezeClock' | 'thawClock'): Promise<void> {
  await Promise.all((own ?? [undefined]).map((tenant) => store[change](tenant)));
}

/** Returns the clock that is furthest behind. */
async function readTarget(store: Store, { own }: Target): Promise<Moved['clock']> {
  const readings = await Promise.all((own ?? [undefined]).map((tenant) => store.readClock(tenant)));
  const clock = readings.reduce((behind, each) => (each.leaseMs < behind.leaseMs ? each : behind));
  const [tenant] = own ?? [];
  return own?.length === 1 && tenant !== undefined ? { tenant, ...clock } : clock;
}

async function advanceAll(options: MoveOptions, target: Target, change: ClockChange): Promise<Advanced> {
  const { store, protocols } = options;
  const timeOf = (name: string) => protocols.find((protocol) => protocol.name === name)?.time;
  const beatingOf = (tenants: readonly Tenant[]): Promise<Beating> =>
    selectBeating({ store, timeOf, actors: options.actors }, tenants, change.beating ?? []);
  const asked = options.otherNodes(change.until);
  const isFoundHere = watchUntil(options.events, change.until);
  const isStopped = (): boolean => isFoundHere() || asked.isFound;
  const times = change.toNext ?? 1;
  const all: Advanced[] = [];
  for (let time = 0; time < times && !isStopped(); time += 1) {
    const tenants = await target.tenants();
    const advanceMs = await advanceOf(store, target, change, await beatingOf(tenants));
    if (advanceMs === undefined) break;
    const one = await eachScope(target.scopes, async (scope) => {
      const selected = await beatingOf(tenantsIn(store, tenants, scope));
      const beating = joinBeating(selected, options.actors?.beating(scope));
      return advance(options, { scope, advanceMs, beating, isStopped, others: asked.during(scope) });
    });
    all.push(one);
    if (!one.settled && one.advancedMs < advanceMs) break;
  }
  return joined(all, (parts) => parts.reduce((sum, { advancedMs }) => sum + advancedMs, 0));
}

function tenantsIn(store: Store, tenants: readonly Tenant[], scope: ClockScope): readonly Tenant[] {
  if ('tenant' in scope) return [scope.tenant];
  return tenants.filter((tenant) => store.partitionOf(tenant) === scope.partition);
}

async function eachScope(
  scopes: readonly ClockScope[],
  move: (scope: ClockScope) => Promise<Advanced>,
): Promise<Advanced> {
  return joined(await Promise.all(scopes.map(move)), (parts) =>
    Math.min(...parts.map(({ advancedMs }) => advancedMs)),
  );
}

function joined(parts: readonly Advanced[], advancedOf: (parts: readonly Advanced[]) => number): Advanced {
  return {
    fired: parts.flatMap(({ fired }) => fired).sort((a, b) => a.leaseMs - b.leaseMs),
    advancedMs: parts.length === 0 ? 0 : advancedOf(parts),
    settled: parts.every(({ settled }) => settled),
  };
}

/** Returns by how much the clocks are advanced; undefined: no lease has a deadline to advance to. */
async function advanceOf(
  store: Store,
  target: Target,
  { advance: by, advanceMs, advanceTo, toNext }: ClockChange,
  beating: Beating,
): Promise<number | undefined> {
  if (toNext !== undefined) return untilNextLease(store, target, beating);
  if (advanceTo === undefined) return Math.floor(advanceMs ?? durationMs(by ?? 0));
  const toMs = typeof advanceTo === 'number' ? advanceTo : Date.parse(advanceTo);
  if (!Number.isFinite(toMs)) throw new OperatorRefusal(400, 'advanceTo: neither ISO 8601 nor ms since 1970');
  const { dateMs } = await readTarget(store, target);
  if (toMs < dateMs)
    throw new OperatorRefusal(
      400,
      `advanceTo: the clock is at ${new Date(dateMs).toISOString()} and does not go back`,
    );
  return Math.floor(toMs - dateMs);
}

async function untilNextLease(store: Store, target: Target, beating: Beating): Promise<number | undefined> {
  let leastMs: number | undefined;
  for await (const lease of leasesOf(store, await target.tenants()))
    if (!beating.has(lease)) leastMs = Math.min(leastMs ?? lease.remainingMs, lease.remainingMs);
  return leastMs === undefined ? undefined : Math.ceil(leastMs);
}

/** Returns a function that tells whether an event was appended since that matches. */
function watchUntil(events: Events, until: Selector | undefined): () => boolean {
  let after = events.newest;
  let isFound = false;
  return () => {
    if (until === undefined || isFound) return isFound;
    while (after < events.newest && !isFound) {
      const page = events.read(after, 1_000);
      isFound = page.some((event) => isEventSelected(event, until));
      after = page.at(-1)?.seq ?? events.newest;
    }
    return isFound;
  };
}

/** Returns what would expire: leases whose deadline is within the advance, if nobody beats but those that are told to. */
async function dryRun(options: MoveOptions, target: Target, change: ClockChange): Promise<Moved> {
  const { store, wallMs } = options;
  const tenants = await target.tenants();
  const sources = { store, timeOf: () => undefined, actors: options.actors };
  const beating = await selectBeating(sources, tenants, change.beating ?? []);
  const clocks = new Map(
    await Promise.all(tenants.map(async (tenant) => [tenant, await store.readClock(tenant)] as const)),
  );
  const at = new Date(wallMs()).toISOString();
  const due: Fired[] = [];
  const limitMs = change.toNext === undefined ? await advanceOf(store, target, change, beating) : undefined;
  for await (const lease of leasesOf(store, tenants)) {
    const { protocol, tenant, group, holder, epoch, remainingMs } = lease;
    const clock = clocks.get(tenant);
    if (clock === undefined || beating.has(lease) || remainingMs > (limitMs ?? remainingMs)) continue;
    if (change.toNext === undefined && due.length === maxListed)
      throw new OperatorRefusal(400, `more than ${maxListed} leases would expire`);
    const date = new Date(clock.dateMs + remainingMs).toISOString();
    const leaseMs = Math.floor(clock.leaseMs + remainingMs);
    due.push({ leaseMs, at, date, type: 'lease.expired', protocol, tenant, group, holder, epoch });
  }
  due.sort((a, b) => a.leaseMs - b.leaseMs);
  const moments = [...new Set(due.map(({ leaseMs }) => leaseMs))];
  const last = change.toNext === undefined ? undefined : (moments[change.toNext - 1] ?? moments.at(-1));
  const fired = last === undefined ? due : due.filter(({ leaseMs }) => leaseMs <= last);
  const clock = await readTarget(store, target);
  const advancedMs = limitMs ?? (last === undefined ? 0 : last - clock.leaseMs);
  return { clock, fired, advancedMs, settled: true };
}
