/** The older SDK for Node, unmodified, which manages and puts. It takes no proxy and no address either. */
import { createRequire } from 'node:module';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type StartedApp, startApp } from '../start-app.ts';
import { resolveSlsNames } from './sls-names.ts';

const load = createRequire(import.meta.url);
const Client = load('@alicloud/log');

let started: StartedApp;
resolveSlsNames();
beforeEach(async () => {
  started = await startApp({ slsAuth: 'verify', slsKeys: ['mockAccessKeyID:mockAccessKeySecret'] });
});
afterEach(() => started.close());

const client = (accessKeySecret = 'mockAccessKeySecret') =>
  new Client({
    accessKeyId: 'mockAccessKeyID',
    accessKeySecret,
    endpoint: `http://sls.local:${new URL(started.url).port}`,
  });

it('makes, lists, changes and deletes what it needs, and puts logs', async () => {
  const api = client();
  await api.createProject('my-project', { description: 'd' });
  expect(await api.getProject('my-project')).toMatchObject({ projectName: 'my-project', status: 'Normal' });
  await api.createLogStore('my-project', 'my-logstore', { ttl: 30, shardCount: 1 });
  expect(await api.listLogStore('my-project')).toMatchObject({ logstores: ['my-logstore'], total: 1 });
  await api.updateLogStore('my-project', 'my-logstore', { ttl: 7, shardCount: 1 });
  expect(await api.getLogStore('my-project', 'my-logstore')).toMatchObject({ ttl: 7 });
  await api.postLogStoreLogs('my-project', 'my-logstore', {
    topic: 'topic',
    source: 'source',
    tags: [{ env: 'dev' }],
    logs: [{ timestamp: 1_700_000_000, content: { key: 'from Node' } }],
  });
  const [stored] = (await started.store.tenants()).filter(({ tenant }) => tenant === 'sls/my-project');
  expect(stored).toMatchObject({ topics: 1 });
  await api.deleteLogStore('my-project', 'my-logstore');
  await expect(api.getLogStore('my-project', 'my-logstore')).rejects.toMatchObject({
    code: 'LogStoreNotExist',
  });
  await api.deleteProject('my-project');
  await expect(api.getProject('my-project')).rejects.toMatchObject({ code: 'ProjectNotExist' });
});

it('hears that its secret is wrong', async () => {
  await expect(client('other').getProject('my-project')).rejects.toMatchObject({ code: 'SignatureNotMatch' });
});
