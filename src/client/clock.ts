/** Moves time. */
import type { Static } from '@sinclair/typebox';
import type { ClockChanged, Clocks } from '../operator/clock/clock-schema.ts';
import type { Selector } from '../operator/selector/selector.ts';
import type { Requester } from './request.ts';

/** Milliseconds, or text such as `90s`, `30m`, `1500ms`. */
export type Duration = number | string;

/** A lease clock at one moment. */
export type ClockReading = Static<typeof Clocks>;
/** What a move of the clock caused, in the order of the deadlines. */
export type ClockMoved = Static<typeof ClockChanged>;

export interface AdvanceOptions {
  /** Holders that keep beating meanwhile, as their clients would. */
  readonly beating?: readonly Selector[];
  /** Ends the advance at the first event that matches. */
  readonly until?: Selector;
  /** True: tells what would expire, and changes nothing. */
  readonly dryRun?: boolean;
}

export interface Clock {
  read(): Promise<ClockReading>;
  /** Advances by a duration; resolves once everything that fell due took effect. */
  advance(by: Duration, options?: AdvanceOptions): Promise<ClockMoved>;
  /** Advances to a moment, ISO 8601 or ms since 1970. Rejects if it has passed. */
  advanceTo(at: string | number, options?: AdvanceOptions): Promise<ClockMoved>;
  /** Advances to the next deadline, or over the next `count`. */
  toNext(count?: number, options?: AdvanceOptions): Promise<ClockMoved>;
  freeze(): Promise<ClockMoved>;
  thaw(): Promise<ClockMoved>;
  /** Thaws the clock and drops what it was moved by; without a tenant, of all. */
  follow(): Promise<{ readonly clock: ClockReading }>;
}

/** Returns the clock of a tenant, or that of all without one. */
export function makeClock({ json }: Requester, tenant?: string): Clock {
  const move = (change: object): Promise<ClockMoved> =>
    json('POST', '/clock', { body: { tenant, ...change } });
  return {
    read: () => json('GET', '/clock', { query: { tenant } }),
    advance: (by, options) => move({ advance: by, ...options }),
    advanceTo: (at, options) => move({ advanceTo: at, ...options }),
    toNext: (count = 1, options) => move({ toNext: count, ...options }),
    freeze: () => move({ freeze: true }),
    thaw: () => move({ freeze: false }),
    follow: () => json('DELETE', '/clock', { query: { tenant } }),
  };
}
