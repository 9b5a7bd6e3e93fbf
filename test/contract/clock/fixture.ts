/** What the tests of tenants' clocks share: two nodes where the backend is shared, and two tenants of one partition. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type LeaseEvent, leaseEventsTopic, type Store } from '../../../src/store/store.ts';
import type { Backend, BackendTraits, Node } from '../backend.ts';

export const hourMs = 3_600_000;

/** The nodes and the tenants are other ones in each test. */
export interface ClockFixture {
  readonly node: Node;
  readonly store: Store;
  /** The store of another node, where the backend is shared; otherwise the same. */
  readonly elsewhere: Store;
  /** Two tenants that share a partition, with group `g` watched. */
  readonly moved: string;
  readonly other: string;
  /** Kills what holds the data, starts it again, and opens one node over it. */
  restart(): Promise<void>;
  /** Has the events of these groups recorded. */
  watch(tenant: string, ...groups: readonly string[]): ReturnType<Store['watchEvents']>;
  /** Grants a lease in group `g`, or renews it. */
  grant(tenant: string, ttlMs: number, holder?: string): ReturnType<Store['beat']>;
  /** Returns what remains of the lease of `ann` in group `g`, as the other node sees it, ms. */
  remaining(tenant: string): Promise<number | undefined>;
  /** Returns the recorded events of a group, as the other node sees them. */
  events(tenant: string, group?: string): Promise<LeaseEvent[]>;
}

/** Registers the hooks that open the nodes for each test of the suite that calls it, with the common clock frozen. */
export function clockFixture(traits: BackendTraits, open: () => Promise<Backend>): ClockFixture {
  let backend: Backend;
  let node: Node;
  let elsewhere: Store;
  let moved: string;
  let other: string;
  const opened: Node[] = [];

  const openNode = async (): Promise<Node> => {
    const another = await backend.node();
    opened.push(another);
    return another;
  };
  const twoTenants = (): [string, string] => {
    const one = `clock/${randomUUID()}`;
    for (;;) {
      const another = `clock/${randomUUID()}`;
      if (node.driver.partitionOf(another) === node.driver.partitionOf(one)) return [one, another];
    }
  };
  const watch: ClockFixture['watch'] = (tenant, ...groups) =>
    node.store.watchEvents({ tenant, groups, prefixes: [], forMs: 1_000 * hourMs });

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    node = await openNode();
    elsewhere = (traits.shared ? await openNode() : node).store;
    [moved, other] = twoTenants();
    await node.store.freezeClock();
    for (const tenant of [moved, other]) await watch(tenant, 'g');
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.store.close();
  });

  return {
    get node() {
      return node;
    },
    get store() {
      return node.store;
    },
    get elsewhere() {
      return elsewhere;
    },
    get moved() {
      return moved;
    },
    get other() {
      return other;
    },
    async restart() {
      await backend.restart?.();
      node = await openNode();
      elsewhere = node.store;
    },
    watch,
    grant: (tenant, ttlMs, holder = 'ann') =>
      node.store.beat({ tenant, holder, groups: [{ group: 'g' }], ttlMs, grant: true }),
    remaining: async (tenant) => (await elsewhere.read({ tenant, group: 'g', holder: 'ann' }))?.remainingMs,
    async events(tenant, group = 'g') {
      const topics = [{ topic: leaseEventsTopic(group), after: 0n }];
      return (await elsewhere.readTopics({ tenant, topics, limit: 10_000 })).map(
        ({ payload }) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent,
      );
    },
  };
}
