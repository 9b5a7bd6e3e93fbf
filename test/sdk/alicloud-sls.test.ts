/** The OpenAPI SDK for Node, unmodified. It takes no proxy and no address, so its names are made to resolve here. */
import dns from 'node:dns';
import { createRequire } from 'node:module';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';

// CommonJS without types that match what it exports.
const load = createRequire(import.meta.url);
const sls = load('@alicloud/sls20201230');
const { Config } = load('@alicloud/openapi-core/dist/utils.js');

let started: StartedApp;
beforeAll(() => {
  const original = dns.lookup;
  vi.spyOn(dns, 'lookup').mockImplementation(((
    host: string,
    options: dns.LookupOptions,
    done: (...args: unknown[]) => void,
  ) => {
    if (!/(?:^|\.)sls\.local$/.test(host)) return original(host, options, done);
    return options.all === true
      ? done(null, [{ address: '127.0.0.1', family: 4 }])
      : done(null, '127.0.0.1', 4);
  }) as unknown as typeof dns.lookup);
});
afterAll(() => {
  vi.restoreAllMocks();
});
beforeEach(async () => {
  started = await startApp();
  await started.store.freezeClock(true);
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
