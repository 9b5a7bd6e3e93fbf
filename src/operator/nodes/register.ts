/** Which nodes there are: each renews a document. By the wall time of the store, since an operator moves the lease clock. */
import { Type } from '@sinclair/typebox';
import { documentKind } from '../../protocols/kit/documents.ts';
import type { Store } from '../../store/store.ts';
import { type Ack, appendAck } from './acks.ts';

const nodeKind = documentKind('nodes', Type.Object({ wallMs: Type.Number() }));
/** A node whose document is older is gone, ms: it missed two renewals. */
const maxAgeMs = 15_000;

export interface Register {
  /** Says that this node lives, and what it answers. */
  renew(wallMs: number, ack?: Ack): Promise<void>;
  /** Returns the nodes that live. Removes those that are gone. */
  live(): Promise<readonly string[]>;
  leave(): Promise<void>;
}

/** Makes the register of a node. */
export function makeRegister({
  store,
  tenant,
  nodeId,
}: {
  readonly store: Store;
  readonly tenant: string;
  readonly nodeId: string;
}): Register {
  const removeAll = async (ids: readonly string[]): Promise<void> => {
    if (ids.length > 0) await store.commit({ tenant, writes: ids.map((id) => nodeKind.write(id, null)) });
  };
  const live = async (): Promise<readonly string[]> => {
    const [{ wallMs }, listed] = await Promise.all([store.now({ tenant }), nodeKind.list(store, tenant)]);
    const isGone = (node: { readonly value: { readonly wallMs: number } }): boolean =>
      node.value.wallMs < wallMs - maxAgeMs;
    await removeAll(listed.filter(isGone).map(({ key }) => key));
    return listed.filter((node) => !isGone(node)).map(({ key }) => key);
  };
  return {
    async renew(wallMs, ack) {
      await store.commit({
        tenant,
        writes: [nodeKind.write(nodeId, { wallMs })],
        appends: ack === undefined ? [] : [appendAck(ack)],
      });
      // Nodes that crashed leave documents behind, also where nothing is ever changed.
      if (ack === undefined) await live();
    },
    live,
    leave: () => removeAll([nodeId]),
  };
}
