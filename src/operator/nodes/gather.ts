/** What the other nodes know, asked when it is needed. */
import { Type } from '@sinclair/typebox';
import { guard } from '../../protocols/kit/validate.ts';
import { StoreUnavailable } from '../../store/store.ts';
import type { Nodes } from './nodes.ts';

export interface Gathered {
  /** What the other nodes answered, each as JSON that another version may have written. */
  readonly answers: readonly { readonly node: string; readonly answer: unknown }[];
  /** Nodes that live, or crashed some seconds ago, and did not answer within a second. */
  readonly silent: readonly string[];
}

/**
 * Asks the other nodes, but for those in `except`. The question and the answers are JSON. Rejects with StoreUnavailable.
 */
export type Gather = (question: unknown, except?: ReadonlySet<string>) => Promise<Gathered>;

const isAnswer = guard(Type.Object({ node: Type.String(), answer: Type.Unknown() }));

/**
 * Returns a function that asks each other node what `answer` returns there; without other nodes it asks none. To be called before the
 * node starts. `name` distinguishes it from all others. Answers go through the store: they have to be small. One that is a promise is
 * waited for some seconds, and holds up nothing else of its node. A node is also asked by itself, and its answer left out.
 */
export function gather(
  nodes: Nodes | undefined,
  { name, nodeId }: { readonly name: string; readonly nodeId: string },
  answer: (question: unknown) => unknown,
): Gather {
  if (nodes === undefined) return async () => ({ answers: [], silent: [] });
  const answered = (question: unknown): unknown => {
    const own = answer(question);
    return own instanceof Promise
      ? own.then((later: unknown) => ({ node: nodeId, answer: later }))
      : { node: nodeId, answer: own };
  };
  nodes.add(name, {
    apply: async (announced) => announced.map(answered),
  });
  return async (question, except = new Set()) => {
    const others = async (): Promise<readonly string[]> =>
      (await nodes.live()).filter((id) => id !== nodeId && !except.has(id)).toSorted();
    if ((await others()).length === 0) return { answers: [], silent: [] };
    const given = (await nodes.change({ part: name, announced: question, except })) ?? [];
    const answers = given.filter(isAnswer).filter(({ node }) => node !== nodeId);
    const silent = (await others()).filter((id) => !answers.some(({ node }) => node === id));
    return { answers, silent };
  };
}

/** Asks the other nodes. While the store is away nothing is known of them: none is ruled out. */
export async function askIfPossible(
  ask: Gather,
  question: unknown,
  except?: ReadonlySet<string>,
): Promise<Gathered> {
  try {
    return await ask(question, except);
  } catch (error) {
    if (error instanceof StoreUnavailable) return { answers: [], silent: ['unknown'] };
    throw error;
  }
}

/** Returns the nodes that answered with something else than what was asked for. */
export const withoutAnswer = (
  answers: Gathered['answers'],
  isExpected: (value: unknown) => boolean,
): string[] => answers.filter(({ answer: given }) => !isExpected(given)).map(({ node }) => node);
