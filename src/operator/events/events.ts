/** What happened, in order, for streams and for assertions: bounded, with a cursor. */
import { type CompletedRequest, requestEvent } from './completed-request.ts';

/** Types of events that every protocol has. */
export const commonEventTypes = [
  ...['lease.granted', 'lease.released', 'lease.expired', 'lease.changed', 'lease.renewed'],
  ...['request', 'fault.fired', 'clock.moved', 'reset', 'gap'],
];

/** An event as clients see it. */
export interface OperatorEvent {
  /** The cursor. */
  readonly seq: number;
  readonly at: string;
  /** The tenant's lease clock; null over Redis, and for what has no tenant. */
  readonly leaseMs?: number | null;
  /** `lease.expired`, `request`, `fault.fired`, `clock.moved`, `reset`, … */
  readonly type: string;
  readonly protocol?: string | undefined;
  readonly tenant?: string | undefined;
  readonly group?: string | undefined;
  readonly holder?: string | undefined;
  /** What the type tells besides. */
  readonly [detail: string]: unknown;
}

export type NewEvent = Omit<OperatorEvent, 'seq' | 'at' | 'leaseMs'> & { readonly type: string };

/** Events that can be read and waited for: those of this process, or of all nodes. */
export interface EventLog {
  /** Sequence number of the newest event; 0 before the first. */
  readonly newest: number;
  /** Sequence number of the newest event that was dropped for space; 0: none. */
  readonly droppedThrough: number;
  /** Sequence number up to which events may be missing; at least `droppedThrough`. */
  readonly missingThrough: number;
  /** The events after a cursor that are still kept, oldest first, at most `limit`. */
  read(after: number, limit: number): readonly OperatorEvent[];
  /** Calls a listener after each event; returns how to stop that. */
  onAppend(listener: () => void): () => void;
}

/** Events of one tenant that happened at once, made when they are read. */
export interface LazyEvents {
  readonly tenant: string;
  readonly count: number;
  toEvent(index: number): NewEvent;
}

export interface Events extends EventLog {
  append(event: NewEvent): void;
  /** Returns how many of so many events `appendAll` would keep: the last ones. The others would be dropped before they can be read. */
  keptOf(count: number): number;
  /** Appends events after those that `keptOf` says are not kept, which are only counted. */
  appendAll(events: LazyEvents, notKept: number): void;
  /** Appends an event of type `request`: the request itself, as there is one for every heartbeat. Its times are given, ms; not a number: unknown. */
  appendRequest(request: CompletedRequest, atMs: number, leaseMs: number): void;
}

/** Gives readers the events of all nodes. */
export interface EventFeed {
  /** Resolves when everything that has happened before, on any node, can be read. Rejects with StoreUnavailable. */
  open(options?: FeedOptions): Promise<OpenFeed>;
}

export interface FeedOptions {
  /** Whether the reader asks for renewals, of which there is one for each heartbeat; default: no. */
  readonly withRenewals?: boolean;
}

/** Events for one reader, who closes it. */
export interface OpenFeed {
  readonly events: EventLog;
  close(): void;
}

const defaultMax = 1_000;

export interface EventsOptions {
  /** Events that are kept. */
  readonly max?: number;
  /** Returns a tenant's lease clock at once; absent or undefined: it is not known here. */
  leaseMs?(tenant: string): number | undefined;
}

/** Makes a log of events, which are rendered when read, since a mass expiry appends many that may never be. */
export function makeEvents(wallMs: () => number, { max = defaultMax, leaseMs }: EventsOptions = {}): Events {
  const ring = makeEventRing(max);
  const { put } = ring;
  const listeners = new Set<() => void>();
  const heardAtOnce = Math.ceil(max / 2);
  const droppedThrough = (): number => Math.max(0, ring.newest - max);
  const leaseMsOf = (tenant: unknown): number =>
    (typeof tenant === 'string' ? leaseMs?.(tenant) : undefined) ?? Number.NaN;
  const changed = (): void => {
    if (listeners.size > 0) for (const listener of listeners) listener();
  };
  return {
    get newest() {
      return ring.newest;
    },
    get droppedThrough() {
      return droppedThrough();
    },
    get missingThrough() {
      return droppedThrough();
    },
    append(event) {
      put(event, wallMs(), leaseMsOf(event.tenant));
      changed();
    },
    keptOf: (count) => (listeners.size > 0 ? count : Math.min(count, max)),
    appendAll(events, notKept) {
      const wall = wallMs();
      const lease = leaseMsOf(events.tenant);
      ring.skip(notKept);
      for (let index = 0; index < events.count; index += 1) {
        ring.putLazy(events, index, wall, lease);
        // Listeners read before anything is dropped.
        if ((index + 1) % heardAtOnce === 0) changed();
      }
      if (events.count % heardAtOnce !== 0) changed();
    },
    appendRequest(request, wall, lease) {
      put(request, wall, lease);
      changed();
    },
    read(after, limit) {
      const first = Math.max(after, droppedThrough());
      const last = Math.min(ring.newest, first + limit);
      const events: OperatorEvent[] = [];
      for (let seq = first + 1; seq <= last; seq += 1) {
        const event = ring.render(seq);
        if (event !== undefined) events.push(event);
      }
      return events;
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The places in which events are kept: a ring, so that an event costs a few writes, whatever it displaces. */
interface EventRing {
  /** Sequence number of the newest event; 0 before the first. */
  readonly newest: number;
  /** Adds an event with its times, ms. `leaseMs`: not a number if it is not known. */
  put(this: void, event: NewEvent | CompletedRequest, atMs: number, leaseMs: number): void;
  /** Adds one of lazy events. */
  putLazy(events: LazyEvents, index: number, atMs: number, leaseMs: number): void;
  /** Counts events that are not kept; their places keep what they had, so at least as many as there are places must follow. */
  skip(count: number): void;
  /** Returns the event of a sequence number as clients see it; undefined if the place is free. The event must not have been displaced. */
  render(seq: number): OperatorEvent | undefined;
}

type Kept = NewEvent | LazyEvents | CompletedRequest;

/** Makes a ring without events. */
function makeEventRing(max: number): EventRing {
  const ring: Kept[] = [];
  const atMs = new Float64Array(max);
  /** Not a number: it is not known. */
  const leases = new Float64Array(max);
  /** Which of the lazy events. */
  const indexes = new Uint32Array(max);
  let newest = 0;
  /** The place after the newest: `newest % max`, without a division for each request. */
  let next = 0;
  const put = (event: Kept, wall: number, lease: number): number => {
    const place = next;
    next = place + 1 === max ? 0 : place + 1;
    ring[place] = event;
    atMs[place] = wall;
    leases[place] = lease;
    newest += 1;
    return place;
  };
  return {
    get newest() {
      return newest;
    },
    put,
    putLazy(events, index, wall, lease) {
      indexes[put(events, wall, lease)] = index;
    },
    skip(count) {
      newest += count;
      next = newest % max;
    },
    render(seq) {
      const place = (seq - 1) % max;
      const kept = ring[place];
      if (kept === undefined) return undefined;
      const lease = leases[place] ?? Number.NaN;
      return {
        seq,
        at: new Date(atMs[place] ?? 0).toISOString(),
        leaseMs: Number.isNaN(lease) ? null : lease,
        ...eventIn(kept, indexes[place] ?? 0),
      };
    },
  };
}

const isLazy = (kept: Kept): kept is LazyEvents => 'toEvent' in kept && typeof kept.toEvent === 'function';
const isRequest = (kept: NewEvent | CompletedRequest): kept is CompletedRequest => !('type' in kept);

/** `index`: which of lazy events. */
function eventIn(kept: Kept, index: number): NewEvent {
  if (isLazy(kept)) return kept.toEvent(index);
  return isRequest(kept) ? requestEvent(kept) : kept;
}
