/** Consumption in order: shards wait for those they were split or merged from. */
import { afterEach, describe, expect, it } from 'vitest';
import { group, logstore, refused, type Service, setUp, startService } from '../service.ts';
import { consumersOf } from './consumers.ts';

let service: Service;
afterEach(() => service.close());
const { beat, put, save, split, settle } = consumersOf(() => service);

describe('order', () => {
  const start = async (order: boolean, shardCount = 1): Promise<void> => {
    service = await startService();
    await setUp(service, { shardCount, order });
  };

  it('assigns the parts of a split only after a checkpoint at the end of the parent', async () => {
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

  it('is off by default: all shards are assigned at once', async () => {
    await start(false);
    await settle('A');
    await split(0);
    expect(await settle('A', [0])).toEqual([0, 1, 2]);
    await save(0, 'end');
    expect(await settle('A', [0, 1, 2])).toEqual([1, 2]);
  });

  it('waits for both parents of a merge, and for their descendants in turn', async () => {
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

  it('ends when it is switched off, and applies to new shards when it is switched on', async () => {
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

  it('takes a parent as finished if its end was saved before the split', async () => {
    await start(true);
    await put();
    await settle('A');
    await save(0, 'end');
    expect(await settle('A', [0])).toEqual([0]);
    await split(0);
    expect(await settle('A', [0])).toEqual([1, 2]);
  });

  it('waits for an empty shard until its end, which is its beginning, is saved', async () => {
    await start(true);
    await settle('A');
    await split(0);
    expect(await settle('A', [0])).toEqual([0]);
    await save(0, 'begin');
    expect(await settle('A', [0])).toEqual([1, 2]);
  });

  it('assigns a shard that was over again when its checkpoint is set back', async () => {
    await start(false);
    await put();
    await settle('A');
    await split(0);
    await save(0, 'end');
    expect(await settle('A', [0])).toEqual([1, 2]);
    await save(0, 'begin');
    expect(await settle('A', [1, 2])).toEqual([0, 1, 2]);
  });

  it('does not wait for a parent that is deleted', async () => {
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

  it('distributes the other shards evenly when a shard is over', async () => {
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
