/** Names that only one of the nodes over a store may use at a time. */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../protocols/kit/documents.ts';
import type { Nodes } from './nodes.ts';

export interface Claims {
  /** Resolves to the node that has the name: this one, which has it from now on, or another that lives. Rejects with StoreUnavailable. */
  claim(name: string): Promise<string>;
  /** Resolves to the node that has the name and lives; undefined: none. Rejects with StoreUnavailable. */
  holder(name: string): Promise<string | undefined>;
  /** Gives a name of this node back. Never rejects: names of a node that is gone are free. */
  release(name: string): Promise<void>;
}

const claimKind = documentKind('claims', Type.Object({ node: Type.String() }));
/** Other nodes may claim names at the same time. */
const maxTries = 5;

/** Makes the claims of a node; without other nodes all names are its own. */
export function makeClaims(
  nodes: Pick<Nodes, 'store' | 'tenant' | 'live'> | undefined,
  nodeId: string,
): Claims {
  if (nodes === undefined)
    return { claim: async () => nodeId, holder: async () => undefined, release: async () => {} };
  const { store, tenant } = nodes;

  /** Claims a name once; undefined: another node changed the claims meanwhile. */
  const tryClaim = async (name: string): Promise<string | undefined> => {
    const [claims, live] = await Promise.all([claimKind.list(store, tenant), nodes.live()]);
    const isHeld = (node: string): boolean => node !== nodeId && live.includes(node);
    const claim = claims.find(({ key }) => key === name);
    if (claim !== undefined && isHeld(claim.value.node)) return claim.value.node;
    const left = claims.filter(
      ({ key, value }) => key !== name && value.node !== nodeId && !isHeld(value.node),
    );
    const writes = [
      claimKind.write(name, { node: nodeId }, { version: claim?.version ?? 0 }),
      ...left.map(({ key, version }) => claimKind.write(key, null, { version })),
    ];
    const { committed } = await store.commit({ tenant, writes });
    return committed ? nodeId : undefined;
  };
  return {
    async claim(name) {
      for (let left = maxTries; left > 0; left -= 1) {
        const holder = await tryClaim(name);
        if (holder !== undefined) return holder;
      }
      return 'another node';
    },
    async holder(name) {
      const [claim, live] = await Promise.all([claimKind.read(store, tenant, name), nodes.live()]);
      return live.find((node) => node === claim?.value.node);
    },
    async release(name) {
      try {
        const claim = await claimKind.read(store, tenant, name);
        if (claim?.value.node !== nodeId) return;
        const write = claimKind.write(name, null, { version: claim.version });
        await store.commit({ tenant, writes: [write] });
      } catch {
        // This node claims it again if it needs it, and otherwise has it until it is gone.
      }
    },
  };
}
