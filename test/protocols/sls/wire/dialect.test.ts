/** Which project a request is for, and replies to requests that no call serves or that fail. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreUnavailable } from '../../../../src/store/store.ts';
import { group, refused, type Service, setUp, startService } from '../service.ts';

let service: Service;
beforeEach(async () => {
  service = await startService();
});
afterEach(() => service.close());
const call: Service['call'] = (...request) => service.call(...request);

describe('addressing', () => {
  it.each([
    ['my-project.cn-hangzhou.log.aliyuncs.com', 'my-project'],
    ['My-Project.CN-hangzhou.log.aliyuncs.com:80', 'my-project'],
    ['my-project.127.0.0.1', 'my-project'],
    ['my-project.127.0.0.1:18087', 'my-project'],
    ['my-project.localhost:8080', 'my-project'],
    ['my-project.sls.local', 'my-project'],
  ])('%s names the project %s', async (name, project) => {
    expect(await call('GET', '/', undefined, { host: name })).toMatchObject(
      refused(404, 'ProjectNotExist', `The Project does not exist : ${project}`),
    );
  });

  it.each(['127.0.0.1:8080', 'localhost', '[::1]:8080', 'cn-hangzhou.log.aliyuncs.com', 'sls.local'])(
    '%s names no project',
    async (name) => {
      expect(await call('GET', '/', undefined, { host: name })).toMatchObject({
        status: 200,
        json: { count: 0, total: 0, projects: [] },
      });
      expect(await call('GET', '/logstores', undefined, { host: name })).toMatchObject(
        refused(400, 'InvalidHost', `Host header ${name} is invalid.`),
      );
    },
  );

  it('requests to hosts that name no project are for the default project', async () => {
    await service.close();
    service = await startService({ slsDefaultProject: 'standard', slsAutoCreate: true });
    expect((await call('GET', '/logstores', undefined, { host: '127.0.0.1' })).json).toEqual({
      count: 0,
      total: 0,
      logstores: [],
    });
    expect((await service.started.store.tenants()).map(({ tenant }) => tenant)).toEqual(['sls/standard']);
  });
});

describe('failures', () => {
  it('an unknown path is refused with InvalidMethod', async () => {
    expect(await call('POST', '/logstores/x/y/z')).toMatchObject(
      refused(405, 'InvalidMethod', 'invalid request method : /logstores/x/y/z'),
    );
  });

  it('an unavailable store is 503, an internal error 500 with the request id', async () => {
    await setUp(service);
    service.started.store.beat = () => Promise.reject(new StoreUnavailable('away'));
    expect(await call('POST', `${group}?type=heartbeat&consumer=c1`, [])).toMatchObject(
      refused(503, 'ServerBusy', 'The server is busy, please try again later.'),
    );
    service.started.store.beat = () => Promise.reject(new Error('secret detail'));
    const failed = await call('POST', `${group}?type=heartbeat&consumer=c1`, []);
    expect(failed).toMatchObject({ status: 500, json: { errorCode: 'InternalServerError' } });
    expect(failed.text).not.toContain('secret');
    expect(failed.text).toContain(failed.headers['x-log-requestid']);
  });
});
