/** Tags of projects and logstores. */
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

const project = { resourceType: 'project', resourceId: ['my-project'] };
const logstore = { resourceType: 'logstore', resourceId: ['my-project#my-logstore'] };
const pairs = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ key: `key-${at}`, value: `value-${at}` }));

interface Listed {
  readonly nextToken: string;
  readonly tagResources: readonly Readonly<Record<string, string>>[];
}

async function list(query: Readonly<Record<string, string>>, options = {}): Promise<Listed> {
  const reply = await call('GET', `/tags?${new URLSearchParams(query)}`, undefined, options);
  expect(reply.status).toBe(200);
  return reply.json as Listed;
}

async function tagsOf({ resourceType, resourceId }: typeof project, filter: readonly object[] = []) {
  const query = { resourceType, resourceId: JSON.stringify(resourceId), tags: JSON.stringify(filter) };
  const { tagResources } = await list(query);
  return tagResources.map(({ tagKey, tagValue }) => `${tagKey}=${tagValue}`);
}

describe.each([
  ['project', project],
  ['logstore', logstore],
])('the tags of a %s', (_type, resource) => {
  it('are added, replaced, selected and removed', async () => {
    expect((await call('POST', '/tag', { ...resource, tags: pairs(3) })).status).toBe(200);
    await call('POST', '/tag', {
      ...resource,
      tags: [
        { key: 'key-1', value: '' },
        { key: '__proto__', value: 'p' },
      ],
    });
    expect(await tagsOf(resource)).toEqual(['__proto__=p', 'key-0=value-0', 'key-1=', 'key-2=value-2']);
    expect(await tagsOf(resource, [{ key: 'key-2', value: null }])).toEqual(['key-2=value-2']);
    expect(await tagsOf(resource, [{ key: 'key-2', value: 'other' }])).toEqual([]);
    await call('POST', '/untag', { ...resource, tags: ['key-0', 'absent', '__proto__'] });
    expect(await tagsOf(resource)).toEqual(['key-1=', 'key-2=value-2']);
    await call('POST', '/untag', { ...resource, tags: [], all: true });
    expect(await tagsOf(resource)).toEqual([]);
  });

  it.each([
    ['/tag', { tags: [] }, 'request tag key value pair size must little than 20'],
    ['/tag', { tags: pairs(21) }, 'request tag key value pair size must little than 20'],
    ['/untag', { tags: pairs(21).map(({ key }) => key) }, 'tag key value pair count exceed'],
  ])('are not changed by POST %s %j', async (url, body, message) => {
    expect(await call('POST', url, { ...resource, ...body })).toMatchObject(
      refused(400, 'PostBodyInvalid', message),
    );
  });

  it('are at most 20', async () => {
    await call('POST', '/tag', { ...resource, tags: pairs(20) });
    expect(await call('POST', '/tag', { ...resource, tags: [{ key: 'k', value: 'v' }] })).toMatchObject(
      refused(400, 'PostBodyInvalid'),
    );
    expect(await tagsOf(resource)).toHaveLength(20);
  });
});

describe('tags', () => {
  it.each(['/tag', '/untag'])('of what does not exist are refused: POST %s', async (url) => {
    const refusal = async (resourceType: string, id: string) =>
      call('POST', url, { resourceType, resourceId: [id], tags: url === '/tag' ? pairs(1) : [] });
    expect(await refusal('project', 'other')).toMatchObject(refused(404, 'ProjectNotExist'));
    expect(await refusal('logstore', 'my-project#other')).toMatchObject(refused(404, 'LogStoreNotExist'));
    expect(await refusal('dashboard', 'my-project#d')).toMatchObject(
      refused(400, 'ParameterInvalid', 'The resource type is not supported: dashboard'),
    );
  });

  it('end with their logstore and their project', async () => {
    await call('POST', '/tag', { ...logstore, tags: pairs(1) });
    await call('DELETE', '/logstores/my-logstore');
    await call('POST', '/logstores', { logstoreName: 'my-logstore' });
    expect(await tagsOf(logstore)).toEqual([]);
    await call('POST', '/tag', { ...project, tags: pairs(1) });
    await call('DELETE', '/');
    await call('POST', '/', { projectName: 'my-project' });
    expect(await tagsOf(project)).toEqual([]);
  });

  it('of all projects are listed in pages, also at a host without a project', async () => {
    for (let at = 0; at < 60; at += 1) {
      await call('POST', '/', { projectName: `project-${String(at).padStart(2, '0')}` }, bare);
    }
    await call('POST', '/tag', { ...project, tags: pairs(1) }, bare);
    const last = { resourceType: 'project', resourceId: ['project-59'] };
    await call('POST', '/tag', { ...last, tags: pairs(1) }, bare);
    const first = await list({ resourceType: 'project' }, bare);
    expect(first.tagResources.map(({ resourceId }) => resourceId)).toEqual(['my-project']);
    const second = await list({ resourceType: 'project', nextToken: first.nextToken }, bare);
    expect(second.tagResources.map(({ resourceId }) => resourceId)).toEqual(['project-59']);
    expect(second.nextToken).toBe('');
  });

  it.each(['tags=x', 'tags=%5B1%5D', 'nextToken=x', 'resourceId=%5B%5D', 'resourceId=%7B'])(
    'are not listed with the parameter %s',
    async (parameter) => {
      expect((await call('GET', `/tags?resourceType=project&${parameter}`)).status).toBe(400);
    },
  );
});
