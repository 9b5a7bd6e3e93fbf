/** What happened, in order, for streams and for assertions: bounded, with a cursor. */
import { KeptRequest, type RequestEvent } from './kept-request.ts';

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

/** An event that is made when it is read, for those that come with every request. */
export interface LazyEvent {
  /** Whose lease clock it is stamped with. */
  readonly tenant?: string | undefined;
  toEvent(): NewEvent;
}

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

export interface Events extends EventLog {
  append(event: NewEvent | LazyEvent): void;
  /**
   * Appends what happened at once: `count` events, of which `at` returns each by its index. Those that the last of them would drop unread are
   * counted and not asked for.
   */
  appendAll(count: number, at: (index: number) => LazyEvent): void;
  /** Appends an event of type `request`, of which only the subject is kept alive: there is one for every heartbeat. */
  appendRequest(request: RequestEvent): void;
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

/** A place of the ring, which is written again and again. */
class KeptEvent {
  seq = 0;
  atMs = Number.NaN;
  /** Not a number: it is not known. */
  leaseMs = Number.NaN;
  event: NewEvent | LazyEvent | undefined = undefined;
  /** In place of an event. */
  readonly request = new KeptRequest();
}

/** Makes a log of events: a ring, whose events are rendered when read, since a mass expiry appends many that may never be. */
export function makeEvents(wallMs: () => number, { max = defaultMax, leaseMs }: EventsOptions = {}): Events {
  const ring: KeptEvent[] = [];
  const listeners = new Set<() => void>();
  let newest = 0;
  const heardAtOnce = Math.ceil(max / 2);
  const droppedThrough = (): number => Math.max(0, newest - max);
  const leaseMsOf = (tenant: unknown): number =>
    (typeof tenant === 'string' ? leaseMs?.(tenant) : undefined) ?? Number.NaN;
  const placeAt = (atMs: number, leaseMsThen: number): KeptEvent => {
    const place = ring[newest % max] ?? new KeptEvent();
    ring[newest % max] = place;
    newest += 1;
    place.seq = newest;
    place.atMs = atMs;
    place.leaseMs = leaseMsThen;
    return place;
  };
  const nextPlace = (tenant: unknown): KeptEvent => placeAt(wallMs(), leaseMsOf(tenant));
  const changed = (): void => {
    if (listeners.size > 0) for (const listener of listeners) listener();
  };
  return {
    get newest() {
      return newest;
    },
    get droppedThrough() {
      return droppedThrough();
    },
    get missingThrough() {
      return droppedThrough();
    },
    append(event) {
      const place = nextPlace(event.tenant);
      place.event = event;
      changed();
    },
    appendAll(count, at) {
      const isHeard = listeners.size > 0;
      const atMs = wallMs();
      let stamped: { readonly tenant: string | undefined; readonly leaseMs: number } | undefined;
      const first = isHeard ? 0 : Math.max(0, count - max);
      newest += first;
      for (let index = first; index < count; index += 1) {
        const event = at(index);
        if (stamped === undefined || stamped.tenant !== event.tenant)
          stamped = { tenant: event.tenant, leaseMs: leaseMsOf(event.tenant) };
        placeAt(atMs, stamped.leaseMs).event = event;
        // Listeners read before anything is dropped.
        if (isHeard && (index + 1) % heardAtOnce === 0) changed();
      }
      if (count % heardAtOnce !== 0) changed();
    },
    appendRequest(request) {
      const place = nextPlace(request.subject.tenant);
      place.event = undefined;
      place.request.write(request);
      changed();
    },
    read(after, limit) {
      const first = Math.max(after, droppedThrough());
      const last = Math.min(newest, first + limit);
      const events: OperatorEvent[] = [];
      for (let seq = first; seq < last; seq += 1) {
        const kept = ring[seq % max];
        if (kept !== undefined) events.push(render(kept));
      }
      return events;
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function render({ seq, atMs, leaseMs, event, request }: KeptEvent): OperatorEvent {
  const told = event ?? request.toEvent();
  return {
    seq,
    at: new Date(atMs).toISOString(),
    leaseMs: Number.isNaN(leaseMs) ? null : leaseMs,
    ...('toEvent' in told ? (told as LazyEvent).toEvent() : told),
  };
}
