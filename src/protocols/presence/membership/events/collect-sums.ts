/**
 * Brings together what all nodes summed up of the same intervals, so that one node tells of each. Every node sees the requests for sums in
 * the same order, and hands its sums over to the first: a node that asks at the same time gets none, not even those that it made.
 */
import { Type } from '@sinclair/typebox';
import type { Store } from '../../../../store/store.ts';
import type { GatherFromNodes } from '../../../kit/protocol.ts';
import { guard } from '../../../kit/validate.ts';
import { Due, joinSums, Sum, type Sums } from './interval-sums.ts';

/** Sums that a node hands over at once, and tenants that a node asks about: both go through the store. */
const maxHanded = 1_000;
const maxAsked = 1_000;

const isQuestion = guard(
  Type.Object({ asker: Type.String(), turn: Type.Number(), due: Type.Array(Due, { maxItems: maxAsked }) }),
);
const isHanded = guard(Type.Array(Sum));

/** Removes and returns the sums of intervals that are over, on all nodes. Never rejects. */
export type CollectSums = (due: readonly Due[]) => Promise<readonly Sum[]>;

export interface CollectOptions {
  readonly store: Pick<Store, 'count'>;
  readonly sums: Sums;
  /** Absent: there are no other nodes. */
  readonly gather?: GatherFromNodes | undefined;
  /** Distinguishes this node from all others. */
  readonly nodeId: string;
}

/** Makes the function that one call after the other may use; before the node starts. */
export function makeCollectSums({ store, sums, gather, nodeId }: CollectOptions): CollectSums {
  const takeAll = (due: readonly Due[]): readonly Sum[] => due.flatMap((each) => sums.take(each));
  if (gather === undefined) return async (due) => takeAll(due);
  let turn = 0;
  /** What this node handed over to itself in this turn. */
  let own: readonly Sum[] | undefined;
  const ask = gather('presence-intervals', (question) => {
    if (!isQuestion(question)) return [];
    if (question.asker === nodeId) {
      if (question.turn === turn) own = takeAll(question.due);
      return [];
    }
    const handed: Sum[] = [];
    for (const each of question.due) handed.push(...sums.take(each, maxHanded - handed.length));
    return handed;
  });
  return async (due) => {
    turn += 1;
    own = undefined;
    const asked = due.slice(0, maxAsked);
    // While the store is away each node tells of what it made.
    const { answers } = await ask({ asker: nodeId, turn, due: asked }).catch(() => ({ answers: [] }));
    const handed = answers.flatMap(({ answer }) => (isHanded(answer) ? answer : []));
    const all = joinSums([...(own ?? takeAll(asked)), ...handed]);
    return answers.length === 0 ? all : withOccupancy(store, all);
  };
}

/** No node knows the changes of the others: how many are there now is in the store. */
async function withOccupancy(store: Pick<Store, 'count'>, sums: readonly Sum[]): Promise<readonly Sum[]> {
  try {
    return await Promise.all(
      sums.map(async (sum) => {
        const [occupancy = sum.occupancy] = await store.count({ tenant: sum.tenant, groups: [sum.channel] });
        return { ...sum, occupancy };
      }),
    );
  } catch {
    return sums;
  }
}
