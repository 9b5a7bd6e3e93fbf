/** Held polls: each ends when its time is over, its client is gone or the server closes. */
import { setImmediate } from 'node:timers/promises';
import type { ClientConnection } from '../wire/call.ts';

/** Why a poll ends without an event. */
export type PollEnd = 'timeout' | 'disconnect' | 'shutdown';

/** A poll in progress. */
export interface Poll {
  /** Aborted once the poll is over, for any reason. */
  readonly signal: AbortSignal;
  /** Returns why the poll ended; undefined while it has not, or if it was finished with a reply. */
  endedBy(): PollEnd | undefined;
  /** Marks the poll as idle until the promise, of what it waits for, is settled. */
  idle<T>(until: Promise<T>): Promise<T>;
  /** Releases everything that the poll holds. To be called once its reply is known. */
  finish(): void;
}

/** All polls of this process, so that closing the server need not wait for them. */
export interface Polls {
  /** Starts a poll of at most `maxMs`. */
  start(maxMs: number, connection: ClientConnection): Poll;
  /** Resolves when every poll is idle or finished. */
  settled(): Promise<void>;
  /** Ends all polls, and those started later at once. */
  close(): void;
}

/** Makes an empty set of polls. */
export function makePolls(): Polls {
  const endings = new Set<(by: PollEnd) => void>();
  let isClosing = false;
  let busy = 0;
  let quiet: (() => void)[] = [];
  const enter = (): void => {
    busy += 1;
  };
  const leave = (): void => {
    busy -= 1;
    if (busy > 0) return;
    const resolve = quiet;
    quiet = [];
    for (const each of resolve) each();
  };
  return {
    async settled() {
      // What was woken in this turn is busy in the next.
      await setImmediate();
      if (busy > 0) await new Promise<void>((resolve) => quiet.push(resolve));
    },
    start(maxMs, connection) {
      const controller = new AbortController();
      let endedBy: PollEnd | undefined;
      const end = (by: PollEnd): void => {
        if (endedBy !== undefined) return;
        endedBy = by;
        controller.abort();
      };
      const timer = setTimeout(() => end('timeout'), maxMs);
      endings.add(end);
      connection.once('close', () => end('disconnect'));
      if (isClosing) end('shutdown');
      enter();
      return {
        async idle(until) {
          leave();
          try {
            return await until;
          } finally {
            enter();
          }
        },
        signal: controller.signal,
        endedBy: () => endedBy,
        finish() {
          leave();
          clearTimeout(timer);
          endings.delete(end);
          controller.abort();
        },
      };
    },
    close() {
      isClosing = true;
      for (const end of endings) end('shutdown');
    },
  };
}
