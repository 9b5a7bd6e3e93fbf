/** Assertions of this and other nodes that wait: each is told when the requests of this node that it counts have changed. */
import type { Kept } from '../source.ts';
import { type Tally, tally, type Wanted } from '../tally.ts';

/** How long a watch lasts, ms: it is renewed by each look. */
const watchMs = 10_000;
/** Minimum interval between two counts, ms: a count reads the journal. */
const countEveryMs = 20;
const maxWatches = 100;

interface Watch {
  readonly wanted: Wanted;
  readonly after: number;
  readonly untilMs: number;
  readonly onChange: () => void;
  last: string;
}

export interface Watches {
  /** Counts, and calls the listener at each change within some seconds. The same id replaces what was asked before. */
  look(id: string, question: Question): Tally;
  /** Ends a watch; without an id, all. */
  end(id?: string): void;
}

export interface Question {
  readonly wanted: Wanted;
  readonly after: number;
  onChange(): void;
}

/** Makes the watches of a node. Without any, requests cost nothing. */
export function makeWatches(kept: Kept, monotonicMs: () => number): Watches {
  const watches = new Map<string, Watch>();
  let stop: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  const count = (wanted: Wanted, after: number) => tally(kept.items(after), wanted);
  const check = (): void => {
    timer = undefined;
    for (const [id, watch] of watches) {
      if (monotonicMs() > watch.untilMs) {
        end(id);
        continue;
      }
      const last = signOf(count(watch.wanted, watch.after));
      if (last === watch.last) continue;
      watch.last = last;
      watch.onChange();
    }
  };
  const end = (id?: string): void => {
    if (id === undefined) watches.clear();
    else watches.delete(id);
    if (watches.size > 0) return;
    clearTimeout(timer);
    timer = undefined;
    stop?.();
    stop = undefined;
  };
  return {
    look(id, { wanted, after, onChange }) {
      const counted = count(wanted, after);
      watches.delete(id);
      for (const [oldest] of watches) if (watches.size >= maxWatches) watches.delete(oldest);
      const untilMs = monotonicMs() + watchMs;
      watches.set(id, { wanted, after, untilMs, onChange, last: signOf(counted) });
      stop ??= kept.onChange(() => {
        timer ??= setTimeout(check, countEveryMs).unref();
      });
      return { ...counted, newest: kept.newest, droppedThrough: kept.droppedThrough };
    },
    end,
  };
}

/** Returns what differs after a change that matters. */
const signOf = ({ count, found }: Pick<Tally, 'count' | 'found'>): string =>
  `${count} ${found.length} ${found.at(-1)?.seq ?? 0}`;
