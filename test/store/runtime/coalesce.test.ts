import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../../src/store/commands.ts';
import { type Driver, type Outcome, StoreUnavailable } from '../../../src/store/driver.ts';
import type { TenantEvent } from '../../../src/store/leases.ts';
import { coalesce, maxBatch } from '../../../src/store/runtime/coalesce.ts';

/** Returns a driver that has the given outcome for each command and records its batches. */
function recordingDriver(outcomeOf: (command: Command) => Outcome | 'nothing'): {
  driver: Driver;
  batches: Command[][];
} {
  const batches: Command[][] = [];
  const driver = {
    earlyFlushSize: Number.POSITIVE_INFINITY,
    partitionOf: (tenant: string) => Number(tenant.split('/')[1]),
    async execute(_partition: number, commands: readonly Command[]) {
      batches.push([...commands]);
      return commands.map(outcomeOf).filter((outcome) => outcome !== 'nothing');
    },
  } as unknown as Driver;
  return { driver, batches };
}

const groupsOf = (command: Command): Outcome => ({
  result: [command.name === 'groupsOf' ? command.input.holder : ''],
});
const options = { onEvents: () => {}, monotonicMs: () => 0 };

describe('coalescing', () => {
  it('sends the commands of one turn as one batch per partition', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { run } = coalesce(driver, options);
    const answers = await Promise.all(
      ['a', 'b', 'c'].flatMap((holder) =>
        [0, 1].map((partition) => run('groupsOf', { tenant: `t/${partition}`, holder })),
      ),
    );
    expect(answers).toEqual([['a'], ['a'], ['b'], ['b'], ['c'], ['c']]);
    expect(batches.map((batch) => batch.length)).toEqual([3, 3]);
  });

  it('bounds a batch', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { run } = coalesce(driver, options);
    await Promise.all(
      Array.from({ length: maxBatch * 2 + 1 }, (_, at) =>
        run('groupsOf', { tenant: 't/0', holder: `${at}` }),
      ),
    );
    expect(batches.map((batch) => batch.length)).toEqual([maxBatch, maxBatch, 1]);
  });

  it('sends a batch early once it has the size at which the driver can begin', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { run } = coalesce({ ...driver, earlyFlushSize: 4 }, options);
    const answers = Array.from({ length: 10 }, (_, at) =>
      run('groupsOf', { tenant: 't/0', holder: `${at}` }),
    );
    expect(batches.map((batch) => batch.length)).toEqual([4, 4]);
    expect((await Promise.all(answers)).flat()).toEqual(Array.from({ length: 10 }, (_, at) => `${at}`));
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
  });

  it('over a remote store, takes in the commands of up to four turns while each turn has some', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { run } = coalesce({ ...driver, earlyFlushSize: 100 }, options);
    const answers: Promise<unknown>[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      answers.push(run('groupsOf', { tenant: 't/0', holder: `${turn}` }));
      await nextTurn();
    }
    await Promise.all(answers);
    expect(batches.map((batch) => batch.length)).toEqual([4, 2]);
  });

  it('over a remote store, sends a batch after a turn without commands', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { run } = coalesce({ ...driver, earlyFlushSize: 100 }, options);
    const first = run('groupsOf', { tenant: 't/0', holder: 'a' });
    await nextTurn();
    expect(batches).toEqual([]);
    await nextTurn();
    expect(batches.map((batch) => batch.length)).toEqual([1]);
    await first;
  });

  it('fails only the command that is invalid', async () => {
    const { driver } = recordingDriver((command) =>
      command.name === 'groupsOf' && command.input.holder === 'bad'
        ? { error: new Error('bad item') }
        : groupsOf(command),
    );
    const { run } = coalesce(driver, options);
    const answers = await Promise.allSettled(
      ['a', 'bad', 'b'].map((holder) => run('groupsOf', { tenant: 't/0', holder })),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('counts a batch as failed if the store was away for a part of it, not if a command was invalid', async () => {
    const errors: Record<string, Error> = { away: new StoreUnavailable('gone'), bad: new Error('bad item') };
    const { driver } = recordingDriver((command) => {
      const error = command.name === 'groupsOf' ? errors[command.input.holder] : undefined;
      return error === undefined ? groupsOf(command) : { error };
    });
    const failures: boolean[] = [];
    const { run } = coalesce(driver, { ...options, onBatch: ({ failed }) => failures.push(failed) });
    for (const holder of ['away', 'bad']) {
      await Promise.allSettled(['a', holder].map((name) => run('groupsOf', { tenant: 't/0', holder: name })));
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
    const { run } = coalesce(driver, { ...options, onBatch: (report) => failed.push(report.failed) });
    const answers = await Promise.allSettled(
      [0, 1, 0, 1].map((at) => run('groupsOf', { tenant: `t/${at}`, holder: 'a' })),
    );
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(failed.sort()).toEqual([false, true]);
  });

  it('rejects a command for which the driver returned no outcome', async () => {
    const { driver } = recordingDriver(() => 'nothing');
    const { run } = coalesce(driver, options);
    await expect(run('groupsOf', { tenant: 't/0', holder: 'a' })).rejects.toThrow('no outcome');
  });

  it('calls observers before the caller has its result', async () => {
    const order: string[] = [];
    const { driver } = recordingDriver((command) => ({
      ...groupsOf(command),
      events: [{ holder: 'a' } as TenantEvent],
    }));
    const { run } = coalesce(driver, { ...options, onEvents: () => order.push('observer') });
    await run('groupsOf', { tenant: 't/0', holder: 'a' }).then(() => order.push('asker'));
    expect(order).toEqual(['observer', 'asker']);
  });

  it('drain resolves when every command has its result', async () => {
    const { driver, batches } = recordingDriver(groupsOf);
    const { run, drain } = coalesce(driver, options);
    const answer = run('groupsOf', { tenant: 't/0', holder: 'a' });
    await drain();
    expect(batches).toHaveLength(1);
    expect(await answer).toEqual(['a']);
  });
});
