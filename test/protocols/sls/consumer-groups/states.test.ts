/** The states of shards, as replies and the operator's view show them. */
import { afterEach, describe, expect, it } from 'vitest';
import { startApp } from '../../../start-app.ts';
import { group, host, type Service, setUp, startService } from '../service.ts';
import { consumersOf } from './consumers.ts';

let service: Service;
afterEach(() => service.close());

const { beat, cursor, put, save, split } = consumersOf(() => service);

/** Replays lines `<seconds> <consumer> <held> => <reply>` on the lease clock. */
async function replay(lines: readonly string[], atStart = 0): Promise<void> {
  let now = atStart;
  for (const line of lines) {
    const [, at = '', consumer = '', held = '', answer = ''] =
      /^([\d.]+) (\w+) (\[.*?\]) => (.*)$/.exec(line) ?? [];
    await service.pass(Number(at) - now);
    now = Number(at);
    expect(`${at} ${consumer} ${held} => ${await beat(consumer, JSON.parse(held))}`).toBe(
      `${at} ${consumer} ${held} => ${answer}`,
    );
  }
}

describe('as captured from the vendor’s libraries', () => {
  it('a join, a hand-over and a crash', async () => {
    service = await startService();
    await setUp(service, { shardCount: 4, timeout: 4 });
    await replay([
      '0.8 A [] => [0,1,2,3]',
      '2.8 A [0,1,2,3] => [0,1,2,3]',
      '4.8 A [0,1,2,3] => [0,1,2,3]',
      '6.8 B [] => []',
      '6.8 A [0,1,2,3] => [0,1]',
      '8.8 A [0,1,2,3] => [0,1]',
      '8.8 B [] => []',
      '10.8 A [0,1] => [0,1]',
      '10.8 B [] => [2,3]',
      '12.8 A [0,1] => [0,1]',
      '12.8 B [2,3] => [2,3]',
      '14.8 A [0,1] => [0,1]',
      '14.8 B [2,3] => [2,3]',
      '16.8 A [0,1] => [0,1]',
      '16.8 B [2,3] => [2,3]',
      '18.8 A [0,1] => [0,1]',
      '18.8 B [2,3] => [2,3]',
      '20.8 A [0,1] => [0,1]',
      '22.7 A [0,1] => [0,1]',
      '22.8 A [0,1] => [0,1,2,3]',
    ]);
  });

  it('a frozen process', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2, timeout: 4 });
    await replay([
      '0.8 A [] => [0,1]',
      '2.8 A [0,1] => [0,1]',
      '3.8 B [] => []',
      '4.8 A [0,1] => [0]',
      '5.8 B [] => []',
      '6.8 A [0] => [0]',
      '7.8 B [] => [1]',
      '8.8 A [0] => [0]',
      '9.8 B [1] => [1]',
      '11.8 B [1] => [1]',
      '13.8 B [1] => [0,1]',
      '15.8 B [0,1] => [0,1]',
      '16.6 A [0] => 400 NotExistConsumerWithBody',
      '17.8 B [0,1] => [0,1]',
      '18.6 A [] => []',
      '19.8 B [0,1] => [0]',
      '20.6 A [] => []',
      '21.8 B [0,1] => [0]',
      '22.6 A [] => []',
      '23.8 B [0] => [0]',
      '24.6 A [] => [1]',
      '25.8 B [0] => [0]',
      '26.6 A [1] => [1]',
    ]);
  });

  it('another node, or a restarted server, continues where the first one was', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2, timeout: 4 });
    await replay(['0.8 A [] => [0,1]', '2.8 A [0,1] => [0,1]', '3.8 B [] => []']);
    const other = await startApp({}, { store: service.started.store });
    const elsewhere = async (consumer: string, payload: readonly number[]): Promise<unknown> => {
      const url = `${group}?type=heartbeat&consumer=${consumer}`;
      return (
        await other.app.inject({ method: 'POST', url, headers: { host }, payload: [...payload] })
      ).json();
    };
    expect(await elsewhere('A', [0, 1])).toEqual([0]);
    expect(await elsewhere('B', [])).toEqual([]);
    expect(await elsewhere('A', [0])).toEqual([0]);
    expect(await elsewhere('B', [])).toEqual([1]);
    await other.app.close();
  });
});

describe('the view of the operator', () => {
  interface GroupState {
    readonly timeout?: number;
    readonly order?: boolean;
    readonly shards: readonly Record<string, unknown>[];
  }
  const view = async (): Promise<GroupState> => {
    const answer = await service.started.app.inject({
      url: '/_heartbeatd/leases?tenant=sls%2Fmy-project',
    });
    const { groups } = answer.json() as { groups: { state: GroupState }[] };
    return groups[0]?.state ?? { shards: [] };
  };
  const states = async (): Promise<string[]> =>
    (await view()).shards.map(
      ({ id, state, owner, next }: Record<string, unknown>) => `${id} ${state} ${owner} ${next}`,
    );

  it('shows each state from not_alloc to over', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2, order: true });
    await put();
    await put();
    expect(await states()).toEqual(['0 not_alloc null null', '1 not_alloc null null']);
    await beat('A');
    expect(await states()).toEqual(['0 already_alloc A null', '1 already_alloc A null']);
    await beat('A', [0, 1]);
    await beat('B');
    expect(await states()).toEqual(['0 already_alloc A null', '1 transfer A B']);
    await service.pass(1);
    await beat('A', [0]);
    expect(await states()).toEqual(['0 already_alloc A null', '1 already_alloc B null']);
    await split(0);
    await beat('A', [0]);
    expect((await states()).slice(2)).toEqual(['2 wait null null', '3 wait null null']);
    await save(0, 'end');
    await service.pass(1);
    await beat('A', [0]);
    expect((await states())[0]).toBe('0 over A null');
    await service.pass(1);
    await beat('A', []);
    expect((await states())[0]).toBe('0 over null null');
    const { timeout, order, shards } = await view();
    expect({ timeout, order }).toEqual({ timeout: 60, order: true });
    expect(shards[0]?.checkpoint).toBe(await cursor(0, 'end'));
    expect(shards[1]?.checkpoint).toBe('');
  });

  it('shows a shard as not_alloc after the leases of all consumers ended', async () => {
    service = await startService();
    await setUp(service, { shardCount: 1, timeout: 5 });
    await beat('A');
    await service.pass(5);
    expect(await beat('B')).toBe('[0]');
    await beat('B', [0]);
    await service.pass(5);
    expect(await states()).toEqual(['0 not_alloc null null']);
  });
});

describe('late heartbeats', () => {
  const dated = async (consumer: string, held: readonly number[], second: number): Promise<string> =>
    (
      await service.call('POST', `${group}?type=heartbeat&consumer=${consumer}`, held, {
        headers: { date: new Date((service.nowSeconds() + second) * 1_000).toUTCString() },
      })
    ).text;

  it('release nothing', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2 });
    await dated('A', [], 0);
    await service.pass(1);
    await dated('A', [0, 1], 0);
    await dated('B', [], 0);
    // A copy of A's first heartbeat.
    expect(await dated('A', [], -1)).toBe('[0]');
    expect(await dated('B', [], 0)).toBe('[]');
    await service.pass(1);
    expect(await dated('A', [0, 1], 0)).toBe('[0]');
    await service.pass(1);
    expect(await dated('A', [0], 0)).toBe('[0]');
    expect(await dated('B', [], 0)).toBe('[1]');
  });

  it('of a clock that was set back delay a hand-over by one timeout at most', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2, timeout: 4 });
    await dated('A', [], 600);
    await dated('A', [0, 1], 601);
    await dated('B', [], 0);
    expect(await dated('A', [0, 1], 0)).toBe('[0]');
    for (let second = 0; second < 4; second += 1) {
      expect(await dated('A', [0], 0)).toBe('[0]');
      expect(await dated('B', [], 0)).toBe('[]');
      await service.pass(1);
    }
    expect(await dated('A', [0], 0)).toBe('[0]');
    expect(await dated('B', [], 0)).toBe('[1]');
  });
});
