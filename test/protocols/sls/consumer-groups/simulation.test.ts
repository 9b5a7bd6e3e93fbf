import { describe, expect, it } from 'vitest';
import type { ConsumerGroup } from '../../../../src/protocols/sls/consumer-groups/rebalance/consumer-group.ts';
import type { Store } from '../../../../src/store/store.ts';
import { runHistory } from './simulation/history.ts';
import { type Faults, type Poison, tenant, Violation } from './simulation/world.ts';

/** SIMULATIONS sets the number of histories, SEED the first seed; SIMULATIONS=1 SEED=<seed> replays one. */
const histories = Number(process.env.SIMULATIONS ?? 2_000);
const firstSeed = Number(process.env.SEED ?? 1);

const nothing: Faults = {
  network: false,
  crashes: false,
  reshapes: false,
  clocks: false,
  skews: false,
  dates: 'own',
};
const everything: Faults = {
  network: true,
  crashes: true,
  reshapes: true,
  clocks: true,
  skews: true,
  dates: 'own',
};
const kinds: readonly Faults[] = [
  { ...nothing, crashes: true },
  { ...nothing, network: true },
  { ...nothing, reshapes: true },
  { ...everything, clocks: false, skews: false },
  { ...everything, clocks: false },
  everything,
  { ...nothing, crashes: true, dates: 'equal' },
  { ...nothing, crashes: true, dates: 'absent' },
  { ...everything, dates: 'equal' },
  { ...everything, dates: 'absent' },
];

describe('under faults of clients, network, clocks and shards', () => {
  it(`no shard has two owners or is lost, no lease ends early, and groups settle: ${histories} histories`, async () => {
    let heartbeats = 0;
    let handOvers = 0;
    for (let seed = firstSeed; seed < firstSeed + histories; seed += 1) {
      const faults = kinds[seed % kinds.length] ?? everything;
      const result = await runHistory({ seed, faults }).catch((error: Error) => {
        throw new Error(`seed ${seed}, ${JSON.stringify(faults)}: ${error.message}`, { cause: error });
      });
      heartbeats += result.heartbeats;
      handOvers += result.handOvers;
    }
    // The histories exercised something.
    expect(heartbeats).toBeGreaterThan(histories * 10);
    expect(handOvers).toBeGreaterThan(histories / 2);
  }, 600_000);
});

describe('the simulation detects', () => {
  /** Changes the group's document without the server's knowledge. */
  const rewrite =
    (share: number, change: (group: ConsumerGroup) => ConsumerGroup): Poison =>
    async (store: Store, random) => {
      if (random() > share) return;
      const [document] = await store.listDocuments({ tenant, collection: 'groups:logs' });
      if (document === undefined) return;
      const group = change(JSON.parse(document.value) as ConsumerGroup);
      await store.commit({
        tenant,
        writes: [{ collection: 'groups:logs', key: document.key, value: JSON.stringify(group) }],
      });
    };
  const poisons: Record<string, Poison> = {
    'a rebalancer that assigns a shard its owner still holds': rewrite(0.05, (group) => {
      const owners = group.shards.flatMap(({ owner }) => owner ?? []);
      return {
        ...group,
        shards: group.shards.map((shard) => ({
          ...shard,
          owner: shard.owner === null ? null : (owners.find((owner) => owner !== shard.owner) ?? shard.owner),
        })),
      };
    }),
    'a hand-over that does not wait for the release': rewrite(1, (group) => ({
      ...group,
      shards: group.shards.map((shard) =>
        shard.state === 'transfer'
          ? { ...shard, state: 'already_alloc' as const, owner: shard.next, next: null, since: null }
          : shard,
      ),
    })),
    'a lease that ends early': async (store, random) => {
      if (random() > 0.02) return;
      const { leases } = await store.members({ tenant, group: 'logs/cg', offset: 0, limit: 1 });
      for (const { holder } of leases)
        await store.release({ tenant, holder, groups: ['logs/cg'], asExpired: true });
    },
    'a rebalancer that omits a shard': rewrite(1, (group) => ({
      ...group,
      shards: group.shards.map((shard) =>
        shard.id === 0 ? { ...shard, state: 'wait' as const, owner: null } : shard,
      ),
    })),
  };

  it.each(Object.entries(poisons))('%s', async (_what, poison) => {
    let caught = 0;
    const tried = 20;
    for (let seed = 1; seed <= tried; seed += 1) {
      await runHistory({ seed, faults: { ...nothing, crashes: true }, poison }).catch((error: Error) => {
        if (!(error instanceof Violation)) throw error;
        caught += 1;
      });
    }
    expect(caught).toBeGreaterThan(tried / 4);
  });
});
