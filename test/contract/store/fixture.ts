/** What the tests of the store contract share: nodes over one backend, a frozen clock, and short forms of common calls. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import {
  type Append,
  type Beat,
  type LeaseEvent,
  leaseEventsTopic,
  type Store,
} from '../../../src/store/store.ts';
import type { Backend, Node, NodeOptions } from '../backend.ts';

const longHold = 60_000;

/** The node, its store and the tenant are other ones in each test. */
export interface StoreFixture {
  readonly node: Node;
  readonly store: Store;
  readonly tenant: string;
  /** Opens a further node over the same data, which is closed after the test. */
  openNode(): Promise<Node>;
  /** Kills what holds the data, starts it again, and opens the node of the test over it. */
  restart(): Promise<void>;
  /** Renews the lease of `ann` in group `g`, or grants it, for a second. */
  beat(change?: Partial<Beat> & { group?: string; data?: string }): ReturnType<Store['beat']>;
  /** Has the events of these groups recorded. */
  watch(...groups: readonly string[]): ReturnType<Store['watchEvents']>;
  append(topic: string, text: string, change?: Partial<Omit<Append, 'topic' | 'payload'>>): Promise<bigint>;
  /** Returns the recorded events of a group. */
  events(group?: string): Promise<LeaseEvent[]>;
  /** Returns the recorded events of a group as `type holder count`. */
  steps(group?: string): Promise<string[]>;
  members(group?: string): Promise<string[]>;
  /** Advances the clock while another owner claims the sweep: what is due stays due and unswept. */
  advanceUnswept(advanceMs: number): Promise<void>;
  /** Ends the claim of the other owner. */
  sweepAgain(): Promise<void>;
}

/**
 * Registers the hooks that open a node and name a tenant for each test of the suite that calls it, with the clock frozen and the
 * groups `g`, `a` and `b` watched. `aheadMs`: by how much the clock of the tenant is moved by itself first.
 */
export function storeFixture(open: () => Promise<Backend>, aheadMs: number): StoreFixture {
  let backend: Backend;
  let node: Node;
  let store: Store;
  let tenant: string;
  const opened: Node[] = [];

  const openNode = async (options: NodeOptions = {}): Promise<Node> => {
    const another = await backend.node(options);
    opened.push(another);
    return another;
  };
  const watch: StoreFixture['watch'] = (...groups) =>
    store.watchEvents({ tenant, groups, prefixes: [], forMs: 3_600_000 });
  const events: StoreFixture['events'] = async (group = 'g') => {
    const entries = await store.readTopics({
      tenant,
      topics: [{ topic: leaseEventsTopic(group), after: 0n }],
      limit: 10_000,
    });
    return entries.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()) as LeaseEvent);
  };
  const sweepAgain = (): Promise<void> =>
    node.driver.claimSweep(node.driver.partitionOf(tenant), 'another owner', 0);

  beforeAll(async () => {
    backend = await open();
  });
  afterAll(async () => {
    await backend?.stop();
  });
  beforeEach(async () => {
    node = await openNode();
    store = node.store;
    tenant = `test/${randomUUID()}`;
    await store.freezeClock();
    await watch('g', 'a', 'b');
    if (aheadMs > 0) await store.advanceClock(aheadMs, tenant);
  });
  afterEach(async () => {
    await sweepAgain().catch(() => {});
    for (const each of opened.splice(0)) await each.store.close();
  });

  return {
    get node() {
      return node;
    },
    get store() {
      return store;
    },
    get tenant() {
      return tenant;
    },
    openNode,
    async restart() {
      await backend.restart?.();
      node = await openNode();
      store = node.store;
    },
    beat({ group = 'g', data, ...rest } = {}) {
      const groups = [{ group, ...(data === undefined ? {} : { data }) }];
      return store.beat({ tenant, holder: 'ann', groups, ttlMs: 1_000, grant: true, ...rest });
    },
    watch,
    async append(topic, text, change = {}) {
      const payload = Buffer.from(text);
      const appends = [{ topic, payload, keepEntries: 100, ...change }];
      return (await store.commit({ tenant, appends })).positions[0] ?? 0n;
    },
    events,
    steps: async (group) =>
      (await events(group)).map(({ type, holder, count }) => `${type} ${holder} ${count}`),
    members: async (group = 'g') =>
      (await store.members({ tenant, group, offset: 0, limit: 10_000 })).leases.map(({ holder }) => holder),
    async advanceUnswept(advanceMs) {
      const partition = node.driver.partitionOf(tenant);
      await node.driver.claimSweep(partition, 'another owner', longHold);
      await node.driver.setClock(partition, { advanceMs });
    },
    sweepAgain,
  };
}
