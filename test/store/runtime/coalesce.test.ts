import { describe, expect, it } from 'vitest';
import { coalesce, maxBatch } from '../../../src/store/runtime/coalesce.ts';
import {
  type Command,
  type Driver,
  type Outcome,
  StoreUnavailable,
  type TenantEvent,
} from '../../../src/store/store.ts';

/** A driver that answers with the name it was asked for, or as told, and remembers its batches. */
function recordingDriver(answer: (command: Command) => Outcome | 'nothing'): {
  driver: Driver;
  batches: Command[][];
} {
  const batches: Command[][] = [];
  const driver = {
    eagerBatch: Number.POSITIVE_INFINITY,
    partitionOf: (tenant: string) => Number(tenant.split('/')[1]),
    async execute(_partition: number, commands: readonly Command[]) {
      batches.push([...commands]);
      return commands.map(answer).filter((outcome) => outcome !== 'nothing');
    },
  } as unknown as Driver;
  return { driver, batches };
}

const groupsOf = (command: Command): Outcome => ({
  answer: [command.name === 'groupsOf' ? command.ask.holder : ''],
});
const quiet = { onEvents: () => {}, monotonicMs: () => 0 };

describe('coalescing', () => {
  it('sends the commands of one turn as one batch per partition', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { ask } = coalesce(driver, quiet);
    const answers = await Promise.all(
      ['a', 'b', 'c'].flatMap((holder) =>
        [0, 1].map((partition) => ask('groupsOf', { tenant: `t/${partition}`, holder })),
      ),
    );
    expect(answers).toEqual([['a'], ['a'], ['b'], ['b'], ['c'], ['c']]);
    expect(batches.map((batch) => batch.length)).toEqual([3, 3]);
  });

  it('bounds a batch', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { ask } = coalesce(driver, quiet);
    await Promise.all(
      Array.from({ length: maxBatch * 2 + 1 }, (_, at) =>
        ask('groupsOf', { tenant: 't/0', holder: `${at}` }),
      ),
    );
    expect(batches.map((batch) => batch.length)).toEqual([maxBatch, maxBatch, 1]);
  });

  it('does not wait for the end of the turn where a store in another process can begin already', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { ask } = coalesce({ ...driver, eagerBatch: 4 }, quiet);
    const answers = Array.from({ length: 10 }, (_, at) =>
      ask('groupsOf', { tenant: 't/0', holder: `${at}` }),
    );
    expect(batches.map((batch) => batch.length)).toEqual([4, 4]);
    expect((await Promise.all(answers)).flat()).toEqual(Array.from({ length: 10 }, (_, at) => `${at}`));
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
  });

  it('lets one bad item fail alone', async () => {
    const { driver } = recordingDriver((command) =>
      command.name === 'groupsOf' && command.ask.holder === 'bad'
        ? { error: new Error('bad item') }
        : groupsOf(command),
    );
    const { ask } = coalesce(driver, quiet);
    const answers = await Promise.allSettled(
      ['a', 'bad', 'b'].map((holder) => ask('groupsOf', { tenant: 't/0', holder })),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('counts a batch as failed where the store was away for a part of it, not where an item was bad', async () => {
    const errors: Record<string, Error> = { away: new StoreUnavailable('gone'), bad: new Error('bad item') };
    const { driver } = recordingDriver((command) => {
      const error = command.name === 'groupsOf' ? errors[command.ask.holder] : undefined;
      return error === undefined ? groupsOf(command) : { error };
    });
    const failures: boolean[] = [];
    const { ask } = coalesce(driver, { ...quiet, onBatch: (_size, failed) => failures.push(failed) });
    for (const holder of ['away', 'bad']) {
      await Promise.allSettled(['a', holder].map((name) => ask('groupsOf', { tenant: 't/0', holder: name })));
    }
    expect(failures).toEqual([true, false]);
  });

  it('fails every command of a batch that could not be run, and no other batch', async () => {
    const driver = {
      partitionOf: (tenant: string) => Number(tenant.split('/')[1]),
      async execute(partition: number, commands: readonly Command[]) {
        if (partition === 1) throw new Error('away');
        return commands.map(groupsOf);
      },
    } as unknown as Driver;
    const failed: boolean[] = [];
    const { ask } = coalesce(driver, { ...quiet, onBatch: (_size, wasFailure) => failed.push(wasFailure) });
    const answers = await Promise.allSettled(
      [0, 1, 0, 1].map((at) => ask('groupsOf', { tenant: `t/${at}`, holder: 'a' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(failed.sort()).toEqual([false, true]);
  });

  it('rejects what a driver left unanswered instead of waiting for ever', async () => {
    const { driver } = recordingDriver(() => 'nothing');
    const { ask } = coalesce(driver, quiet);
    await expect(ask('groupsOf', { tenant: 't/0', holder: 'a' })).rejects.toThrow('unanswered');
  });

  it('tells observers before the one who asked', async () => {
    const order: string[] = [];
    const { driver } = recordingDriver((command) => ({
      ...groupsOf(command),
      events: [{ holder: 'a' } as TenantEvent],
    }));
    const { ask } = coalesce(driver, { ...quiet, onEvents: () => order.push('observer') });
    await ask('groupsOf', { tenant: 't/0', holder: 'a' }).then(() => order.push('asker'));
    expect(order).toEqual(['observer', 'asker']);
  });

  it('drains what is under way', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { ask, drain } = coalesce(driver, quiet);
    const answer = ask('groupsOf', { tenant: 't/0', holder: 'a' });
    await drain();
    expect(batches).toHaveLength(1);
    expect(await answer).toEqual(['a']);
  });
});
