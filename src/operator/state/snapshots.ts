/** Named states in the memory of this process, to return to. */
import { OperatorRefusal } from '../../protocols/kit/operator/refusal.ts';
import type { StateDocument } from './state-schema.ts';

const maxSnapshots = 100;
/** Size of all snapshots together as JSON, characters. */
const maxSize = 128 * 1_048_576;

export interface Snapshot {
  readonly name: string;
  readonly at: string;
  /** Absent: of all tenants. */
  readonly tenant: string | undefined;
  readonly tenants: readonly string[];
  /** Characters of its JSON. */
  readonly size: number;
}

export interface Snapshots {
  list(): readonly Snapshot[];
  /** Keeps a state; one of the same name is replaced. Throws OperatorRefusal when there are too many, or they are too large. */
  keep(name: string, state: StateDocument, tenant: string | undefined): Snapshot;
  /** Throws OperatorRefusal for an unknown name. */
  get(name: string): Snapshot & { readonly state: StateDocument };
  /** Throws OperatorRefusal for an unknown name. */
  remove(name: string): void;
}

/** Makes an empty set of snapshots. */
export function makeSnapshots(wallMs: () => number): Snapshots {
  const kept = new Map<string, { readonly about: Snapshot; readonly json: string }>();
  const find = (name: string) => {
    const found = kept.get(name);
    if (found !== undefined) return found;
    throw new OperatorRefusal(404, `no snapshot ${JSON.stringify(name.slice(0, 100))}`);
  };
  return {
    list: () => [...kept.values()].map(({ about }) => about).sort((a, b) => (a.name < b.name ? -1 : 1)),
    keep(name, state, tenant) {
      const json = JSON.stringify(state);
      const others = [...kept.values()].filter(({ about }) => about.name !== name);
      const size = others.reduce((sum, { about }) => sum + about.size, json.length);
      if (others.length >= maxSnapshots)
        throw new OperatorRefusal(409, `there are ${maxSnapshots} snapshots already; remove some first`);
      if (size > maxSize)
        throw new OperatorRefusal(413, `snapshots have at most ${maxSize} characters together`);
      const at = new Date(wallMs()).toISOString();
      const about = { name, at, tenant, tenants: Object.keys(state.tenants), size: json.length };
      kept.set(name, { about, json });
      return about;
    },
    get(name) {
      const { about, json } = find(name);
      return { ...about, state: JSON.parse(json) as StateDocument };
    },
    remove(name) {
      find(name);
      kept.delete(name);
    },
  };
}
