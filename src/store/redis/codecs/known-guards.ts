/**
 * Guards of beats, and as of which changes of their collections this node saw them hold: while a collection has not changed since, the
 * script need not read its documents again. `lua/beat/guards.lua` has the other side.
 */
import type { Beat, Guard } from '../../leases.ts';
import type { ScriptArgument } from '../scripts.ts';
import type { TextReader } from './text-reader.ts';

/** The guards of a run of beats, each list once. */
export interface RunGuards {
  /** Number of the collections that the guards are on; 0: there are no guards. */
  readonly collections: number;
  /** Appends the script's arguments. */
  encode(to: ScriptArgument[]): void;
  /** Reads what the script replies of the guards. */
  read(from: TextReader): void;
}

/** A list of guards, as beats on one group share it. */
interface GuardList {
  readonly text: string;
  readonly collections: readonly string[];
  /** Of each collection, the change as of which the list is known to hold. */
  readonly heldAt: Map<string, string>;
}

const noGuards: readonly Guard[] = [];
const unguarded: RunGuards = { collections: 0, encode() {}, read() {} };

/** Returns a function that returns the guards of a run. It remembers what it knows of a list for as long as the list is there. */
export function makeKnownGuards(): (run: readonly Beat[]) => RunGuards {
  const known = new WeakMap<readonly Guard[], GuardList>();
  const listOf = (guards: readonly Guard[]): GuardList => {
    let list = known.get(guards);
    if (list === undefined) {
      list = packedList(guards);
      known.set(guards, list);
    }
    return list;
  };

  return (run) => {
    if (run.every(({ guards }) => guards === undefined)) return unguarded;
    const numbers = new Map<GuardList, number>();
    let ofBeats = '';
    for (const { guards = noGuards } of run) {
      const list = listOf(guards);
      const number = numbers.get(list) ?? numbers.size + 1;
      numbers.set(list, number);
      ofBeats += `${number},`;
    }
    const lists = [...numbers.keys()];
    const heldAt = commonChanges(lists);
    return {
      collections: heldAt.size,
      encode(to) {
        to.push(lists.map(({ text }) => text).join(''), lists.length === 1 ? '' : ofBeats);
        for (const [collection, change] of heldAt) to.push(collection, change);
      },
      read(from) {
        if (from.take(1) !== '+') return;
        const changes = new Map([...heldAt.keys()].map((collection) => [collection, from.until()]));
        for (const list of lists)
          for (const collection of list.collections)
            list.heldAt.set(collection, changes.get(collection) ?? '');
      },
    };
  };
}

/** Returns the change of each collection as of which all lists are known to hold; '' if there is no such one. */
function commonChanges(lists: readonly GuardList[]): ReadonlyMap<string, string> {
  const changes = new Map<string, string>();
  for (const { collections, heldAt } of lists) {
    for (const collection of collections) {
      const change = heldAt.get(collection) ?? '';
      changes.set(collection, (changes.get(collection) ?? change) === change ? change : '');
    }
  }
  return changes;
}

function packedList(guards: readonly Guard[]): GuardList {
  const sorted = guards.toSorted((a, b) => compare(a.collection, b.collection));
  const packed = sorted.map(({ collection, key, version }) => `${named(collection)}${named(key)}${version};`);
  return {
    text: `${guards.length};${packed.join('')}`,
    collections: [...new Set(sorted.map(({ collection }) => collection))],
    heldAt: new Map(),
  };
}

const named = (name: string): string => `${Buffer.byteLength(name)}:${name}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
