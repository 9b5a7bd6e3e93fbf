/** Fault rules in the store: every node obeys them, and they are counted over all nodes. */
import { OperatorRefusal } from '../../../protocols/kit/operator/refusal.ts';
import type { Guard } from '../../../store/store.ts';
import type { Nodes } from '../../nodes/nodes.ts';
import type { Swaps } from '../outgoing.ts';
import { releaseHeld } from '../state.ts';
import { countsKind, makeClaims, type SharedState, setCounts } from './claims.ts';
import { type Rule, type RuleBook, viewRule } from './rule-book.ts';
import {
  type Announced,
  type Book,
  type Edit,
  type Listed,
  listRules,
  putRule,
  readBook,
  removalOf,
  replaceRules,
  ruleKind,
  sortedBy,
} from './stored-rules.ts';

export interface SharedRulesOptions {
  readonly nodes: Nodes;
  readonly swaps: Swaps;
  wallMs(): number;
}

const partName = 'faults';
/** More attempts than calls that change the rules at the same time. */
const maxAttempts = 20;

/** Makes the rules of all nodes, and adds them to what the nodes share. */
export function makeSharedRules({ nodes, swaps, wallMs }: SharedRulesOptions): RuleBook & { close(): void } {
  const { store, tenant } = nodes;
  const obeyed = makeObeyedRules(nodes, swaps);
  const claims = makeClaims({ store, tenant, guardOf });

  nodes.add(partName, {
    async apply(announced) {
      await obeyed.load(announced.includes('discard') ? 'discard' : 'send');
      if (announced.includes('look')) await claims.flush(obeyed.rules.values());
      return announced.map((each) => {
        if (each === 'look') return heldOf(obeyed.rules.values());
        const id = (each as { readonly release?: string } | null)?.release;
        return typeof id === 'string' ? obeyed.release(id) : null;
      });
    },
  });

  /** Changes the rules in one step, again if another call did so at the same time. */
  const edit = async <T>(make: (book: Book) => Edit<T>): Promise<T> => {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const { book, idWrites } = await readBook(nodes);
      const { writes, announced, result } = make(book);
      if (writes.length === 0 && announced === 'changed') return result;
      const all = [...writes, ...idWrites()];
      if ((await nodes.change({ part: partName, announced, writes: all })) !== undefined) return result;
    }
    throw new OperatorRefusal(409, 'the fault rules are changed by other calls at the same time; try again');
  };
  /** Returns the answers of all nodes. */
  const ask = async (announced: Announced): Promise<readonly unknown[]> =>
    (await nodes.change({ part: partName, announced })) ?? [];

  const list = async (): Promise<readonly Rule[]> => {
    const held = sumOf(await ask('look'));
    // This node has just taken over what there is.
    return [...obeyed.rules.values()].map((state) => viewRule(state, held.get(state.id) ?? 0));
  };

  return {
    get rules() {
      return obeyed.rules;
    },
    // Only states of these rules are given to it.
    claim: (state) => claims.claim(state as SharedState),
    list,
    put: (rule) => edit((book) => putRule(book, rule, wallMs())),
    replaceAll: (wanted) => edit((book) => replaceRules(book, wanted, wallMs())),
    async remove(isSelected) {
      const ids = new Map((await list()).filter(isSelected).map((rule) => [rule.id, rule]));
      return edit(({ listed }) => {
        const gone = listed.filter(({ key }) => ids.has(key));
        const result = gone.flatMap(({ key }) => ids.get(key) ?? []);
        return { writes: gone.flatMap(removalOf), announced: 'changed', result };
      });
    },
    async release(id) {
      const { listed } = (await readBook(nodes)).book;
      if (!listed.some(({ key }) => key === id)) return undefined;
      const released = await ask({ release: id });
      return released.reduce<number>((sum, many) => sum + Number(many ?? 0), 0);
    },
    close: () => claims.close(),
  };
}

/** Makes the rules that this node obeys: none before the first load. */
function makeObeyedRules(nodes: Nodes, swaps: Swaps) {
  let rules: ReadonlyMap<string, SharedState> = new Map();
  const releaseAll = (state: SharedState): number => releaseHeld(state) + swaps.release(state.id);
  return {
    get rules() {
      return rules;
    },
    /** Takes over the rules of the store, and releases what is held by rules that are gone. `swapped`: what becomes of swapped messages. */
    async load(swapped: 'send' | 'discard'): Promise<void> {
      const { store, tenant } = nodes;
      const [listed, counts] = await Promise.all([listRules(nodes), countsKind.list(store, tenant)]);
      const before = rules;
      rules = new Map(
        listed.map((rule) => {
          const known = before.get(rule.key);
          return [rule.key, known?.version === rule.version ? known : newState(rule)];
        }),
      );
      for (const { key, value, version } of counts) {
        const state = rules.get(key);
        if (state !== undefined) setCounts(state, value, version);
      }
      if (swapped === 'discard') swaps.discard();
      for (const state of before.values()) if (rules.get(state.id) !== state) releaseAll(state);
    },
    /** Releases what a rule holds here, and returns how many those were. */
    release(id: string): number {
      const state = rules.get(id);
      return state === undefined ? 0 : releaseAll(state);
    },
  };
}

const guardOf = ({ id, version }: SharedState): Guard => ({
  collection: ruleKind.collection,
  key: id,
  version,
});

function newState({ key, version, value }: Listed): SharedState {
  const { fault, createdMs, startMs } = value;
  return {
    ...{ id: key, fault, createdMs, place: sortedBy(key, value), startMs, held: new Set(), version },
    ...{ matched: 0, fired: 0 },
    ...{ countsVersion: 0, waiting: [], later: 0, isClaiming: false },
  };
}

/** Returns how many requests each rule holds in this process, without those that hold none. */
function heldOf(states: Iterable<SharedState>): Record<string, number> {
  return Object.fromEntries(
    [...states].filter(({ held }) => held.size > 0).map(({ id, held }) => [id, held.size]),
  );
}

/** Adds up what nodes answered. */
function sumOf(answers: readonly unknown[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const answer of answers) {
    if (typeof answer !== 'object' || answer === null) continue;
    for (const [id, many] of Object.entries(answer))
      if (typeof many === 'number') sums.set(id, (sums.get(id) ?? 0) + many);
  }
  return sums;
}
