import { afterEach, describe, expect, it } from 'vitest';
import { group, logstore, refused, type Service, sampleGroup, setUp, startService } from '../service.ts';

let service: Service;
afterEach(() => service.close());

const beat = async (consumer: string, held: readonly number[] = []): Promise<string> => {
  const { status, text, json } = await service.call(
    'POST',
    `${group}?type=heartbeat&consumer=${consumer}`,
    held,
  );
  return status === 200 ? text : `${status} ${(json as { errorCode: string }).errorCode}`;
};
const put = () =>
  service.call('POST', `${logstore}/shards/lb`, sampleGroup, {
    headers: { 'content-type': 'application/x-protobuf', 'x-log-bodyrawsize': '58' },
  });
const cursor = async (shard: number, from: string): Promise<string> =>
  (
    (await service.call('GET', `${logstore}/shards/${shard}?type=cursor&from=${from}`)).json as {
      cursor: string;
    }
  ).cursor;
const save = async (shard: number, from: 'begin' | 'end'): Promise<void> => {
  const checkpoint = await cursor(shard, from);
  const { status } = await service.call('POST', `${group}?type=checkpoint&forceSuccess=true`, {
    shard,
    checkpoint,
  });
  expect(status).toBe(200);
};
const split = (shard: number) =>
  service.call('POST', `${logstore}/shards/${shard}?action=split&shardCount=2`);
/** What a consumer does for a while: it holds what it is told, and lets go between two heartbeats. */
const settle = async (consumer: string, held: readonly number[] = []): Promise<number[]> => {
  let mine = [...held];
  for (let round = 0; round < 3; round += 1) {
    mine = JSON.parse(await beat(consumer, mine));
    await service.pass(1);
  }
  return mine;
};

/** `<seconds> <consumer> <held> => <answer>`, as such lines are captured; replayed on the lease clock. */
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

  it('a server that is restarted, or another node, goes on where the first was', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2, timeout: 4 });
    await replay(['0.8 A [] => [0,1]', '2.8 A [0,1] => [0,1]']);
  });
});

describe('every state, seen by the operator', () => {
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

  it('from not_alloc to over', async () => {
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

  it('without anybody: reclaimed when its holder is silent, from a hand-over too', async () => {
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

describe('order', () => {
  const start = async (order: boolean, shardCount = 1): Promise<void> => {
    service = await startService();
    await setUp(service, { shardCount, order });
  };

  it('holds the children back until a checkpoint at the end of their parent', async () => {
    await start(true);
    await put();
    expect(await settle('A')).toEqual([0]);
    await split(0);
    expect(await settle('A', [0])).toEqual([0]);
    await save(0, 'begin');
    expect(await settle('A', [0])).toEqual([0]);
    await save(0, 'end');
    expect(await settle('A', [0])).toEqual([1, 2]);
  });

  it('lets all begin at once where it does not count', async () => {
    await start(false);
    await settle('A');
    await split(0);
    expect(await settle('A', [0])).toEqual([0, 1, 2]);
    await save(0, 'end');
    expect(await settle('A', [0, 1, 2])).toEqual([1, 2]);
  });

  it('waits for both parents of a merge, and for theirs', async () => {
    await start(true, 2);
    await put();
    await put();
    await settle('A');
    await service.call('POST', `${logstore}/shards/0?action=merge`);
    expect(await settle('A', [0, 1])).toEqual([0, 1]);
    await save(0, 'end');
    expect(await settle('A', [0, 1])).toEqual([1]);
    await split(2);
    await save(1, 'end');
    expect(await settle('A', [1])).toEqual([2]);
    await save(2, 'end');
    expect(await settle('A', [2])).toEqual([3, 4]);
  });

  it('ends when it is switched off, and begins with the next split when it is switched on', async () => {
    await start(true);
    await put();
    await settle('A');
    await split(0);
    expect(await settle('A', [0])).toEqual([0]);
    await service.call('PUT', group, { order: false });
    expect(await settle('A', [0])).toEqual([0, 1, 2]);
    await service.call('PUT', group, { order: true });
    expect(await settle('A', [0, 1, 2])).toEqual([0, 1, 2]);
    await split(1);
    expect(await settle('A', [0, 1, 2])).toEqual([0, 1, 2]);
  });

  it('knows a parent as finished whose end was saved before it was split', async () => {
    await start(true);
    await put();
    await settle('A');
    await save(0, 'end');
    expect(await settle('A', [0])).toEqual([0]);
    await split(0);
    expect(await settle('A', [0])).toEqual([1, 2]);
  });

  it('is held up by an empty shard until its end, which is its beginning, is saved', async () => {
    await start(true);
    await settle('A');
    await split(0);
    expect(await settle('A', [0])).toEqual([0]);
    await save(0, 'begin');
    expect(await settle('A', [0])).toEqual([1, 2]);
  });

  it('goes back to a shard that was over when its checkpoint is set back', async () => {
    await start(false);
    await put();
    await settle('A');
    await split(0);
    await save(0, 'end');
    expect(await settle('A', [0])).toEqual([1, 2]);
    await save(0, 'begin');
    expect(await settle('A', [1, 2])).toEqual([0, 1, 2]);
  });

  it('goes on when a parent is deleted', async () => {
    await start(true);
    await put();
    await settle('A');
    await split(0);
    expect(await settle('A', [0])).toEqual([0]);
    await service.call('DELETE', `${logstore}/shards/0`);
    expect(await settle('A', [0])).toEqual([1, 2]);
    expect(
      await service.call('POST', `${group}?type=checkpoint&forceSuccess=true`, {
        shard: 0,
        checkpoint: 'MQ==',
      }),
    ).toMatchObject(refused(404, 'ShardNotExist'));
  });

  it('shares what is left evenly when a shard is over', async () => {
    await start(false, 2);
    await put();
    await put();
    await settle('A');
    await split(0);
    await save(0, 'end');
    let [a, b] = [[0, 1], [] as number[]];
    for (let round = 0; round < 5; round += 1) {
      a = JSON.parse(await beat('A', a));
      b = JSON.parse(await beat('B', b));
      await service.pass(1);
    }
    expect([...a, ...b].sort()).toEqual([1, 2, 3]);
    expect(Math.abs(a.length - b.length)).toBe(1);
  });
});

describe('heartbeats that come late', () => {
  const dated = async (consumer: string, held: readonly number[], second: number): Promise<string> =>
    (
      await service.call('POST', `${group}?type=heartbeat&consumer=${consumer}`, held, {
        headers: { date: new Date((service.nowSeconds() + second) * 1_000).toUTCString() },
      })
    ).text;

  it('free nothing that their consumer was not told to let go', async () => {
    service = await startService();
    await setUp(service, { shardCount: 2 });
    await dated('A', [], 0);
    await service.pass(1);
    await dated('A', [0, 1], 0);
    await dated('B', [], 0);
    // A's first heartbeat once more.
    expect(await dated('A', [], -1)).toBe('[0]');
    expect(await dated('B', [], 0)).toBe('[]');
    await service.pass(1);
    expect(await dated('A', [0, 1], 0)).toBe('[0]');
    await service.pass(1);
    expect(await dated('A', [0], 0)).toBe('[0]');
    expect(await dated('B', [], 0)).toBe('[1]');
  });

  it('of a clock that was set back hold a hand-over up for one timeout, and no longer', async () => {
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
