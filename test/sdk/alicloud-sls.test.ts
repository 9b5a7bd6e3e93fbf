/** The OpenAPI SDK for Node, unmodified. It takes no proxy and no address, so its names are made to resolve here. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { resolveSlsNames } from './sls-names.ts';

// CommonJS without types that match what it exports.
const load = createRequire(import.meta.url);
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');

let started: StartedApp;
resolveSlsNames();
beforeEach(async () => {
  started = await startApp({ slsAuth: 'verify', slsKeys: ['mockAccessKeyID:mockAccessKeySecret'] });
  await started.store.freezeClock();
});
afterEach(() => started.close());

function client(signatureVersion?: 'v4') {
  const { port } = new URL(started.url);
  return new sls.default(
    new Config({
      accessKeyId: 'mockAccessKeyID',
      accessKeySecret: 'mockAccessKeySecret',
      endpoint: `sls.local:${port}`,
      protocol: 'HTTP',
      regionId: 'cn-hangzhou',
      ...(signatureVersion === undefined ? {} : { signatureVersion }),
    }),
  );
}

const beat = async (of: ReturnType<typeof client>, consumer: string, body: number[]): Promise<number[]> => {
  const request = new sls.ConsumerGroupHeartBeatRequest({ consumer, body });
  return (await of.consumerGroupHeartBeat('my-project', 'my-logstore', 'cg', request)).body;
};

it.each([undefined, 'v4'] as const)(
  'makes what it needs and beats, with signatures %s',
  async (signatureVersion) => {
    const api = client(signatureVersion);
    await api.createProject(new sls.CreateProjectRequest({ projectName: 'my-project', description: 'd' }));
    expect((await api.getProject('my-project')).body).toMatchObject({
      projectName: 'my-project',
      status: 'Normal',
    });
    await api.createLogStore(
      'my-project',
      new sls.CreateLogStoreRequest({ logstoreName: 'my-logstore', shardCount: 4, ttl: 30 }),
    );
    expect((await api.listLogStores('my-project', new sls.ListLogStoresRequest({}))).body).toMatchObject({
      logstores: ['my-logstore'],
      total: 1,
    });
    expect((await api.listShards('my-project', 'my-logstore')).body).toHaveLength(4);
    const group = new sls.CreateConsumerGroupRequest({ consumerGroup: 'cg', timeout: 60, order: false });
    await api.createConsumerGroup('my-project', 'my-logstore', group);
    await expect(api.createConsumerGroup('my-project', 'my-logstore', group)).rejects.toMatchObject({
      code: 'ConsumerGroupAlreadyExist',
    });
    await api.updateConsumerGroup(
      'my-project',
      'my-logstore',
      'cg',
      new sls.UpdateConsumerGroupRequest({ timeout: 30, order: false }),
    );
    expect((await api.listConsumerGroup('my-project', 'my-logstore')).body[0]).toMatchObject({
      name: 'cg',
      timeout: 30,
      order: false,
    });

    expect(await beat(api, 'one', [])).toEqual([0, 1, 2, 3]);
    expect(await beat(api, 'one', [0, 1, 2, 3])).toEqual([0, 1, 2, 3]);
    expect(await beat(api, 'two', [])).toEqual([]);
    expect(await beat(api, 'one', [0, 1, 2, 3])).toEqual([0, 1]);
    await started.store.advanceClock(30_000);
    expect(await beat(api, 'two', [])).toEqual([0, 1, 2, 3]);
    await expect(beat(api, 'one', [0, 1])).rejects.toMatchObject({
      code: 'NotExistConsumerWithBody',
      statusCode: 400,
    });

    await api.deleteConsumerGroup('my-project', 'my-logstore', 'cg');
    await expect(beat(api, 'two', [0])).rejects.toMatchObject({
      code: 'ConsumerGroupNotExist',
      statusCode: 404,
    });
    await api.deleteLogStore('my-project', 'my-logstore');
    await expect(beat(api, 'two', [])).rejects.toMatchObject({ code: 'LogStoreNotExist' });
    await api.deleteProject('my-project', new sls.DeleteProjectRequest({}));
    await expect(beat(api, 'two', [])).rejects.toMatchObject({ code: 'ProjectNotExist' });
  },
);

it.each([undefined, 'v4'] as const)(
  'asks for cursors, saves checkpoints, splits and merges, with signatures %s',
  async (signatureVersion) => {
    const api = client(signatureVersion);
    const at = ['my-project', 'my-logstore'] as const;
    await api.createProject(new sls.CreateProjectRequest({ projectName: 'my-project', description: 'd' }));
    await api.createLogStore(
      'my-project',
      new sls.CreateLogStoreRequest({ logstoreName: 'my-logstore', shardCount: 2, ttl: 30 }),
    );
    await api.createConsumerGroup(
      ...at,
      new sls.CreateConsumerGroupRequest({ consumerGroup: 'cg', timeout: 60, order: true }),
    );
    const cursor = async (from: string): Promise<string> =>
      (await api.getCursor(...at, '0', new sls.GetCursorRequest({ type: 'cursor', from }))).body.cursor;
    const checkpoints = async (shard?: number) =>
      (await api.getCheckPoint(...at, 'cg', new sls.GetCheckPointRequest({ shard }))).body.map(
        ({ shard: id, checkpoint, consumer }: Record<string, unknown>) => ({ id, checkpoint, consumer }),
      );
    expect(await checkpoints()).toEqual([
      { id: 0, checkpoint: '', consumer: '' },
      { id: 1, checkpoint: '', consumer: '' },
    ]);
    const begin = await cursor('begin');
    expect(await cursor('end')).toBe(begin);
    expect(await beat(api, 'one', [])).toEqual([0, 1]);
    const save = (change: object) =>
      api.consumerGroupUpdateCheckPoint(
        ...at,
        'cg',
        new sls.ConsumerGroupUpdateCheckPointRequest({
          shard: 0,
          checkpoint: begin,
          consumer: 'one',
          ...change,
        }),
      );
    await save({ forceSuccess: false });
    expect(await checkpoints(0)).toEqual([{ id: 0, checkpoint: begin, consumer: 'one' }]);
    await expect(save({ consumer: 'two', forceSuccess: false })).rejects.toMatchObject({
      code: 'ConsumerNotExist',
      statusCode: 404,
    });

    const split = await api.splitShard(
      ...at,
      '0',
      new sls.SplitShardRequest({ key: '10000000000000000000000000000000' }),
    );
    expect(split.body.map(({ shardID, status }: Record<string, unknown>) => `${shardID} ${status}`)).toEqual([
      '0 readonly',
      '2 readwrite',
      '3 readwrite',
    ]);
    const merged = await api.mergeShard(...at, '2');
    expect(merged.body.map(({ shardID, status }: Record<string, unknown>) => `${shardID} ${status}`)).toEqual(
      ['4 readwrite', '2 readonly', '3 readonly'],
    );
    // The empty shard was consumed to its end already: its checkpoint says so.
    expect(await beat(api, 'one', [0, 1])).toEqual([1, 2, 3]);
  },
);
