/** Calls on projects, logstores and shards over HTTP. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groups, refused, type Service, setUp, startMs, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());
const call: Service['call'] = (...request) => service.call(...request);

describe('projects, logstores and shards', () => {
  it('a project has all the members that clients read', async () => {
    await setUp(service);
    const seconds = String(startMs / 1_000);
    const project = {
      projectName: 'my-project',
      status: 'Normal',
      owner: '',
      description: 'd',
      region: 'cn-hangzhou',
      createTime: seconds,
      lastModifyTime: seconds,
      location: 'cn-hangzhou',
      resourceGroupId: 'rg-default',
      dataRedundancyType: 'LRS',
      recycleBinEnabled: false,
      deletionProtection: false,
      transferAcceleration: 'Disabled',
      internetEndpoint: 'cn-hangzhou.log.aliyuncs.com',
      internalEndpoint: 'cn-hangzhou.log.aliyuncs.com',
    };
    expect((await call('GET', '/')).json).toEqual({ ...project, quota: { logstore: 200, shard: 256 } });
    const bare = { host: 'cn-hangzhou.log.aliyuncs.com' };
    expect((await call('GET', '/?offset=0&size=100', undefined, bare)).json).toEqual({
      count: 1,
      total: 1,
      projects: [project],
    });
    expect((await call('PUT', '/', { description: 'new' })).status).toBe(200);
    expect((await call('GET', '/')).json).toMatchObject({ description: 'new' });
    expect(await call('POST', '/', { projectName: 'my-project' }, bare)).toMatchObject(
      refused(400, 'ProjectAlreadyExist', 'Project my-project already exist'),
    );
    expect((await call('DELETE', '/')).status).toBe(200);
    expect(await call('GET', '/')).toMatchObject(
      refused(404, 'ProjectNotExist', 'The Project does not exist : my-project'),
    );
  });

  it('a logstore has all the members that clients read', async () => {
    await setUp(service);
    const seconds = startMs / 1_000;
    expect((await call('GET', '/logstores/my-logstore')).json).toEqual({
      logstoreName: 'my-logstore',
      ttl: 30,
      shardCount: 4,
      enable_tracking: false,
      autoSplit: false,
      maxSplitShard: 64,
      appendMeta: false,
      telemetryType: '',
      mode: 'standard',
      createTime: seconds,
      lastModifyTime: seconds,
    });
    await call('POST', '/logstores', { logstoreName: 'second', autoSplit: true, unknown: { kept: 'not' } });
    expect((await call('GET', '/logstores?offset=0&size=100')).json).toEqual({
      count: 2,
      total: 2,
      logstores: ['my-logstore', 'second'],
    });
    expect((await call('GET', '/logstores?offset=1&size=1&logstoreName=s')).json).toEqual({
      count: 1,
      total: 2,
      logstores: ['second'],
    });
    await call('PUT', '/logstores/second', { ttl: 7 });
    expect((await call('GET', '/logstores/second')).json).toMatchObject({
      ttl: 7,
      autoSplit: true,
      shardCount: 2,
    });
  });

  it('shards divide the key space evenly', async () => {
    await setUp(service);
    const { json } = await call('GET', '/logstores/my-logstore/shards');
    expect(json.map((shard: { inclusiveBeginKey: string }) => shard.inclusiveBeginKey.slice(0, 4))).toEqual([
      '0000',
      '4000',
      '8000',
      'c000',
    ]);
    expect(json[3]).toEqual({
      shardID: 3,
      status: 'readwrite',
      inclusiveBeginKey: 'c0000000000000000000000000000000',
      exclusiveEndKey: 'ffffffffffffffffffffffffffffffff',
      createTime: startMs / 1_000,
    });
  });

  it.each([
    [
      'the name of an existing one',
      { logstoreName: 'my-logstore' },
      refused(400, 'LogStoreAlreadyExist', 'logstore my-logstore already exists'),
    ],
    [
      'an invalid name',
      { logstoreName: 'X' },
      refused(400, 'LogStoreInfoInvalid', 'logstore name X is invalid'),
    ],
    [
      'too many shards',
      { logstoreName: 'big', shardCount: 257 },
      refused(400, 'LogStoreInfoInvalid', 'logstore info is invalid'),
    ],
    ['no name', {}, refused(400, 'LogStoreInfoInvalid', 'logstore info is invalid')],
  ])('a logstore is not created with %s', async (_what, body, error) => {
    await setUp(service);
    expect(await call('POST', '/logstores', body)).toMatchObject(error);
  });

  it('are created on first use if the setting says so', async () => {
    await service.close();
    service = await startService({ slsAutoCreate: true, slsShardCount: 3 });
    expect((await call('GET', '/logstores/my-logstore/shards')).json).toHaveLength(3);
    expect((await call('POST', groups, { consumerGroup: 'cg', timeout: 5 })).status).toBe(200);
    expect(await call('GET', '/logstores/X/shards')).toMatchObject({
      status: 404,
      json: { errorCode: 'LogStoreNotExist' },
    });
  });
});
