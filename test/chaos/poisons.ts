/** Faulty stores, to prove that the checker notices: each wraps a driver and breaks one promise now and then. */
import type { Command, Input, Result } from '../../src/store/commands.ts';
import type { Driver, Outcome } from '../../src/store/driver.ts';
import { eventsOf } from '../../src/store/event-runs.ts';
import { leaseEventsTopic } from '../../src/store/store.ts';
import type { Random } from '../random.ts';

export type Poison = (driver: Driver, random: Random) => Driver;

/** Runs commands; replaces some of them, or their results. */
function wrapExecute(
  driver: Driver,
  change: (
    command: Command,
    run: (changed: Command) => Promise<Outcome | undefined>,
  ) => Promise<Outcome | undefined>,
): Driver {
  return {
    ...driver,
    async execute(partition, commands) {
      const outcomes: Outcome[] = [];
      for (const command of commands) {
        const run = async (one: Command): Promise<Outcome | undefined> =>
          (await driver.execute(partition, [one]))[0];
        outcomes.push((await change(command, run)) ?? { error: new Error('no outcome') });
      }
      return outcomes;
    },
  };
}

/** Ends leases that have time left, as expired. */
export const earlyPop: Poison = (driver, random) => {
  return wrapExecute(driver, async (command, run) => {
    const outcome = await run(command);
    if (command.name === 'beat' && random.chance(0.05)) {
      const { tenant, holder } = command.input;
      await run({ name: 'release', input: { tenant, holder, asExpired: true } });
    }
    return outcome;
  });
};

/** Records expiries twice. */
export const doublePop: Poison = (driver) => ({
  ...driver,
  async sweep(partition, owner, budget) {
    const swept = await driver.sweep(partition, owner, budget);
    for (const { tenant, ...event } of swept.expired.flatMap(eventsOf)) {
      const append = {
        topic: leaseEventsTopic(event.group),
        payload: Buffer.from(JSON.stringify(event)),
        keepEntries: 1_000,
      };
      await driver.execute(partition, [{ name: 'commit', input: { tenant, appends: [append] } }]);
    }
    return swept;
  },
});

/** Leaves entries of topics out. */
export const lostEvent: Poison = (driver, random) =>
  wrapExecute(driver, async (command, run) => {
    const outcome = await run(command);
    if (command.name !== 'readTopics' || outcome === undefined || !('result' in outcome)) return outcome;
    const entries = outcome.result as Result<'readTopics'>;
    return { ...outcome, result: entries.filter(() => !random.chance(0.1)) };
  });

interface GroupDocument {
  readonly shards: readonly {
    readonly state: string;
    readonly owner: string | null;
    readonly next: string | null;
  }[];
}

/** Assigns shards to the next owner without waiting for the release. */
export const staleAssignment: Poison = (driver) =>
  wrapExecute(driver, (command, run) => {
    if (command.name !== 'commit') return run(command);
    const writes = command.input.writes?.map((write) => {
      if (!write.collection.startsWith('groups:') || write.value === null) return write;
      const group = JSON.parse(write.value) as GroupDocument;
      const shards = group.shards.map((shard) =>
        shard.state === 'transfer' && shard.next !== null
          ? { ...shard, state: 'already_alloc', owner: shard.next, next: null, since: null }
          : shard,
      );
      return { ...write, value: JSON.stringify({ ...group, shards }) };
    });
    const input: Input<'commit'> = writes === undefined ? command.input : { ...command.input, writes };
    return run({ name: 'commit', input });
  });

/** Acknowledges checkpoints that it does not write. */
export const skippedWrite: Poison = (driver, random) =>
  wrapExecute(driver, (command, run) => {
    if (command.name !== 'commit' || !random.chance(0.5)) return run(command);
    const { writes = [], appends = [] } = command.input;
    const [write] = writes;
    if (write?.collection.startsWith('checkpoints:') !== true || writes.length > 1 || appends.length > 0)
      return run(command);
    return Promise.resolve({ result: { committed: true, versions: [1], positions: [] } });
  });

/** Acknowledges some appends to topics whose names begin with a text and that nobody finds there afterwards. */
export const skippedAppend =
  (prefix: string): Poison =>
  (driver, random) =>
    wrapExecute(driver, (command, run) => {
      if (command.name !== 'commit' || !random.chance(0.3)) return run(command);
      const appends = command.input.appends?.map(({ topic, also = [], ...append }) => {
        const elsewhere = (name: string): string => (name.startsWith(prefix) ? `skipped:${name}` : name);
        return { ...append, topic: elsewhere(topic), also: also.map(elsewhere) };
      });
      return run({ name: 'commit', input: { ...command.input, ...(appends && { appends }) } });
    });

/** Answers renewals that it does not make. */
export const skippedRenewal: Poison = (driver, random) =>
  wrapExecute(driver, (command, run) => {
    if (command.name !== 'beat') return run(command);
    const { groups, guards } = command.input;
    if (groups === undefined || guards !== undefined || !random.chance(0.8)) return run(command);
    const leases = groups.map(({ group, data = null }) => ({
      group,
      state: 'renewed' as const,
      epoch: 1,
      revision: 1,
      data,
    }));
    return Promise.resolve({ result: { stale: false, leases } });
  });
