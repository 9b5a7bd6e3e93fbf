/** Members of projects and logstores that clients set, and filters of the lists. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refused, type Service, setUp, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service);
});
afterEach(() => service.close());
const call: Service['call'] = (...request) => service.call(...request);
const bare = { host: 'cn-hangzhou.log.aliyuncs.com' };

describe('a logstore', () => {
  const settings = {
    ttl: 120,
    enable_tracking: true,
    autoSplit: true,
    maxSplitShard: 8,
    appendMeta: true,
    telemetryType: 'Metrics',
    mode: 'query',
    hot_ttl: 30,
    infrequentAccessTTL: 30,
    encrypt_conf: {
      enable: true,
      encrypt_type: 'default',
      user_cmk_info: { cmk_key_id: 'k', arn: 'a', region_id: 'r' },
    },
    processorId: 'p',
    productType: 'x',
    enableModify: true,
    archiveSeconds: 0,
    resourceGroupId: 'rg',
    shardingPolicy: {
      shardGroup: { keys: ['k'], groupCount: 2 },
      shardHash: { keys: ['h'], maxHashCount: 3 },
      queryActiveTime: 60,
    },
    resourceQuota: { storage: { preserved: -1 } },
  };

  it('returns everything that it was created with', async () => {
    const created = { logstoreName: 'second', shardCount: 1, ...settings };
    expect((await call('POST', '/logstores', created)).status).toBe(200);
    expect((await call('GET', '/logstores/second')).json).toMatchObject(created);
  });

  it('returns everything that it was changed to, and keeps what a change leaves out or sets to null', async () => {
    const { mode, ...changes } = settings;
    await call('POST', '/logstores', { logstoreName: 'second', mode });
    expect((await call('PUT', '/logstores/second', changes)).status).toBe(200);
    expect((await call('PUT', '/logstores/second', { ttl: 150, mode: null })).status).toBe(200);
    expect((await call('GET', '/logstores/second')).json).toMatchObject({ ...settings, ttl: 150 });
  });

  it('keeps the times of storage that a change sets to -1', async () => {
    await call('PUT', '/logstores/my-logstore', { ttl: 100, hot_ttl: 10, infrequentAccessTTL: 30 });
    await call('PUT', '/logstores/my-logstore', { ttl: 109, hot_ttl: -1, infrequentAccessTTL: -1 });
    expect((await call('GET', '/logstores/my-logstore')).json).toMatchObject({
      ttl: 109,
      hot_ttl: 10,
      infrequentAccessTTL: 30,
    });
  });

  it.each([
    [{ ttl: 90, hot_ttl: 10, infrequentAccessTTL: 20 }, 'infrequentAccessTTL must large than 30'],
    [{ ttl: 80, hot_ttl: 10, infrequentAccessTTL: 30 }, 'archiveTTL must large than 60'],
    [{ maxSplitShard: 1000 }, 'maxSplitShard must be within range [1, 256]'],
    [
      { encrypt_conf: { enable: true, encrypt_type: 'typex' } },
      'The encrypt_conf is invalid, [encrypt_type] key is missing or not supported',
    ],
  ])('is neither created with nor changed to %j', async (wrong, message) => {
    const error = refused(400, 'LogStoreInfoInvalid', message);
    expect(await call('POST', '/logstores', { logstoreName: 'second', ...wrong })).toMatchObject(error);
    expect(await call('PUT', '/logstores/my-logstore', wrong)).toMatchObject(error);
  });

  it('cannot be changed to a shorter time if what is left for the archive were too short', async () => {
    await call('PUT', '/logstores/my-logstore', { ttl: 100, hot_ttl: 10, infrequentAccessTTL: 30 });
    expect(await call('PUT', '/logstores/my-logstore', { ttl: 80 })).toMatchObject(
      refused(400, 'ParameterInvalid', 'archiveTtl must larger than 60'),
    );
  });

  it('of mode standard keeps its mode, others may change theirs', async () => {
    await call('POST', '/logstores', { logstoreName: 'light', mode: 'lite' });
    expect((await call('PUT', '/logstores/light', { mode: 'standard' })).status).toBe(200);
    expect(await call('PUT', '/logstores/light', { mode: 'query' })).toMatchObject(
      refused(400, 'NotSupported'),
    );
    expect((await call('GET', '/logstores/light')).json).toMatchObject({ mode: 'standard' });
  });

  it('has a metering mode, which a call of its own changes and returns', async () => {
    const url = '/logstores/my-logstore/meteringmode';
    expect((await call('GET', url)).json).toEqual({ meteringMode: 'ChargeByFunction' });
    expect((await call('PUT', url, { meteringMode: 'ChargeByDataIngest' })).status).toBe(200);
    expect((await call('GET', url)).json).toEqual({ meteringMode: 'ChargeByDataIngest' });
    expect((await call('GET', '/logstores/my-logstore')).json).not.toHaveProperty('meteringMode');
    expect(await call('PUT', url, { meteringMode: 'Free' })).toMatchObject(refused(400, 'ParameterInvalid'));
    await call('POST', '/logstores', { logstoreName: 'light', mode: 'lite' });
    const light = '/logstores/light/meteringmode';
    expect(await call('PUT', light, { meteringMode: 'ChargeByDataIngest' })).toMatchObject(
      refused(400, 'NotSupported', 'The metring mode is not supported for current mode or telemetryType.'),
    );
  });

  it('shows the encryption that a call of its own sets', async () => {
    const url = '/logstores/my-logstore/encryption';
    const userCmkInfo = { keyId: 'k', roleArn: 'a', regionId: 'r' };
    expect((await call('PUT', url, { enable: true, encryptType: 'default', userCmkInfo })).status).toBe(200);
    expect((await call('GET', '/logstores/my-logstore')).json).toMatchObject({
      encrypt_conf: {
        enable: true,
        encrypt_type: 'default',
        user_cmk_info: { cmk_key_id: 'k', arn: 'a', region_id: 'r' },
      },
    });
    expect(await call('PUT', url, { enable: true, encryptType: 'x' })).toMatchObject(
      refused(400, 'LogStoreInfoInvalid'),
    );
  });

  it('refuses a mode that the service does not have', async () => {
    expect(await call('PUT', '/logstores/my-logstore', { mode: 'fast' })).toMatchObject(
      refused(400, 'LogStoreInfoInvalid'),
    );
  });

  it.each([
    ['mode=query', ['fast']],
    ['mode=lite', ['light']],
    ['mode=other', []],
    ['mode=standard', ['metrics', 'my-logstore']],
    ['telemetryType=Metrics', ['metrics']],
    ['telemetryType=None', ['fast', 'light', 'my-logstore']],
    ['telemetryType=None&logstoreName=as', ['fast']],
    ['telemetryType=&mode=&logstoreName=', ['fast', 'light', 'metrics', 'my-logstore']],
  ])('is listed by the filter %s', async (filter, logstores) => {
    await call('POST', '/logstores', { logstoreName: 'fast', mode: 'query' });
    await call('POST', '/logstores', { logstoreName: 'light', mode: 'lite', telemetryType: 'None' });
    await call('POST', '/logstores', { logstoreName: 'metrics', telemetryType: 'Metrics' });
    expect((await call('GET', `/logstores?${filter}`)).json).toMatchObject({ logstores });
  });
});

describe('a project', () => {
  const settings = {
    resourceGroupId: 'rg-1',
    dataRedundancyType: 'ZRS',
    recycleBinEnabled: true,
    deletionProtection: true,
  };

  it('returns everything that it was created with', async () => {
    await call('POST', '/', { projectName: 'other', description: 'of a team', ...settings }, bare);
    expect((await call('GET', '/', undefined, { host: 'other.sls.local' })).json).toMatchObject(settings);
  });

  it.each([
    [{ description: null }, ''],
    [{}, ''],
    [{ deletionProtection: false }, 'd'],
    [{ description: 'x'.repeat(512) }, 'x'.repeat(512)],
  ])('has after the update %j the description %j', async (body, description) => {
    expect(await call('PUT', '/', body)).toMatchObject({ status: 200, text: '' });
    expect((await call('GET', '/')).json).toMatchObject({ description });
  });

  it.each(['POST', 'PUT'])('has a description of at most 512 characters: %s', async (method) => {
    const description = 'x'.repeat(513);
    expect(await call(method, '/', { projectName: 'other', description })).toMatchObject(
      refused(400, 'ParameterInvalid', `Invalid project description: '${description}'`),
    );
  });

  it('cannot have a name that the service keeps for itself', async () => {
    expect(await call('POST', '/', { projectName: 'logtail' }, bare)).toMatchObject(
      refused(400, 'ProjectAlreadyExist', 'Project logtail already exist'),
    );
  });

  it('that is protected is not deleted until the protection ends', async () => {
    await call('PUT', '/', { deletionProtection: true });
    expect((await call('GET', '/')).json).toMatchObject({ deletionProtection: true });
    for (const url of ['/', '/?forceDelete=true'])
      expect(await call('DELETE', url)).toMatchObject(refused(403, 'ProjectForbidden'));
    expect((await call('GET', '/logstores/my-logstore')).status).toBe(200);
    await call('PUT', '/', { deletionProtection: false });
    expect((await call('DELETE', '/')).status).toBe(200);
    expect(await call('GET', '/')).toMatchObject(refused(404, 'ProjectNotExist'));
  });

  it('shows whether transfer acceleration was switched on', async () => {
    expect((await call('PUT', '/transferacceleration', { enabled: true })).status).toBe(200);
    expect((await call('GET', '/')).json).toMatchObject({
      transferAcceleration: 'Enabled',
      description: 'd',
    });
    await call('PUT', '/transferacceleration', { enabled: false });
    expect((await call('GET', '/')).json).toMatchObject({ transferAcceleration: 'Disabled' });
    expect(await call('PUT', '/transferacceleration', {})).toMatchObject(refused(400, 'ParameterInvalid'));
  });

  it('names as its endpoints the one by which the client reached it', async () => {
    const { json } = await call('GET', '/', undefined, { host: 'my-project.sls.local:8080' });
    expect(json).toMatchObject({ internetEndpoint: 'sls.local:8080', internalEndpoint: 'sls.local:8080' });
  });

  it('is listed with its quota only on request', async () => {
    const listed = async (query: string) =>
      (await call('GET', `/${query}`, undefined, bare)).json as { projects: object[] };
    expect((await listed('')).projects[0]).not.toHaveProperty('quota');
    expect((await listed('?fetchQuota=true')).projects[0]).toMatchObject({
      quota: { logstore: 200, shard: 256 },
    });
  });

  it('keeps its description when the recycle bin is switched on', async () => {
    await call('PUT', '/', { recycleBinEnabled: true });
    expect((await call('GET', '/')).json).toMatchObject({ description: 'd', recycleBinEnabled: true });
  });

  it.each([
    ['resourceGroupId=rg-1', ['other']],
    ['description=TEAM', ['other']],
    ['resourceGroupId=rg-default', ['my-project']],
    ['projectName=my', ['my-project']],
    ['resourceGroupId=&description=', ['my-project', 'other']],
  ])('is listed by the filter %s', async (filter, names) => {
    await call('POST', '/', { projectName: 'other', description: 'of a team', ...settings }, bare);
    const { json } = await call('GET', `/?${filter}`, undefined, bare);
    expect((json as { projects: { projectName: string }[] }).projects.map((p) => p.projectName)).toEqual(
      names,
    );
  });
});
