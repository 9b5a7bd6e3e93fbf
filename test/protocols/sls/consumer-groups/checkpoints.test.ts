import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { group, logstore, refused, type Service, setUp, startMs, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service, { shardCount: 2 });
});
afterEach(() => service.close());

const beat = (consumer: string, held: readonly number[] = []) =>
  service.call('POST', `${group}?type=heartbeat&consumer=${consumer}`, held);
const cursor = 'MTUyNDE1NTM3OTM3MzkwODQ5Ng==';
const save = (query: string, body: unknown = { shard: 0, checkpoint: cursor }) =>
  service.call('POST', `${group}?type=checkpoint${query}`, body);
const get = async (query = '') =>
  (await service.call('GET', `${group}${query}`)).json as { checkpoint: string }[];
const nothing = { checkpoint: '', updateTime: 0, consumer: '' };

describe('checkpoints', () => {
  it('exist for every shard before any was saved', async () => {
    expect(await get()).toEqual([
      { shard: 0, ...nothing },
      { shard: 1, ...nothing },
    ]);
    expect(await get('?shard=1')).toEqual([{ shard: 1, ...nothing }]);
    expect(await get('?shard=99')).toEqual([]);
    expect(await get('?shard=x')).toEqual([]);
  });

  it('are the last saved ones, with their times in microseconds and the owners of the shards', async () => {
    await beat('c1');
    expect(await save('&consumer=c1&forceSuccess=true')).toMatchObject({ status: 200, text: '' });
    expect(await get('?shard=0')).toEqual([
      { shard: 0, checkpoint: cursor, updateTime: startMs * 1_000, consumer: 'c1' },
    ]);
    await service.pass(1);
    await save('&consumer=c1', { shard: 0, checkpoint: 'MQ==' });
    expect((await get())[0]).toMatchObject({ checkpoint: 'MQ==', updateTime: (startMs + 1_000) * 1_000 });
  });

  it('have times by the clock of their project, whatever becomes of other clocks', async () => {
    const { store } = service.started;
    await beat('c1');
    await store.advanceClock(3_600_000, 'sls/another-project');
    await save('&consumer=c1');
    expect((await get())[0]).toMatchObject({ updateTime: startMs * 1_000 });
    await store.advanceClock(30_000, 'sls/my-project');
    await save('&consumer=c1', { shard: 0, checkpoint: 'MQ==' });
    expect((await get())[0]).toMatchObject({ updateTime: (startMs + 30_000) * 1_000 });
  });

  it('outlive their consumers and are deleted with their group', async () => {
    await beat('c1');
    await save('&consumer=c1');
    await service.pass(60);
    await beat('c2');
    expect((await get())[0]).toMatchObject({ checkpoint: cursor, consumer: 'c2' });
    await service.call('DELETE', group);
    expect(await service.call('GET', group)).toMatchObject(
      refused(404, 'ConsumerGroupNotExist', 'consumer group not exist'),
    );
    await service.call('POST', `${logstore}/consumergroups`, { consumerGroup: 'cg', timeout: 60 });
    expect((await get())[0]).toEqual({ shard: 0, ...nothing });
  });

  // Without force only the owner may save; with it anyone, even without a consumer. The Python SDK writes True.
  it.each([
    ['&consumer=holder', 200, undefined],
    ['&consumer=holder&forceSuccess=false', 200, undefined],
    ['&consumer=holder&forceSuccess=true', 200, undefined],
    ['&consumer=other', 400, 'ConsumerNotMatch'],
    ['&consumer=other&forceSuccess=False', 400, 'ConsumerNotMatch'],
    ['&consumer=other&forceSuccess=True', 200, undefined],
    ['&consumer=nobody', 404, 'ConsumerNotExist'],
    ['&consumer=nobody&forceSuccess=true', 200, undefined],
    ['', 404, 'ConsumerNotExist'],
    ['&consumer=', 404, 'ConsumerNotExist'],
    ['&forceSuccess=true', 200, undefined],
    ['&consumer=&forceSuccess=TRUE', 200, undefined],
  ])('saved with "%s" reply %i %s', async (query, status, code) => {
    await beat('holder');
    await beat('other');
    await beat('holder', [0]);
    const answer = await save(query);
    expect(answer).toMatchObject(code === undefined ? { status } : refused(status, code));
    expect((await get())[0]?.checkpoint).toBe(code === undefined ? cursor : '');
    // Checkpoints that are not base64 and unknown shards are refused with force as well.
    const wrong = { shard: 0, checkpoint: 'no base64!' };
    expect(await save(query, wrong)).toMatchObject(
      refused(400, 'InvalidShardCheckPoint', 'shard checkpoint not encoded by base64'),
    );
    expect(await save(query, { shard: 9, checkpoint: cursor })).toMatchObject(
      refused(404, 'ShardNotExist', 'shard not exist'),
    );
  });

  it('are saved by the previous owner while a shard is in transfer', async () => {
    await beat('holder');
    await beat('holder', [0, 1]);
    await beat('other');
    expect((await beat('holder', [0, 1])).text).toBe('[0]');
    expect((await save('&consumer=holder', { shard: 1, checkpoint: cursor })).status).toBe(200);
    await service.pass(1);
    await beat('holder', [0]);
    expect(await save('&consumer=holder', { shard: 1, checkpoint: cursor })).toMatchObject(
      refused(400, 'ConsumerNotMatch'),
    );
  });

  it.each([{}, { shard: '0', checkpoint: cursor }, { shard: 0 }, [], 'x'])(
    'are not saved from the body %j',
    async (body) => {
      expect(await save('&forceSuccess=true', body)).toMatchObject(refused(400, 'PostBodyInvalid'));
    },
  );

  it('of unknown groups and logstores are refused', async () => {
    const body = { shard: 0, checkpoint: cursor };
    const none = `${logstore}/consumergroups/none`;
    expect(await service.call('POST', `${none}?type=checkpoint`, body)).toMatchObject(
      refused(404, 'ConsumerGroupNotExist'),
    );
    expect(
      await service.call('POST', '/logstores/none/consumergroups/cg?type=checkpoint', body),
    ).toMatchObject(refused(404, 'LogStoreNotExist'));
    expect(await service.call('GET', none)).toMatchObject(refused(404, 'ConsumerGroupNotExist'));
  });

  it('are refused on one node as soon as another one deleted the group', async () => {
    await beat('c1');
    await save('&consumer=c1');
    const { tenants } = service.started.store;
    expect((await tenants()).length).toBe(1);
    await service.call('DELETE', group);
    expect(await save('&consumer=c1')).toMatchObject(refused(404, 'ConsumerGroupNotExist'));
  });
});
