/** Fault rules as documents, and what changes write. */
import { type Static, Type } from '@sinclair/typebox';
import { documentKind } from '../../../protocols/kit/documents.ts';
import type { Place } from '../../../protocols/kit/operator/page.ts';
import { OperatorRefusal } from '../../../protocols/kit/operator/refusal.ts';
import type { DocumentWrite } from '../../../store/store.ts';
import type { Nodes } from '../../nodes/nodes.ts';
import { Fault } from '../fault.ts';
import { countsKind } from './claims.ts';
import { maxRules, type NewRule, type Rule, viewRule } from './rule-book.ts';

const StoredRule = Type.Object({
  fault: Fault,
  createdMs: Type.Number(),
  startMs: Type.Number(),
  order: Type.Integer({ description: 'grows with the time of creation' }),
  index: Type.Integer({ description: 'place among the rules of one call' }),
});
type StoredRule = Static<typeof StoredRule>;
export const ruleKind = documentKind('faults', StoredRule);
const idKind = documentKind('fault-ids', Type.Object({ last: Type.Integer() }));
const idKey = 'last';

/** What nodes are told. `discard`: messages that were held back are not sent. `look` asks each how many requests its rules hold. */
export type Announced = 'changed' | 'discard' | 'look' | { readonly release: string };

/** A rule as stored; `key` is its id. */
export interface Listed {
  readonly key: string;
  readonly version: number;
  readonly value: StoredRule;
}

/** The rules as read. */
export interface Book {
  readonly listed: readonly Listed[];
  /** Returns an id that no rule ever had. */
  freshId(): string;
  readonly order: number;
}

/** What a change writes and announces, and its result. */
export interface Edit<T> {
  readonly writes: readonly DocumentWrite[];
  readonly announced: Announced;
  readonly result: T;
}

/** Returns the stored rules in order of creation. */
export async function listRules({ store, tenant }: Nodes): Promise<readonly Listed[]> {
  const listed = await ruleKind.list(store, tenant);
  return listed.toSorted((a, b) => a.value.order - b.value.order || a.value.index - b.value.index);
}

/** Reads the rules for a change; `idWrites` are the writes for the ids that were taken. */
export async function readBook(nodes: Nodes): Promise<{ book: Book; idWrites(): DocumentWrite[] }> {
  const { store, tenant } = nodes;
  const [listed, ids, { sequence }] = await Promise.all([
    listRules(nodes),
    idKind.read(store, tenant, idKey),
    store.now({ tenant }),
  ]);
  const first = ids?.value.last ?? 0;
  let last = first;
  const freshId = (): string => {
    do last += 1;
    while (listed.some(({ key }) => key === `fault-${last}`));
    return `fault-${last}`;
  };
  return {
    book: { listed, freshId, order: sequence },
    idWrites: () => (last === first ? [] : [idKind.write(idKey, { last }, { version: ids?.version ?? 0 })]),
  };
}

/** Adds a rule, or replaces the one of its id in its place. Throws OperatorRefusal if there are too many. */
export function putRule(book: Book, rule: NewRule, wallMs: number): Edit<Rule> {
  const id = rule.fault.id ?? book.freshId();
  const known = book.listed.find(({ key }) => key === id);
  if (known === undefined && book.listed.length >= maxRules)
    throw new OperatorRefusal(409, `there are ${maxRules} fault rules already; remove some first`);
  const stored = newStored(rule, { wallMs, order: book.order, index: 0 });
  const value = known === undefined ? stored : { ...stored, ...placeOf(known.value) };
  const result = viewRule({ id, ...value, place: sortedBy(id, value), matched: 0, fired: 0 }, 0);
  return { writes: writesOf(id, value, known?.version ?? 0), announced: 'changed', result };
}

/** Replaces all rules. */
export function replaceRules(book: Book, wanted: readonly NewRule[], wallMs: number): Edit<undefined> {
  const byId = new Map(wanted.map((rule) => [rule.fault.id ?? book.freshId(), rule]));
  const gone = book.listed.filter(({ key }) => !byId.has(key));
  const added = [...byId].flatMap(([id, rule], index) => {
    const version = book.listed.find(({ key }) => key === id)?.version ?? 0;
    return writesOf(id, newStored(rule, { wallMs, order: book.order, index }), version);
  });
  return { writes: [...gone.flatMap(removalOf), ...added], announced: 'discard', result: undefined };
}

/** Returns what the rules are sorted by. */
export const sortedBy = (id: string, { order, index }: StoredRule): Place => [order, index, id];

const placeOf = ({ order, index }: StoredRule): Pick<StoredRule, 'order' | 'index'> => ({ order, index });

function newStored(
  { fault, startMs }: NewRule,
  { wallMs, ...place }: { readonly wallMs: number; readonly order: number; readonly index: number },
): StoredRule {
  return { fault, createdMs: wallMs, startMs, ...place };
}

/** A rule that was written counts anew. */
const writesOf = (id: string, value: StoredRule, version: number): readonly DocumentWrite[] => [
  ruleKind.write(id, value, { version }),
  countsKind.write(id, { matched: 0, fired: 0 }),
];

/** Removes a rule with its counts. */
export const removalOf = ({ key, version }: Listed): readonly DocumentWrite[] => [
  ruleKind.write(key, null, { version }),
  countsKind.write(key, null),
];
