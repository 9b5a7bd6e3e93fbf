/** Maximum numbers of projects, logstores, shards and consumers. */
import { afterEach, describe, expect, it } from 'vitest';
import { logstore, refused, type Service, setUp, startService } from '../service.ts';

let service: Service;
afterEach(() => service.close());

describe('quotas', () => {
  it('limit the consumers of a group, of which the oldest stay', async () => {
    service = await startService({ slsMaxConsumers: 2 });
    await setUp(service);
    const beat = (consumer: string, held: readonly number[] = []) =>
      service.call('POST', `${logstore}/consumergroups/cg?type=heartbeat&consumer=${consumer}`, held);
    await beat('a');
    await beat('b');
    expect(await beat('c')).toMatchObject(refused(403, 'ExceedQuota', 'consumer quota exceed'));
    expect((await beat('a', [0, 1, 2, 3])).status).toBe(200);
    await service.pass(60);
    expect((await beat('c')).status).toBe(200);
  });

  it('limit projects, logstores and shards', async () => {
    service = await startService({ slsMaxProjects: 1, slsMaxLogstores: 1, slsMaxShards: 4 });
    await setUp(service, { shardCount: 3 });
    expect(await service.call('POST', '/', { projectName: 'second' })).toMatchObject(
      refused(403, 'ExceedQuota'),
    );
    expect(await service.call('POST', '/', { projectName: 'my-project' })).toMatchObject(
      refused(400, 'ProjectAlreadyExist'),
    );
    expect(await service.call('POST', '/logstores', { logstoreName: 'second' })).toMatchObject(
      refused(400, 'ProjectQuotaExceed', 'Project Quota Exceed'),
    );
    expect(await service.call('POST', `${logstore}/shards/0?action=split&shardCount=2`)).toMatchObject(
      refused(403, 'ExceedQuota'),
    );
    expect((await service.call('POST', `${logstore}/shards/0?action=merge`)).status).toBe(200);
  });
});
