/** `POST /leases/move`: a shard that an operator gives to another consumer. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { group, groups, type Service, setUp, startService } from '../../protocols/sls/service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());

const cg = { tenant: 'sls/my-project', group: 'my-logstore/cg' };
const beat = (consumer: string, held: readonly number[] = []) =>
  service.call('POST', `${groups}/cg?type=heartbeat&consumer=${consumer}`, held);
const move = async (shard: number, to: string, changes = {}) => {
  const payload = { ...cg, shard, to, ...changes };
  const reply = await service.started.app.inject({
    method: 'POST',
    url: '/_heartbeatd/leases/move',
    payload,
  });
  return { status: reply.statusCode, json: reply.json() };
};

describe('a forced move', () => {
  const owned = async (consumer: string, held: readonly number[]): Promise<number[]> =>
    (await beat(consumer, held)).json;
  /** Two consumers with two shards each: c1 owns 0 and 1. */
  const startTwo = async (): Promise<void> => {
    await setUp(service);
    await beat('c1');
    await beat('c1', [0, 1, 2, 3]);
    await beat('c2');
    await beat('c1', [0, 1]);
    await beat('c1', [0, 1]);
    expect(await owned('c2', [])).toEqual([2, 3]);
    expect(await owned('c2', [2, 3])).toEqual([2, 3]);
  };

  it('tells the owner first, and is not undone by the heartbeats that follow', async () => {
    await startTwo();
    const { status, json } = await move(0, 'c2');
    expect(status).toBe(200);
    expect(json.sentences[0]).toContain('Shard 0 is in transfer from c1 to c2');
    expect(json.facts.shard).toMatchObject({ id: 0, state: 'transfer', owner: 'c1', next: 'c2' });
    expect(await owned('c2', [2, 3])).toEqual([2, 3]);
    expect(await owned('c1', [0, 1])).toEqual([1]);
    expect(await owned('c2', [2, 3])).toEqual([2, 3]);
    expect(await owned('c1', [1])).toEqual([1]);
    expect(await owned('c2', [2, 3])).toEqual([0, 2, 3]);
    for (let round = 0; round < 3; round += 1) {
      expect(await owned('c1', [1])).toEqual([1]);
      expect(await owned('c2', [0, 2, 3])).toEqual([0, 2, 3]);
    }
  });

  it('is balanced again by the next change of the members', async () => {
    await startTwo();
    await move(0, 'c2');
    await beat('c1', [1]);
    await beat('c2', [0, 2, 3]);
    await beat('c3');
    const query = new URLSearchParams(cg);
    const { shards } = (await service.started.app.inject(`/_heartbeatd/why?${query}`)).json().facts;
    const loads = new Map<string, number>();
    for (const { owner, next } of shards) loads.set(next ?? owner, (loads.get(next ?? owner) ?? 0) + 1);
    expect([...loads.values()].sort()).toEqual([1, 1, 2]);
  });

  it('back to the owner cancels the hand-over', async () => {
    await startTwo();
    await move(0, 'c2');
    expect((await move(0, 'c1')).json.facts.shard).toMatchObject({
      state: 'already_alloc',
      owner: 'c1',
      next: null,
    });
    expect(await owned('c1', [0, 1])).toEqual([0, 1]);
  });

  it('is refused with the reason where there is nothing to move', async () => {
    await startTwo();
    expect(await move(0, 'c1')).toEqual({ status: 409, json: { error: 'shard 0 is owned by c1 already' } });
    await move(1, 'c2');
    expect(await move(1, 'c2')).toEqual({
      status: 409,
      json: { error: 'shard 1 is on the way to c2 already' },
    });
    expect(await move(0, 'c9')).toEqual({
      status: 404,
      json: { error: 'unknown live consumer "c9"; did you mean "c1"?', nearest: ['c1', 'c2'] },
    });
    expect((await move(9, 'c2')).json.error).toContain('unknown shard "9"');
    expect((await move(0, 'c2', { group: 'my-logstore/gc' })).json.nearest).toEqual(['my-logstore/cg']);
    expect((await move(0, 'c2', { tenant: 'sls/none' })).status).toBe(404);
    expect((await move(0, 'c2', { tenant: 'pbx/default' })).status).toBe(400);
    expect((await move(0, 'c2', { shard: -1 })).status).toBe(400);
    await service.call('DELETE', group);
    expect((await move(0, 'c2')).status).toBe(404);
  });
});
