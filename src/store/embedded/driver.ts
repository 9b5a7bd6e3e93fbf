/**
 * The embedded driver: the store inside this process, in memory, or in memory with a file that remembers it. One
 * process only.
 *
 * The working set is plain maps, not SQL: a renewal costs about a tenth of what an SQLite update costs, and SQLite keeps
 * the record where one is wanted.
 */
import { changeClock, readLeaseClock, tick } from '../runtime/lease-clock.ts';
import {
  type Command,
  type Driver,
  defaultEventKeeping,
  type EventKeeping,
  type Outcome,
  type Tenant,
} from '../store.ts';
import { commit, listDocuments, readDocuments } from './documents.ts';
import { DueHeap } from './due-heap.ts';
import { firstClock, StoreFile } from './file.ts';
import { beat, countLive, groups, groupsOf, members, readLease, release, setData, sweep } from './leases.ts';
import { type ChangeLog, leaseNow, type State } from './state.ts';
import { readTopics, topicBounds } from './topics.ts';

export interface EmbeddedOptions {
  /** Absent or empty: in memory only. */
  readonly path?: string;
  /** Wall time, ms since 1970. */
  readonly wallMs?: () => number;
  readonly events?: EventKeeping;
}

const remembersNothing: ChangeLog = {
  renewed() {},
  lease() {},
  document() {},
  appended() {},
  topicGone() {},
  dropped() {},
};

/** Throws FileUnusable if the file cannot be opened or another process has it. */
export function openEmbeddedDriver(options: EmbeddedOptions = {}): Driver {
  const wallMs = options.wallMs ?? Date.now;
  const path = options.path ?? '';
  const file = path === '' ? undefined : new StoreFile(path);
  const first = firstClock(wallMs());
  const before = file?.readClock();
  const clock = before === undefined ? first.clock : tick(before.clock, wallMs());
  const state: State = {
    clock,
    // A file that lost its newest pages must not make old epochs come again.
    sequence: Math.max(first.sequence, before?.sequence ?? 0),
    lastMicros: before?.lastMicros ?? first.lastMicros,
    wallMs,
    tenants: new Map(),
    due: new DueHeap(),
    log: file ?? remembersNothing,
    keeping: options.events ?? defaultEventKeeping,
    appended: [],
  };
  // The clock may have run on while there was no process. Leases, and all else that has a deadline, did not grow older.
  file?.restore(state, before === undefined ? 0 : clock.leaseMs - before.clock.leaseMs);
  // Nor do they while a large file is read.
  state.clock = { ...clock, wallMs: wallMs() };

  let appendListener: (tenant: Tenant, topic: string) => void = () => {};
  let claim = { owner: '', untilMs: 0 };

  const settle = (): void => {
    // What was told and set by this reading stays behind whatever comes, though wall time may go back; and deadlines that
    // were written with an older one would leave more than the whole of a lease.
    state.clock = tick(state.clock, wallMs());
    file?.flush(state);
    if (state.appended.length === 0) return;
    const appended = state.appended;
    state.appended = [];
    for (const { tenant, topic } of appended) appendListener(tenant, topic);
  };

  return {
    description: file === undefined ? 'embedded, in memory' : `embedded, in ${path}`,
    partitions: 1,
    eagerBatch: Number.POSITIVE_INFINITY,
    partitionOf: () => 0,
    async execute(_partition, commands) {
      const outcomes = commands.map((command) => perform(state, command));
      settle();
      return outcomes;
    },
    async sweep(_partition, owner, budget) {
      state.clock = tick(state.clock, wallMs());
      const claimed = claim.owner !== owner && wallMs() < claim.untilMs;
      const { expired, more } = claimed ? { expired: [], more: false } : sweep(state, budget);
      settle();
      const nextInMs = state.clock.frozen
        ? Number.POSITIVE_INFINITY
        : state.due.earliestMs - state.clock.leaseMs;
      return { expired, more, nextInMs: Number.isFinite(nextInMs) ? nextInMs : null };
    },
    async claimSweep(_partition, owner, forMs) {
      claim = { owner, untilMs: wallMs() + forMs };
    },
    async readClock() {
      const wall = wallMs();
      return { leaseMs: readLeaseClock(state.clock, wall), wallMs: wall, frozen: state.clock.frozen };
    },
    async setClock(_partition, change) {
      state.clock = changeClock(state.clock, wallMs(), change);
      file?.clockMoved();
      settle();
      return state.clock;
    },
    async tenants() {
      return [...state.tenants.values()].map(({ name, leases, documents, topics }) => ({
        tenant: name,
        leases,
        documents,
        topics: topics.size,
      }));
    },
    // Telling costs nothing inside one process.
    async attend() {},
    onAppend(listener) {
      appendListener = listener;
    },
    // Nothing is ever missed inside one process.
    onGap() {},
    async ping() {},
    async close() {
      file?.flush(state);
      file?.close();
    },
  };
}

function perform(state: State, command: Command): Outcome {
  try {
    switch (command.name) {
      case 'beat':
        return beat(state, command.ask);
      case 'release':
        return release(state, command.ask);
      case 'setData':
        return setData(state, command.ask);
      case 'read':
        return { answer: readLease(state, command.ask) };
      case 'members':
        return { answer: members(state, command.ask) };
      case 'count':
        return { answer: countLive(state, command.ask) };
      case 'groups':
        return { answer: groups(state, command.ask) };
      case 'groupsOf':
        return { answer: groupsOf(state, command.ask) };
      case 'readDocuments':
        return { answer: readDocuments(state, command.ask) };
      case 'listDocuments':
        return { answer: listDocuments(state, command.ask) };
      case 'commit':
        return { answer: commit(state, command.ask) };
      case 'readTopics':
        return { answer: readTopics(state, command.ask) };
      case 'topicBounds':
        return { answer: topicBounds(state, command.ask) };
      case 'now':
        return { answer: now(state) };
      case 'drop':
        return { answer: drop(state, command.ask.tenant) };
    }
  } catch (error) {
    return { error: error as Error };
  }
}

function now(state: State): { leaseMs: number; wallMs: number; timetoken: bigint } {
  const wallMs = state.wallMs();
  state.lastMicros = Math.max(state.lastMicros, Math.floor(wallMs * 1_000));
  return { leaseMs: leaseNow(state), wallMs: Math.floor(wallMs), timetoken: BigInt(state.lastMicros) * 10n };
}

function drop(state: State, name: Tenant): null {
  const tenant = state.tenants.get(name);
  if (tenant === undefined) return null;
  for (const group of tenant.groups.values())
    for (const lease of group.members.values()) state.due.forget(lease);
  for (const documents of tenant.collections.values()) {
    for (const document of documents.values()) state.due.forget(document);
  }
  for (const topic of tenant.topics.values()) state.due.forget(topic);
  state.tenants.delete(name);
  state.log.dropped(name);
  return null;
}
