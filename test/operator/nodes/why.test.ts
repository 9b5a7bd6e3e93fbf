/** `why` over one Redis: asked at a node that did not serve the client, it explains the same. */
import { expect, it } from 'vitest';
import { serverSpace } from '../../../src/store/server-space.ts';
import { type Method, type Node, startTwoNodes } from './two-nodes.ts';

let a: Node;
let b: Node;
startTwoNodes(
  (first, second) => {
    [a, b] = [first, second];
  },
  { changes: { journal: 'on' }, options: {}, tidy: () => a.operator('POST', '/reset') },
);

const sls = 'sls/shop';
const group = { tenant: sls, group: 'store/cg' };
/** Calls a vendor's API on the first node. */
const call = async (method: Method, url: string, payload?: object | string) =>
  (
    await a.app.inject({
      ...{ method, url, headers: { host: 'shop.cn-hangzhou.log.aliyuncs.com' } },
      ...(payload === undefined ? {} : { payload }),
    })
  ).json();
const setUp = async (shardCount: number, order: boolean): Promise<void> => {
  await a.app.inject({
    ...{ method: 'POST', url: '/', payload: { projectName: 'shop', description: '' } },
    headers: { host: 'cn-hangzhou.log.aliyuncs.com' },
  });
  const inject = (url: string, payload: object) =>
    a.app.inject({
      ...{ method: 'POST', url, payload },
      headers: { host: 'shop.cn-hangzhou.log.aliyuncs.com' },
    });
  await inject('/logstores', { logstoreName: 'store', ttl: 1, shardCount });
  await inject('/logstores/store/consumergroups', { consumerGroup: 'cg', timeout: 60, order });
  await freeze(sls);
};
const freeze = (tenant: string) => a.operator('POST', '/clock', { tenant, freeze: true });
const pass = (tenant: string, seconds: number) =>
  a.operator('POST', '/clock', { tenant, advance: `${seconds}s` });
const beat = (consumer: string, held: readonly number[] = []) =>
  call(
    'POST',
    `/logstores/store/consumergroups/cg?type=heartbeat&consumer=${consumer}`,
    JSON.stringify(held),
  );
const whyOn = async (node: Node, subject: Record<string, string>): Promise<string> => {
  const { body } = await node.operator('GET', `/why?${new URLSearchParams(subject)}`);
  return ((body as { sentences?: string[] }).sentences ?? [JSON.stringify(body)]).join('\n');
};
/** Returns what both nodes say: the one that served the client, and the other. */
const why = (subject: Record<string, string>): Promise<readonly string[]> =>
  Promise.all([a, b].map((node) => whyOn(node, subject)));

it('a newcomer without shards waits for the owner', async () => {
  await setUp(4, false);
  await beat('c1');
  await beat('c1', [0, 1, 2, 3]);
  await pass(sls, 30);
  await beat('c2');
  for (const text of await why({ ...group, holder: 'c2' })) {
    expect(text).toContain('c2 owns nothing yet.');
    expect(text).toContain(
      'Shard 2 is in transfer from c1 to c2: it has left the replies to c1, which last reported it 30 s ago; c2 receives it after a heartbeat of c1 that no longer reports it, or in 30 s when the lease of c1 ends.',
    );
  }
});

it('a shard waits for its parent', async () => {
  await setUp(1, true);
  await beat('c1');
  await a.operator('POST', '/sls/shards/split', { project: 'shop', logstore: 'store', shard: 0 });
  await beat('c1', [0]);
  for (const text of await why(group))
    expect(text).toContain(
      'Shard 1 waits for its parent: the group keeps order, and shard 0 is not consumed to the end; a checkpoint at the end of it releases shard 1.',
    );
});

it('a consumer is refused with NotExistConsumerWithBody', async () => {
  await setUp(2, false);
  await beat('c1');
  await pass(sls, 30);
  await beat('c2');
  await pass(sls, 40);
  await beat('c2');
  expect((await beat('c1', [0, 1])).errorCode).toBe('NotExistConsumerWithBody');
  const [here, there] = await why({ ...group, holder: 'c1' });
  expect(here).toContain('c1 is not a member of store/cg: its lease expired 10 s ago');
  expect(here).toContain(
    'Its heartbeats are refused with NotExistConsumerWithBody because they still report shards 0 and 1, which may belong to another consumer by now.',
  );
  expect(there).toBe(here);
});

it('a uuid is present, and no longer', async () => {
  await freeze('presence/demo');
  await call('GET', '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=bob&heartbeat=300');
  await pass('presence/demo', 12);
  const bob = { tenant: 'presence/demo', group: 'lobby', holder: 'bob' };
  for (const text of await why(bob))
    expect(text).toContain(
      'bob is present on lobby, where it joined 12 s ago: its last heartbeat or subscribe was 12 s ago, and it times out in 4 min 48 s unless another arrives.',
    );
  await call('GET', '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=ann&heartbeat=3600');
  await pass('presence/demo', 310);
  const [here, there] = await why(bob);
  expect(here).toContain(
    'bob is not present on lobby: it timed out 22 s ago, because no heartbeat or subscribe arrived within its timeout.',
  );
  expect(here).toMatch(/\(journal entry 1\)\.$/);
  expect(there).toMatch(/\(journal entry 1 of node \S+\)\.$/);
  expect(there?.replace(/ of node [^)]+/, '')).toBe(here);
});

it('a report does not arrive, and a token ended', async () => {
  const pbx = 'pbx/default';
  await freeze(pbx);
  const { token } = await call('POST', '/api/v1.1.0/login', { username: 'crm', password: 'x', port: '1' });
  await b.operator('POST', '/pbx/events', { report: 'ExtensionStatus', extension: '1000', status: 'Busy' });
  await expect
    .poll(async () => JSON.stringify((await a.operator('GET', '/pbx/deliveries')).body))
    .toContain('unreachable');
  for (const text of await why({ tenant: pbx, group: 'crm' }))
    expect(text).toMatch(
      /^Reports of crm go to http:\/\/127\.0\.0\.1:1\/: 1 report waits; last attempt: unreachable: .*\nTo mend it: start the application/,
    );
  await pass(pbx, 1_900);
  for (const text of await why({ tenant: pbx, holder: token }))
    expect(text).toBe(
      `Token ${token.slice(0, 8)}… of crm timed out 1 min 40 s ago, because no request used it in time.\nRequests with it get errno 20004, and no reports are sent for it; the application has to log in again.`,
    );
});

it('a node that died meanwhile is named, and what the others know is told', async () => {
  await freeze('presence/demo');
  await call('GET', '/v2/presence/sub-key/demo/channel/lobby/heartbeat?uuid=bob&heartbeat=300');
  const register = (value: string | null) =>
    a.store.commit({
      tenant: `${serverSpace}nodes`,
      writes: [{ collection: 'nodes', key: 'dead', value }],
    });
  await register(JSON.stringify({ wallMs: Date.now() }));
  const there = await whyOn(b, { tenant: 'presence/demo', group: 'lobby', holder: 'bob' });
  expect(there).toContain('bob is present on lobby, where it joined');
  expect(there).toContain('Node dead did not answer: what only it served is missing here.');
  await register(null);
});
