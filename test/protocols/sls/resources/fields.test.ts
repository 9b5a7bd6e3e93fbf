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
    ttl: 90,
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
    resourceQuota: { storage: { preserved: -1 } },
  };

  it('returns everything that it was created with', async () => {
    const created = { logstoreName: 'second', shardCount: 1, ...settings };
    expect((await call('POST', '/logstores', created)).status).toBe(200);
    expect((await call('GET', '/logstores/second')).json).toMatchObject(created);
  });

  it('returns everything that it was changed to, and keeps what a change leaves out or sets to null', async () => {
    expect((await call('PUT', '/logstores/my-logstore', settings)).status).toBe(200);
    expect((await call('PUT', '/logstores/my-logstore', { ttl: 7, mode: null })).status).toBe(200);
    expect((await call('GET', '/logstores/my-logstore')).json).toMatchObject({ ...settings, ttl: 7 });
  });

  it('refuses a mode that the service does not have', async () => {
    expect(await call('PUT', '/logstores/my-logstore', { mode: 'fast' })).toMatchObject(
      refused(400, 'LogStoreInfoInvalid'),
    );
  });

  it.each([
    ['mode=query', ['fast', 'light']],
    ['mode=lite', ['fast', 'light']],
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
  const settings = { resourceGroupId: 'rg-1', dataRedundancyType: 'ZRS', recycleBinEnabled: true };

  it('returns everything that it was created with', async () => {
    await call('POST', '/', { projectName: 'other', description: 'of a team', ...settings }, bare);
    expect((await call('GET', '/', undefined, { host: 'other.sls.local' })).json).toMatchObject(settings);
  });

  it.each([{ description: null }, {}])('is not changed by the body %j', async (body) => {
    expect(await call('PUT', '/', body)).toMatchObject({ status: 200, text: '' });
    expect((await call('GET', '/')).json).toMatchObject({ description: 'd' });
  });

  it('keeps its description when the recycle bin is switched on', async () => {
    await call('PUT', '/', { recycleBinEnabled: true });
    expect((await call('GET', '/')).json).toMatchObject({ description: 'd', recycleBinEnabled: true });
  });

  it.each([
    ['resourceGroupId=rg-1', ['other']],
    ['description=team', ['other']],
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
