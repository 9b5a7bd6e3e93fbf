/** Polls that are held: each ends when its time is up, its client is gone or the server closes. */

/** Why a poll ends before there is something to tell. */
export type End = 'held' | 'gone' | 'closing';

/** A poll under way. */
export interface Hold {
  /** Aborted once the poll is over, for whatever reason. */
  readonly signal: AbortSignal;
  /** Asked when it ended without anything to tell. */
  why(): End | undefined;
}

/** All polls of this process, so that closing the server need not wait for them. */
export interface Polls {
  /** `onGone` is told how to end the poll when its client goes away. */
  hold(forMs: number, onGone: (gone: () => void) => void): Hold & { done(): void };
  close(): void;
}

export function makePolls(): Polls {
  const endings = new Set<(why: End) => void>();
  let closing = false;
  return {
    hold(forMs, onGone) {
      const controller = new AbortController();
      let why: End | undefined;
      const end = (reason: End): void => {
        if (why !== undefined) return;
        why = reason;
        controller.abort();
      };
      const timer = setTimeout(() => end('held'), forMs);
      endings.add(end);
      onGone(() => end('gone'));
      if (closing) end('closing');
      return {
        signal: controller.signal,
        why: () => why,
        done() {
          clearTimeout(timer);
          endings.delete(end);
          controller.abort();
        },
      };
    },
    close() {
      closing = true;
      for (const end of endings) end('closing');
    },
  };
}
