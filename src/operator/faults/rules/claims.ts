/** Counts matches of rules over all nodes: a match is claimed by a step of the store, those of one node in turns, many in one step. */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../../protocols/kit/documents.ts';
import type { Guard, Store } from '../../../store/store.ts';
import { type Counts, countMatch, isExhausted, type State } from '../state.ts';

export const countsKind = documentKind(
  'fault-counts',
  Type.Object({ matched: Type.Integer(), fired: Type.Integer() }),
);

/** A rule that is in the store. */
export interface SharedState extends State {
  /** Of the rule's document: a rule that was replaced counts anew. */
  readonly version: number;
  /** Of the document of its counts, as last known. */
  countsVersion: number;
  /** Matches that wait for their number. */
  readonly waiting: ((matched: number | undefined) => void)[];
  /** Matches of an exhausted rule, which no request waits for. */
  later: number;
  isClaiming: boolean;
}

export interface ClaimsOptions {
  readonly store: Store;
  readonly tenant: string;
  /** Returns the condition that the rule is still there and the same. */
  guardOf(state: SharedState): Guard;
}

export interface Claims {
  /**
   * Counts a match; resolves with its number if the rule fires on it. A rule that fired as often as it may costs no step of the store.
   * Where the store is away, nothing fires: the request has that to tell.
   */
  claim(state: SharedState): undefined | Promise<number | undefined>;
  /** Counts what no request waited for. */
  flush(states: Iterable<SharedState>): Promise<void>;
  close(): void;
}

/** More attempts than nodes that claim at the same time. */
const maxAttempts = 100;
/** Longest time until matches of exhausted rules are counted, ms. */
const laterMs = 1_000;

/** Makes the counters. */
export function makeClaims({ store, tenant, guardOf }: ClaimsOptions): Claims {
  const late = new Set<SharedState>();
  let timer: NodeJS.Timeout | undefined;

  /** Counts some matches in one step. Returns the numbers of those that fire, in their order. */
  const claimTogether = async (
    state: SharedState,
    many: number,
  ): Promise<readonly (number | undefined)[]> => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const next: Counts = { matched: state.matched, fired: state.fired };
      const numbers = Array.from({ length: many }, () => countMatch(state.fault, next));
      const write = countsKind.write(state.id, next, { version: state.countsVersion });
      const { committed, versions } = await store.commit({
        tenant,
        guards: [guardOf(state)],
        writes: [write],
      });
      if (committed) {
        setCounts(state, next, versions[0] ?? 0);
        return numbers;
      }
      const counts = await countsKind.read(store, tenant, state.id);
      // Removed or replaced, if no other node counted.
      if (counts === undefined || counts.version <= state.countsVersion) return [];
      setCounts(state, counts.value, counts.version);
    }
    return [];
  };

  const run = async (state: SharedState): Promise<void> => {
    if (state.isClaiming) return;
    state.isClaiming = true;
    while (state.waiting.length > 0 || state.later > 0) {
      const waiting = state.waiting.splice(0);
      const many = waiting.length + state.later;
      state.later = 0;
      const numbers = await claimTogether(state, many).catch((): readonly undefined[] => []);
      for (const [at, resolve] of waiting.entries()) resolve(numbers[at]);
    }
    state.isClaiming = false;
  };

  const flush = async (states: Iterable<SharedState>): Promise<void> => {
    await Promise.all([...states].map(run));
  };
  const flushLate = (): void => {
    timer = undefined;
    void flush(late);
    late.clear();
  };

  return {
    claim(state) {
      if (isExhausted(state.fault, state)) {
        state.later += 1;
        late.add(state);
        timer ??= setTimeout(flushLate, laterMs).unref();
        return undefined;
      }
      const { promise, resolve } = Promise.withResolvers<number | undefined>();
      state.waiting.push(resolve);
      void run(state);
      return promise;
    },
    flush,
    close: () => clearTimeout(timer),
  };
}

/** Notes counts, unless newer ones are known. */
export function setCounts(state: SharedState, { matched, fired }: Counts, version: number): void {
  if (version <= state.countsVersion) return;
  state.matched = matched;
  state.fired = fired;
  state.countsVersion = version;
}
