/**
 * The embedded driver: the store inside this process, in memory or in memory with a file. For one process only.
 *
 * The working set is plain maps, not SQL: a renewal costs about a tenth of an SQLite update. SQLite keeps the record where
 * one is wanted.
 */
import { type Log, silentLog } from '../../settings/log.ts';
import type { Command, CommandName, StoreNow } from '../commands.ts';
import { type Driver, defaultEventRetention, type EventRetention, type Outcome } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { clockMovedTopic } from '../limits.ts';
import { tick } from '../runtime/lease-clock.ts';
import { commit, listDocuments, readDocuments } from './documents.ts';
import { dumpTenant, loadTenant } from './dumps.ts';
import { postponeWatches, watchEvents } from './events/watches.ts';
import { firstClock } from './file/clock-row.ts';
import { defaultMaxSlackMs } from './file/renewals.ts';
import { StoreFile } from './file/store-file.ts';
import { DueQueue } from './leases/due-queue.ts';
import { count, groups, groupsOf, members, readLease } from './leases/lease-reads.ts';
import { beat, release, setData } from './leases/leases.ts';
import { untilNextDue } from './leases/sweep.ts';
import { makeSweepSlice, nothingDue } from './leases/sweep-slice.ts';
import { readClock, setClock } from './own-clocks.ts';
import { dateNow, dropTenant, isEmpty, leaseNow, never, readTimetoken, type State } from './state.ts';
import { noChangeLog } from './steps/change-log.ts';
import { makeSteps, type Steps } from './steps/steps.ts';
import { readTopics, topicBounds } from './topics.ts';

/** Interval of the sweeps that delete the rows of ended leases while nothing is due, ms. */
const tidyIntervalMs = 20;

export interface EmbeddedOptions {
  /** Absent or empty: in memory only. */
  readonly path?: string;
  /** Wall time, ms since 1970. */
  readonly wallMs?: () => number;
  /** Measures how long a sweep takes, ms. */
  readonly monotonicMs?: () => number;
  readonly events?: EventRetention;
  readonly log?: Pick<Log, 'warn' | 'info'>;
  /** How much longer than its TTL a lease may be held after a kill because its last renewals were not written, ms; 0: each is written. */
  readonly maxSlackMs?: number;
  /** Maximum of the bytes of a tenant, and maximum number of tenants (`TenantFull`); absent or 0: none. */
  readonly maxTenantBytes?: number | undefined;
  readonly maxTenants?: number | undefined;
}

/** Opens the driver. Throws FileUnusable if the file cannot be opened, is damaged, or another process has it. */
export function openEmbeddedDriver(options: EmbeddedOptions = {}): Driver {
  const path = options.path ?? '';
  const wallMs = options.wallMs ?? Date.now;
  const monotonicMs = options.monotonicMs ?? (() => performance.now());
  const log = options.log ?? silentLog;
  const maxSlackMs = options.maxSlackMs ?? defaultMaxSlackMs;
  const file = path === '' ? undefined : new StoreFile(path, { log, maxSlackMs });
  const state = openState(file, wallMs, options);
  let appendListener: (tenant: Tenant, topic: string) => void = () => {};
  let claim = { owner: '', untilMs: 0 };

  const steps = makeSteps(state, file, log);
  /** Runs a step, then notifies of its appends. */
  const run = <T>(step: () => T): T => {
    const result = steps.run(step);
    if (state.appended.length === 0) return result;
    const appended = state.appended;
    state.appended = [];
    for (const { tenant, topic } of appended) appendListener(tenant, topic);
    return result;
  };

  const sweepSlice = makeSweepSlice(state, run, monotonicMs);

  return {
    description: file === undefined ? 'embedded, in memory' : `embedded, in ${path}`,
    partitions: 1,
    earlyFlushSize: Number.POSITIVE_INFINITY,
    sweepSize: Number.POSITIVE_INFINITY,
    partitionOf: () => 0,
    async execute(_partition, commands) {
      const refusal = steps.refusal();
      if (refusal !== undefined) return commands.map((command) => performRead(state, command, refusal));
      try {
        return run(() => commands.map((command) => perform(state, command)));
      } catch (error) {
        // What the reads returned may have been reverted.
        return commands.map((command) => performRead(state, command, error as Error));
      }
    },
    async sweep(_partition, owner, budget) {
      const refusal = steps.refusal();
      if (refusal !== undefined) throw refusal;
      const isClaimed = claim.owner !== owner && wallMs() < claim.untilMs;
      const { expired, more } = isClaimed ? run(nothingDue) : sweepSlice(budget);
      const untilTidyMs = tidyAfter(more, file, run) ? tidyIntervalMs : never;
      const nextInMs = Math.min(untilNextDue(state), untilTidyMs);
      return { expired, more, nextInMs: nextInMs === never ? null : nextInMs };
    },
    async claimSweep(_partition, owner, forMs) {
      if (forMs > 0 || claim.owner === owner) claim = { owner, untilMs: wallMs() + forMs };
    },
    readClock: async (_partition, tenant) => readClock(state, tenant),
    leaseMs: (tenant) => leaseNow(state, tenant),
    async setClock(_partition, change) {
      const moved = run(() => {
        const reading = setClock(state, change);
        if (change.tenant === undefined) postponeWatches(state, reading.advancedMs);
        file?.clockChanged();
        return reading;
      });
      appendListener(change.tenant ?? '', clockMovedTopic);
      return moved;
    },
    async tenants() {
      const tenants = [...state.tenants.values()].filter((tenant) => !isEmpty(tenant));
      return tenants.map(({ name, leases, documents, topics, bytes }) => ({
        tenant: name,
        leases,
        documents,
        topics: topics.size,
        bytes,
      }));
    },
    ownClocks: async () => [...state.clocks.keys()],
    // Notifications cost nothing within one process, and none is ever lost.
    async watchAppends() {},
    onAppend(listener) {
      appendListener = listener;
    },
    onGap() {},
    async ping() {
      const refusal = steps.refusal();
      const refusing = refusal === undefined ? [] : [{ partitions: [0], reason: refusal.message }];
      return { away: [], refusing };
    },
    async close() {
      // While the file refuses writes nothing but the clock and some slack is missing in it.
      if (steps.refusal() === undefined) file?.settle(state);
      file?.close();
    },
  };
}

/** After a sweep that left nothing due, deletes a part of what is to be deleted in the file. Returns whether there is more of that. */
function tidyAfter(isBehind: boolean, file: StoreFile | undefined, run: Steps['run']): boolean {
  const isChanged = file?.swept(isBehind ? 'behind' : 'done') === true;
  if (isBehind || file?.isUntidy !== true) return false;
  // The log that the sweeps before have filled is copied first: requests should not wait for both at once.
  if (isChanged) return true;
  try {
    run(() => file.tidy());
  } catch {
    // The next sweep reports that the file refuses writes.
  }
  return file.isUntidy;
}

/** Returns a new state, with what the file holds. */
function openState(
  file: StoreFile | undefined,
  wallMs: () => number,
  { events = defaultEventRetention, maxTenantBytes = 0, maxTenants = 0 }: EmbeddedOptions,
): State {
  const first = firstClock(wallMs());
  const before = file?.readClock();
  const clock = before === undefined ? first.clock : tick(before.clock, wallMs());
  const state: State = {
    clock,
    // No epoch may be used twice, also if the file lost its newest pages.
    sequence: Math.max(first.sequence, before?.sequence ?? 0),
    lastMicros: before?.lastMicros ?? first.lastMicros,
    wallMs,
    tenants: new Map(),
    due: new DueQueue(),
    ended: [],
    clocks: new Map(),
    changes: file ?? noChangeLog,
    eventRetention: events,
    maxTenantBytes: maxTenantBytes === 0 ? never : maxTenantBytes,
    maxTenants: maxTenants === 0 ? never : maxTenants,
    undo: undefined,
    appended: [],
  };
  // The clock may have advanced while no process had the file; deadlines move with it.
  file?.restore(state, before === undefined ? 0 : clock.leaseMs - before.clock.leaseMs);
  // Reading a large file takes time, which does not count either.
  state.clock = { ...clock, wallMs: wallMs() };
  if (file !== undefined) state.undo = [];
  return state;
}

const reads: ReadonlySet<CommandName> = new Set<CommandName>([
  'read',
  'members',
  'count',
  'groups',
  'groupsOf',
  'readDocuments',
  'listDocuments',
  'readTopics',
  'topicBounds',
  'now',
  'dump',
]);

/** Performs a command that changes nothing; any other one has `refusal` as its outcome. */
function performRead(state: State, command: Command, refusal: Error): Outcome {
  return reads.has(command.name) ? perform(state, command) : { error: refusal };
}

function perform(state: State, command: Command): Outcome {
  try {
    switch (command.name) {
      case 'beat':
        return beat(state, command.input);
      case 'release':
        return release(state, command.input);
      case 'setData':
        return setData(state, command.input);
      case 'read':
        return { result: readLease(state, command.input) };
      case 'members':
        return { result: members(state, command.input) };
      case 'count':
        return { result: count(state, command.input) };
      case 'groups':
        return { result: groups(state, command.input) };
      case 'groupsOf':
        return { result: groupsOf(state, command.input) };
      case 'readDocuments':
        return { result: readDocuments(state, command.input) };
      case 'listDocuments':
        return { result: listDocuments(state, command.input) };
      case 'commit':
        return { result: commit(state, command.input) };
      case 'readTopics':
        return { result: readTopics(state, command.input) };
      case 'watchEvents':
        return { result: watchEvents(state, command.input) };
      case 'topicBounds':
        return { result: topicBounds(state, command.input) };
      case 'now':
        return { result: readNow(state, command.input.tenant) };
      case 'drop':
        dropTenant(state, command.input.tenant);
        return { result: null };
      case 'dump':
        return { result: dumpTenant(state, command.input.tenant) };
      case 'load':
        loadTenant(state, command.input);
        return { result: null };
    }
  } catch (error) {
    return { error: error as Error };
  }
}

function readNow(state: State, tenant: Tenant): StoreNow {
  return {
    leaseMs: leaseNow(state, tenant),
    wallMs: Math.floor(state.wallMs()),
    dateMs: Math.floor(dateNow(state, tenant)),
    timetoken: readTimetoken(state, tenant),
    sequence: state.sequence,
  };
}
