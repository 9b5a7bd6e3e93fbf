/** Calls that are known and not served: every path of the service's host is answered in the vendor's shape. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logstore, refused, type Service, setUp, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
  await setUp(service);
});
afterEach(() => service.close());
const call: Service['call'] = (...request) => service.call(...request);

describe('a query', () => {
  it.each([
    ['GetLogs', 'GET', `${logstore}?type=log&from=1&to=2`],
    ['GetLogs', 'GET', `${logstore}?type=logs&from=1&to=2&query=*%7Cselect%201`],
    ['GetHistograms', 'GET', `${logstore}?type=histogram&from=1&to=2`],
    ['ListTopics', 'GET', `${logstore}?type=topic&token=&line=100`],
    ['GetContextLogs', 'GET', `${logstore}?type=context_log&pack_id=x`],
    ['GetLogsV2', 'POST', `${logstore}/logs`],
    ['GetIndexHistograms', 'GET', `${logstore}/index?type=histogram`],
  ])('%s is refused because the logstore has no index: %s %s', async (_name, method, url) => {
    expect(await call(method, url)).toMatchObject(
      refused(400, 'IndexConfigNotExist', 'logstore without index config'),
    );
    expect(await call(method, url.replace('my-logstore', 'other'))).toMatchObject(
      refused(404, 'LogStoreNotExist'),
    );
  });

  it('of another type never returns the logstore', async () => {
    expect(await call('GET', `${logstore}?type=other`)).toMatchObject(refused(400, 'ParameterInvalid'));
    expect((await call('GET', `${logstore}?type=`)).json).toMatchObject({ logstoreName: 'my-logstore' });
  });

  it('in a pull is refused by name', async () => {
    const { json } = await call('GET', `${logstore}/shards/0?type=cursor&from=begin`);
    const cursor = encodeURIComponent((json as { cursor: string }).cursor);
    expect(await call('GET', `${logstore}/shards/0?type=log&cursor=${cursor}&query=*`)).toMatchObject(
      refused(400, 'ParameterInvalid', 'PullLogs with query or processor is not supported'),
    );
  });
});

describe('an index', () => {
  it('does not exist', async () => {
    expect(await call('GET', `${logstore}/index`)).toMatchObject(refused(404, 'IndexConfigNotExist'));
    expect(await call('GET', '/logstores/other/index')).toMatchObject(refused(404, 'LogStoreNotExist'));
  });

  it.each([
    ['POST', 'CreateIndex'],
    ['PUT', 'UpdateIndex'],
    ['DELETE', 'DeleteIndex'],
  ])('is refused by name: %s', async (method, name) => {
    expect(await call(method, `${logstore}/index`, {})).toMatchObject(
      refused(400, 'ParameterInvalid', `${name} is not supported`),
    );
    expect(await call(method, '/logstores/other/index', {})).toMatchObject(refused(404, 'LogStoreNotExist'));
  });
});

describe('what cannot be created here', () => {
  it.each([
    ['/machinegroups?offset=0&size=100', { count: 0, total: 0, machinegroups: [] }],
    ['/configs', { count: 0, total: 0, configs: [] }],
    ['/metricstores', { count: 0, total: 0, metricstores: [] }],
    [`${logstore}/shipper`, { count: 0, total: 0, shipper: [] }],
  ])('has an empty list at %s', async (url, reply) => {
    expect(await call('GET', url)).toMatchObject({ status: 200, json: reply });
    expect(await call('GET', url, undefined, { host: 'other.sls.local' })).toMatchObject(
      refused(404, 'ProjectNotExist'),
    );
  });

  it('is refused by name also at a host without a project, where some of it belongs', async () => {
    const host = 'cn-hangzhou.log.aliyuncs.com';
    expect(await call('GET', '/resources/r', undefined, { host })).toMatchObject(
      refused(400, 'ParameterInvalid', 'GetResource is not supported'),
    );
    expect((await call('GET', '/resources', undefined, { host })).json).toMatchObject({
      total: 0,
      items: [],
    });
  });

  it.each([
    ['GET', '/machinegroups/m', 'MachineGroupNotExist', 'MachineGroup m does not exist'],
    ['GET', '/configs/c', 'ConfigNotExist', 'config c does not exist'],
    ['DELETE', '/dashboards/d', 'DashboardNotExist', 'specified dashboard does not exist'],
    ['PUT', '/alerts/a?action=enable', 'JobNotExist', 'job a does not exist'],
    ['GET', `${logstore}/shipper/s`, 'ShipperNotExist', 'The shipper s does not exist'],
  ])('does not exist: %s %s', async (method, url, code, message) => {
    expect(await call(method, url, method === 'PUT' ? {} : undefined)).toMatchObject(
      refused(404, code, message),
    );
    expect(await call(method, url, undefined, { host: 'other.sls.local' })).toMatchObject(
      refused(404, 'ProjectNotExist'),
    );
  });

  it.each([
    ['POST', '/machinegroups', 'CreateMachineGroup'],
    ['GET', '/domains/d', 'GetDomain'],
    ['PUT', '/storeviews/a?x=y', 'UpdateStoreView'],
    ['GET', '/logs?query=select%201', 'GetProjectLogs'],
    ['POST', `${logstore}/shipper`, 'CreateShipper'],
    ['POST', '/prometheus/my-project/my-logstore/api/v1/write', 'PutMetrics'],
  ])('is refused by name: %s %s', async (method, url, name) => {
    expect(await call(method, url)).toMatchObject(
      refused(400, 'ParameterInvalid', `${name} is not supported`),
    );
  });
});

describe('a path that the service does not have', () => {
  it.each([
    ['GET', '/unknown', 'my-project.cn-hangzhou.log.aliyuncs.com'],
    ['PATCH', '/machinegroups/a/b/c/d', 'my-project.sls.local'],
    ['GET', '/unknown/x', 'sls.local:8080'],
    ['DELETE', '/unknown', 'my-project.127.0.0.1:8080'],
    ['GET', '/unknown', 'my-project.localhost'],
    ['GET', '/configs/a/b/c', '127.0.0.1'],
  ])('is refused in the vendor’s shape: %s %s of %s', async (method, url, host) => {
    expect(await call(method, url, undefined, { host })).toMatchObject(
      refused(405, 'InvalidMethod', `invalid request method : ${url}`),
    );
  });

  it('of another host is not the service’s', async () => {
    const { statusCode, body } = await service.started.app.inject({
      url: '/unknown',
      headers: { host: 'ps.example.com' },
    });
    expect([statusCode, JSON.parse(body)]).toEqual([404, { error: 'no such path: /unknown' }]);
  });
});

it('a project is moved to a resource group, which it then shows', async () => {
  const body = { resourceId: 'my-project', resourceType: 'PROJECT', resourceGroupId: 'rg-2' };
  expect((await call('PUT', '/resourcegroup', body)).status).toBe(200);
  expect((await call('GET', '/')).json).toMatchObject({ resourceGroupId: 'rg-2', description: 'd' });
  const bare = { host: 'cn-hangzhou.log.aliyuncs.com' };
  await call('PUT', '/resourcegroup', { ...body, resourceGroupId: 'rg-3' }, bare);
  expect((await call('GET', '/')).json).toMatchObject({ resourceGroupId: 'rg-3' });
  expect(await call('PUT', '/resourcegroup', { ...body, resourceType: 'wrong' })).toMatchObject(
    refused(400, 'ParameterInvalid'),
  );
});
