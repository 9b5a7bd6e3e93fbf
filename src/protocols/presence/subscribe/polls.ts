/** Held polls: each ends when its time is over, its client is gone or the server closes. */
import { setImmediate } from 'node:timers/promises';
import type { Tenant } from '../../../store/store.ts';
import type { ClientConnection } from '../wire/call.ts';

/** Why a poll ends without an event. */
export type PollEnd = 'timeout' | 'disconnect' | 'shutdown' | 'reset';

/** A poll in progress. */
export interface Poll {
  /** Aborted once the poll is over, for any reason. */
  readonly signal: AbortSignal;
  /** Returns why the poll ended; undefined while it has not, or if it was finished with a reply. */
  endedBy(): PollEnd | undefined;
  /** How long the poll was idle, ms. */
  readonly heldMs: number;
  /** Marks the poll as idle until the promise, of what it waits for, is settled. */
  idle<T>(until: Promise<T>): Promise<T>;
  /** Releases everything that the poll holds. To be called once its reply is known. */
  finish(): void;
}

/** Who subscribes to what, as in the request. */
export interface PollSubject {
  readonly uuid: string;
  /** Names separated by commas, still encoded. */
  readonly channels: string;
  readonly groups: string;
}

/** A poll as it is listed. */
export interface ListedPoll {
  readonly tenant: Tenant;
  readonly subject: PollSubject;
  /** Time since its start, ms. */
  readonly heldMs: number;
  /** Grows with each poll that is started. */
  readonly order: number;
}

/** All polls of this process, so that closing the server need not wait for them. */
export interface Polls {
  /** Starts a poll of at most `maxMs`. `subject` is kept for those who list polls. */
  start(maxMs: number, connection: ClientConnection, tenant: Tenant, subject?: PollSubject): Poll;
  /** Polls that are idle now. */
  readonly held: number;
  /** Returns the polls in progress, the oldest first. */
  list(): readonly ListedPoll[];
  /** Ends the polls of a tenant whose state was removed or replaced: their clients are those of before. */
  reset(tenant: Tenant): void;
  /** Resolves when every poll is idle or finished. */
  settled(): Promise<void>;
  /** Ends all polls, and those started later at once. */
  close(): void;
}

interface Started {
  readonly tenant: Tenant;
  readonly subject: PollSubject;
  readonly startedMs: number;
  readonly order: number;
}

const unnamed: PollSubject = { uuid: '', channels: '', groups: '' };

/** Makes an empty set of polls. `monotonicMs` measures how long they wait. */
export function makePolls(monotonicMs: () => number = () => performance.now()): Polls {
  let held = 0;
  let count = 0;
  const endings = new Map<(by: PollEnd) => void, Started>();
  let isClosing = false;
  const busy = makeBusyCount();
  return {
    get held() {
      return held;
    },
    async settled() {
      // What was woken in this turn is busy in the next.
      await setImmediate();
      await busy.over();
    },
    list: () =>
      [...endings.values()].map(({ tenant, subject, startedMs, order }) => ({
        tenant,
        subject,
        order,
        heldMs: Math.round(monotonicMs() - startedMs),
      })),
    start(maxMs, connection, tenant, subject = unnamed) {
      const controller = new AbortController();
      let endedBy: PollEnd | undefined;
      const end = (by: PollEnd): void => {
        if (endedBy !== undefined) return;
        endedBy = by;
        controller.abort();
      };
      const timer = setTimeout(() => end('timeout'), maxMs);
      count += 1;
      endings.set(end, { tenant, subject, startedMs: monotonicMs(), order: count });
      connection.once('close', () => end('disconnect'));
      if (isClosing) end('shutdown');
      busy.enter();
      let heldMs = 0;
      return {
        async idle(until) {
          const sinceMs = monotonicMs();
          busy.leave();
          held += 1;
          try {
            return await until;
          } finally {
            busy.enter();
            held -= 1;
            heldMs += monotonicMs() - sinceMs;
          }
        },
        signal: controller.signal,
        get heldMs() {
          return heldMs;
        },
        endedBy: () => endedBy,
        finish() {
          busy.leave();
          clearTimeout(timer);
          endings.delete(end);
          controller.abort();
        },
      };
    },
    reset(tenant) {
      for (const [end, started] of endings) if (started.tenant === tenant) end('reset');
    },
    close() {
      isClosing = true;
      for (const end of endings.keys()) end('shutdown');
    },
  };
}

/** Counts polls that are neither idle nor finished. */
function makeBusyCount() {
  let count = 0;
  let waiting: (() => void)[] = [];
  return {
    enter(): void {
      count += 1;
    },
    leave(): void {
      count -= 1;
      if (count > 0) return;
      const resolved = waiting;
      waiting = [];
      for (const resolve of resolved) resolve();
    },
    /** Resolves when the count is 0. */
    async over(): Promise<void> {
      if (count > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
