/** What the parts of the simulation share: the server nodes, the clients, the order of events, and all that is random. */
import { defaultConfig } from '../../../../../src/config.ts';
import { makeSlsContext, type SlsContext } from '../../../../../src/protocols/sls/context.ts';
import { SlsError } from '../../../../../src/protocols/sls/wire/error-entry.ts';
import { silentLog } from '../../../../../src/settings/log.ts';
import { openEmbeddedDriver } from '../../../../../src/store/embedded/driver.ts';
import { createStore } from '../../../../../src/store/runtime/create-store.ts';
import type { Store } from '../../../../../src/store/store.ts';

export interface Faults {
  /** Requests are lost, delayed and repeated. */
  readonly network: boolean;
  /** Clients crash, restart and pause. */
  readonly crashes: boolean;
  /** Shards are split and merged. */
  readonly reshapes: boolean;
  /** Clients' clocks are set. */
  readonly clocks: boolean;
  /** Clients' clocks differ from the server's and from each other, by up to a day. */
  readonly skews: boolean;
  /**
   * Dates of heartbeats: `own`, the time of their client's clock; `equal`, all the same second, at which the server's clock stands as well;
   * `absent`, none. If dates do not tell the order, no heartbeat overtakes another.
   */
  readonly dates: 'own' | 'equal' | 'absent';
}

/** Corrupts the server's state between two steps, to prove that the checks detect it. */
export type Poison = (store: Store, random: () => number) => Promise<void>;

export interface HistoryOptions {
  readonly seed: number;
  readonly faults: Faults;
  readonly poison?: Poison;
}

export interface HistoryResult {
  readonly heartbeats: number;
  readonly grants: number;
  readonly handOvers: number;
}

export const tenant = 'sls/sim';
export const project = 'sim';
const logstore = 'logs';
export const groupRef = { project, logstore, group: 'cg' };
export const startMs = 1_700_000_000_000;
/** Time between two heartbeats of a client. */
export const intervalMs = 2_000;
export const timeoutMs = 4_000;
/** When the faults end. */
export const stormMs = 60_000;

export class Violation extends Error {
  override readonly name = 'Violation';
}

/** A worker of one of the libraries: it reports every shard that it was assigned and has not shut down. */
export interface Client {
  readonly name: string;
  isRunning: boolean;
  /** Number of its starts: events of earlier lives are ignored. */
  life: number;
  pausedUntilMs: number;
  clockOffsetMs: number;
  granted: ReadonlySet<number>;
  /** Shards it consumes or shuts down, with the epoch of the lease under which it was assigned each. */
  readonly holds: Map<number, number>;
  readonly closing: Set<number>;
  lastSuccessMs: number;
  beat: number;
  /** Number of its requests that have not arrived. */
  underWay: number;
}

/** The state of one history. */
export interface World {
  readonly faults: Faults;
  readonly store: Store;
  readonly nodes: readonly SlsContext[];
  readonly clients: readonly Client[];
  /** Whether the group is consumed in order. */
  readonly isOrdered: boolean;
  /** The epoch of each client's lease. */
  readonly epochs: Map<string, number>;
  readonly lastHeardMs: Map<string, number>;
  /** Since when no client holds a shard; for shards that a client held, `seenShards`. */
  readonly idleSince: Map<number, number>;
  readonly seenShards: Set<number>;
  readonly events: { readonly atMs: number; readonly order: number; run(): Promise<void> }[];
  /** Requests that arrive in the step in which they were sent. */
  readonly inThisStep: Promise<void>[];
  readonly result: { heartbeats: number; grants: number; handOvers: number };
  readonly nowMs: number;
  /** Whether the faults have ended. */
  isQuiet: boolean;
  violation: Violation | undefined;
  /** Returns a number from 0 to below 1. */
  random(this: void): number;
  below(limit: number): number;
  chance(share: number): boolean;
  /** Returns one of the nodes. */
  node(): SlsContext;
  /** Schedules an event after a delay, ms. */
  at(delayMs: number, run: () => Promise<void>): void;
  /** Sets the time. */
  advanceTo(atMs: number): void;
  /** Ends the history after this step. */
  violate(what: string): void;
}

/** Makes a world in which nothing has happened. */
export function makeWorld({ seed, faults }: HistoryOptions): World {
  const random = randomFrom(seed);
  let nowMs = 0;
  const below = (limit: number): number => Math.floor(random() * limit);
  const chance = (share: number): boolean => random() < share;
  const wallMs = (): number => startMs + (faults.dates === 'equal' ? 0 : nowMs);
  const store = createStore(openEmbeddedDriver({ wallMs }));
  const isOrdered = chance(0.4);
  const randomBytes = (size: number): Buffer => Buffer.from(Array.from({ length: size }, () => below(256)));
  const nodes = Array.from({ length: 1 + below(3) }, () =>
    makeSlsContext({ store, log: silentLog, wallMs, randomBytes }, defaultConfig()),
  );
  const clients = Array.from({ length: 1 + below(5) }, (_, at) =>
    makeClient(`c${at}`, faults.skews ? (below(2 * 86_400) - 86_400) * 1_000 : 0),
  );
  let scheduled = 0;
  const world: World = {
    ...{ faults, store, nodes, clients, isOrdered, random, below, chance },
    epochs: new Map(),
    lastHeardMs: new Map(),
    idleSince: new Map(),
    seenShards: new Set(),
    events: [],
    inThisStep: [],
    result: { heartbeats: 0, grants: 0, handOvers: 0 },
    get nowMs() {
      return nowMs;
    },
    isQuiet: false,
    violation: undefined,
    node() {
      const node = nodes[below(nodes.length)];
      if (node === undefined) throw new Error('there is a node');
      return node;
    },
    at(delayMs, run) {
      scheduled += 1;
      // In steps of 100 ms, so that events often coincide.
      const atMs = nowMs + Math.ceil(delayMs / 100) * 100;
      world.events.push({ atMs, order: scheduled, run });
    },
    advanceTo(atMs) {
      nowMs = atMs;
    },
    violate(what) {
      world.violation ??= new Violation(`at ${nowMs} ms: ${what}`);
    },
  };
  observeLeases(world);
  return world;
}

function makeClient(name: string, clockOffsetMs: number): Client {
  return {
    name,
    isRunning: false,
    life: 0,
    pausedUntilMs: 0,
    clockOffsetMs,
    granted: new Set<number>(),
    holds: new Map(),
    closing: new Set(),
    lastSuccessMs: 0,
    beat: 0,
    underWay: 0,
  };
}

/** Keeps the epochs of leases, and checks that none expires early. */
function observeLeases(world: World): void {
  world.store.observe(({ type, holder, epoch }) => {
    if (type === 'granted') world.epochs.set(holder, epoch);
    else if (type !== 'changed') {
      world.epochs.delete(holder);
      const silentMs = world.nowMs - (world.lastHeardMs.get(holder) ?? 0);
      if (silentMs < timeoutMs) world.violate(`${holder} expired after ${silentMs} ms of silence`);
    }
  });
}

/** Returns a generator of numbers from 0 to below 1, which follow from the seed. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Throws what is no error of the vendor's that a client expects. */
export function passSlsError(error: Error): void {
  if (!(error instanceof SlsError) || error.status >= 500) throw error;
}
