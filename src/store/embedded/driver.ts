/**
 * The embedded driver: the store inside this process, in memory or in memory with a file. For one process only.
 *
 * The working set is plain maps, not SQL: a renewal costs about a tenth of an SQLite update. SQLite keeps the record where
 * one is wanted.
 */
import { type Log, silentLog } from '../../settings/log.ts';
import { type Driver, defaultEventRetention, type EventRetention } from '../driver.ts';
import type { Tenant } from '../leases.ts';
import { clockMovedTopic } from '../limits.ts';
import { tick } from '../runtime/lease-clock.ts';
import { perform, performRead } from './commands.ts';
import { postponeWatches } from './events/watches.ts';
import { firstClock } from './file/clock-row.ts';
import { defaultMaxSlackMs } from './file/renewals.ts';
import { StoreFile } from './file/store-file.ts';
import { DueQueue } from './leases/due-queue.ts';
import { readClock, setClock } from './own-clocks.ts';
import { isEmpty, leaseNow, never, type State } from './state.ts';
import { noChangeLog } from './steps/change-log.ts';
import { makeSteps } from './steps/steps.ts';
import { makeSweeps } from './sweeps.ts';

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
    ...makeSweeps({ state, file, steps: { run, refusal: steps.refusal }, monotonicMs }),
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
